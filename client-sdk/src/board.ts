import type { ErrorCode } from '@tessera/model';
import type * as Y from 'yjs';
import type { Widgets } from './widgets.ts';

/**
 * Where the edits made here are.
 * - `connecting`: a connection is being made, or the token is being checked.
 * - `offline`: there is no connection; trying again.
 * - `syncing`: connected, and exchanging what each side misses.
 * - `saving`: edits made here are not yet in the server's log.
 * - `saved`: the server has everything, committed.
 * - `stopped`: the server refused, or the board was closed. Unsaved edits are only in `doc`.
 */
export type BoardStatus =
  | { readonly state: 'connecting' | 'offline' | 'syncing' | 'saving' | 'saved' }
  | { readonly state: 'stopped'; readonly code: ErrorCode | 'closed'; readonly reason: string };

/** One board that is open on a client. */
export interface Board {
  readonly id: string;
  /** The Yjs document, for whatever the helpers do not do. */
  readonly doc: Y.Doc;
  readonly widgets: Widgets;
  title: string;
  /** The same object until it changes. */
  readonly status: BoardStatus;
  /** How many edits made here are not yet committed by the server. */
  readonly unsaved: number;
  /** Calls the listener when `status` changes. Returns the way to stop. */
  subscribe(listener: (status: BoardStatus) => void): () => void;
  /**
   * Resolves when every edit made here before the call is committed in the server's log, however
   * long that takes. @throws the TesseraError the board stopped with, or an Error if it is closed first
   */
  saved(): Promise<void>;
  /** Leaves the board. Edits that are not saved are lost with `doc`: await `saved()` before. */
  close(): void;
}
