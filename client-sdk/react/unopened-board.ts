import * as Y from 'yjs';
import type { Board, BoardStatus } from '../src/board.ts';
import { BoardHistory } from '../src/history.ts';
import { BoardPresence, type PresenceFields } from '../src/presence.ts';
import { WidgetStore } from '../src/widget-store.ts';

/** The status of a board before anything was done to open it. */
export const unopenedStatus: BoardStatus = Object.freeze({
  state: 'connecting',
  unsaved: 0,
  unsavedSince: undefined,
  storage: Object.freeze({ state: 'loading' }),
  isSavingDelayed: false,
  stopped: undefined,
});

/**
 * What a board is on a server and while a page takes the server's HTML over: empty, without a
 * connection, and nothing can be written to it.
 */
export class UnopenedBoard implements Board {
  readonly id: string;
  readonly doc = new Y.Doc();
  readonly widgets = new WidgetStore();
  readonly presence = new BoardPresence<PresenceFields>();
  readonly history = new BoardHistory();
  readonly status = unopenedStatus;
  readonly conflicts = [];

  constructor(id: string) {
    this.id = id;
  }

  get title(): string {
    return '';
  }

  set title(_title: string) {
    throw this.#refusal();
  }

  canEdit(): boolean {
    return false;
  }

  subscribe(): () => void {
    return () => undefined;
  }

  onRejected(): () => void {
    return () => undefined;
  }

  async loaded(): Promise<void> {
    throw this.#refusal();
  }

  async synced(): Promise<void> {
    throw this.#refusal();
  }

  async saved(): Promise<void> {
    throw this.#refusal();
  }

  async stored(): Promise<boolean> {
    return false;
  }

  close(): void {
    this.doc.destroy();
  }

  #refusal(): Error {
    return new Error(
      `board ${this.id} is not open while it is rendered on a server or hydrated: do this in an effect or in an event handler`,
    );
  }
}
