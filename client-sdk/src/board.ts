import type { ErrorCode } from '@tessera/model';
import type * as Y from 'yjs';
import type { BoardConflict } from './conflicts.ts';
import type { History } from './history.ts';
import type { StorageStatus } from './local-copy.ts';
import type { Presence, PresenceFields } from './presence.ts';
import type { Widgets } from './typed-widgets.ts';

/**
 * Where the edits made here are.
 * - `connecting`: the local copy is being read, a connection is being made, or the token is being checked.
 * - `offline`: there is no connection; trying again.
 * - `syncing`: connected, and exchanging what each side misses.
 * - `saving`: edits made here are not yet in the server's log.
 * - `saved`: the server has everything, committed.
 * - `stopped`: the server refused, or the board was closed. Unsaved edits are in `doc` and the local
 *   copy only.
 */
export type BoardState = 'connecting' | 'offline' | 'syncing' | 'saving' | 'saved' | 'stopped';

/** The same object until something of it changes. */
export interface BoardStatus {
  readonly state: BoardState;
  /** Edits made in this browser that the server has not committed. */
  readonly unsaved: number;
  /** When the oldest of them was made, in milliseconds since 1970. */
  readonly unsavedSince: number | undefined;
  /** How the local copy is kept. */
  readonly storage: StorageStatus;
  /** The server cannot write its log just now: saving takes longer. */
  readonly isSavingDelayed: boolean;
  /** Why the board stopped. */
  readonly stopped: { readonly code: ErrorCode | 'closed'; readonly reason: string } | undefined;
}

/** One board that is open on a client. */
export interface Board<Fields extends PresenceFields = PresenceFields> {
  readonly id: string;
  /**
   * The Yjs document, for whatever the helpers do not do. Another one takes its place when the board
   * was reset on the server, or the server refused an edit: `subscribe` tells, so ask for it again.
   */
  readonly doc: Y.Doc;
  readonly widgets: Widgets;
  /** Who else is here, and what they show of themselves. */
  readonly presence: Presence<Fields>;
  /** Undo and redo of what was done here. */
  readonly history: History;
  /** Empty until somebody sets it. Setting it is an edit like any other. */
  title: string;
  /** Where the edits made here are. `subscribe` tells when it changes. */
  readonly status: BoardStatus;
  /**
   * Edits made here that the board does not have: they were not saved when it was reset, or the
   * server refused them. The same array until they change.
   */
  readonly conflicts: readonly BoardConflict[];
  /**
   * Whether the token allows to edit this widget or, without one, the board itself: its title, and
   * widgets that no grant names. True as long as the server has not said.
   */
  canEdit(widget?: string): boolean;
  /**
   * Calls the listener when `status`, `title`, `conflicts`, `doc` or what `canEdit` says change.
   * Returns the way to stop.
   */
  subscribe(listener: () => void): () => void;
  /**
   * Calls the listener when the server has refused edits, and the widgets show again what the server
   * has. What was wanted is in the conflict. Returns the way to stop.
   */
  onRejected(listener: (conflict: BoardConflict) => void): () => void;
  /** Resolves when the local copy has been read, so that what is shown is not empty for want of it. */
  loaded(): Promise<void>;
  /**
   * Resolves when the board has what the server has, at once if it does: it is not empty then for want of
   * it. @throws the TesseraError the board stopped with, or an Error if it is closed first
   */
  synced(): Promise<void>;
  /**
   * Resolves when every edit made here before the call is committed in the server's log, however
   * long that takes. @throws the TesseraError the board stopped with, `epoch-changed` if it was reset
   * meanwhile, `not-granted` if the server refused some of them (see `conflicts`), or an Error if the
   * board is closed first
   */
  saved(): Promise<void>;
  /** Resolves when every edit made so far is in the local copy: true if it survives the end of the page. */
  stored(): Promise<boolean>;
  /** Leaves the board. Without a local copy, edits that are not saved are lost: await `saved()` before. */
  close(): void;
}
