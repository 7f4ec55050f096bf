import { type HelloMessage, readTitle, setTitle, TesseraError } from '@tessera/model';
import * as Y from 'yjs';
import { AckLedger } from './ack-ledger.ts';
import type { Board, BoardState, BoardStatus } from './board.ts';
import type { BoardSocket } from './board-socket.ts';
import { type BoardConflict, Conflicts } from './conflicts.ts';
import { BoardConnection, type ConnectionOptions } from './connection.ts';
import { BoardHistory, type HistoryOptions } from './history.ts';
import { Listeners } from './listeners.ts';
import { BoardPresence, type PresenceOptions } from './presence.ts';
import type { LocalStore } from './storage.ts';
import { LocalCopy, type UpdateSource } from './storage-copy.ts';
import { TabLink } from './tabs.ts';
import { WidgetStore } from './widget-store.ts';

export interface OpenBoardOptions {
  readonly id: string;
  readonly socket: BoardSocket;
  readonly token: ConnectionOptions['token'];
  readonly store: LocalStore | undefined;
  readonly history: HistoryOptions | undefined;
  readonly presence: PresenceOptions | undefined;
  readonly closed: () => void;
}

interface Waiter {
  readonly edit: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The board as its client sees it: one document after the other, each with its connection, and all
 * that is made of them.
 *
 * ```
 *              ┌─ widgets, history, presence, conflicts
 * local copy ──┤
 *   and tabs   └─ document ── ledger ── connection ── server
 * ```
 */
export class OpenBoard implements Board {
  readonly id: string;
  readonly widgets = new WidgetStore();
  readonly history: BoardHistory;
  readonly presence: BoardPresence;
  readonly #options: OpenBoardOptions;
  readonly #copy: LocalCopy;
  readonly #conflicts: Conflicts;
  readonly #tabs: TabLink | undefined;
  readonly #listeners = new Listeners<[]>();
  readonly #loading: Promise<void>;
  #doc = new Y.Doc();
  #ledger = new AckLedger();
  #connection: BoardConnection | undefined;
  #waiters: Waiter[] = [];
  #status: BoardStatus;
  #isSavingDelayed = false;
  #stopped: BoardStatus['stopped'];
  #isClosed = false;
  #kept: Promise<void> = Promise.resolve();

  constructor(options: OpenBoardOptions) {
    const { id, store, history, presence } = options;
    this.id = id;
    this.#options = options;
    this.history = new BoardHistory(history);
    this.presence = new BoardPresence(presence);
    this.#copy = new LocalCopy(id, store);
    this.#conflicts = new Conflicts(this.#copy, this);
    this.#tabs =
      store?.channel === undefined ? undefined : new TabLink(id, store.channel, this.#copy);
    this.#copy.subscribe(() => this.#refresh());
    this.#conflicts.subscribe(() => this.#listeners.tell());
    this.#attach();
    this.#status = this.#nextStatus();
    this.#loading = this.#load();
  }

  get doc(): Y.Doc {
    return this.#doc;
  }

  get title(): string {
    return readTitle(this.#doc);
  }

  set title(title: string) {
    setTitle(this.#doc, title, this);
  }

  get status(): BoardStatus {
    return this.#status;
  }

  get conflicts(): readonly BoardConflict[] {
    return this.#conflicts.list;
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  loaded(): Promise<void> {
    return this.#loading;
  }

  async saved(): Promise<void> {
    // Before that, nobody knows what earlier pages left unsaved.
    await this.#loading;
    const edit = this.#ledger.edits;
    if (this.#ledger.saved >= edit) return;
    if (this.#stopped !== undefined) throw stopError(this.id, this.#stopped);
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ edit, resolve, reject });
    });
  }

  stored(): Promise<boolean> {
    return this.#copy.stored();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop({ code: 'closed', reason: 'closed here' });
    this.#listeners.clear();
    this.widgets.close();
    this.history.close();
    this.presence.close();
    this.#conflicts.close();
    this.#tabs?.close();
    this.#kept = this.#copy.close();
    this.#doc.destroy();
    this.#options.closed();
  }

  /** Resolves when all that was pending when the board was closed is in its local copy. */
  kept(): Promise<void> {
    return this.#kept;
  }

  /** The server refused the connection that this board is on. */
  refused(error: TesseraError): void {
    this.#connection?.refused(error);
  }

  async #load(): Promise<void> {
    // Without a store there is nothing to wait for, and the first frame leaves at once.
    if (this.#options.store !== undefined) await this.#copy.load();
    else void this.#copy.load();
    if (this.#isClosed) return;
    this.#ledger.restored(this.#copy.unsaved?.count ?? 0);
    this.#attachCopy();
    this.#connect();
    this.#refresh();
  }

  /** Shows the document in all parts of the board. */
  #attach(): void {
    const [doc, ledger] = [this.#doc, this.#ledger];
    // Before everybody else who listens: they ask for the number of the edit.
    doc.on('update', (_update: Uint8Array, origin: unknown) => {
      const source = this.#sourceOf(origin);
      if (source === 'local' || source === 'tab') ledger.edited();
      if (source === 'local') this.presence.touch();
    });
    this.#attachCopy();
    this.widgets.attach(doc, this);
    this.history.attach(doc, [this]);
    this.#conflicts.attach(doc);
    doc.on('update', () => this.#refresh());
    doc.getMap('board').observe(() => this.#listeners.tell());
  }

  /** Again after it was loaded: then it puts what is stored into the document. */
  #attachCopy(): void {
    this.#copy.attach(this.#doc, {
      sourceOf: (origin) => this.#sourceOf(origin),
      edits: () => this.#ledger.edits,
    });
  }

  #connect(): void {
    const { id, socket, token } = this.#options;
    this.#connection = new BoardConnection({
      id,
      doc: this.#doc,
      socket,
      token,
      ledger: this.#ledger,
      greeted: (hello) => this.#greeted(hello),
      savingDelayed: (delayed) => {
        this.#isSavingDelayed = delayed;
        this.#refresh();
      },
      changed: () => this.#refresh(),
      stopped: ({ code, message }) => this.#stop({ code, reason: message }),
    });
    this.presence.attach(this.#connection.awareness);
    this.#tabs?.attach(this.#doc);
  }

  #sourceOf(origin: unknown): UpdateSource {
    if (origin === this.#copy) return 'store';
    if (this.#connection !== undefined && origin === this.#connection.provider) return 'server';
    return this.#tabs !== undefined && origin === this.#tabs ? 'tab' : 'local';
  }

  #greeted({ epoch }: HelloMessage): boolean {
    this.#isSavingDelayed = false;
    const known = this.#copy.epoch;
    if (known === epoch) return true;
    if (known === undefined) {
      this.#copy.setEpoch(epoch);
      this.#tabs?.attach(this.#doc);
      return true;
    }
    this.#beginAnew(epoch);
    return false;
  }

  /** The board was reset. What belongs to the old epoch is never merged with the new one. */
  #beginAnew(epoch: string): void {
    const old = this.#doc;
    const reset = new TesseraError(
      'epoch-changed',
      `${this.id}: unsaved edits are in its conflicts`,
    );
    for (const { reject } of this.#waiters.splice(0)) reject(reset);
    this.#connection?.close();
    this.#tabs?.detach();
    this.presence.detach();
    void this.#copy.startAnew(epoch);
    this.#doc = new Y.Doc();
    this.#ledger = new AckLedger();
    this.#attach();
    old.destroy();
    // Its frames must not be taken for answers to the connection that is just being closed.
    queueMicrotask(() => {
      if (this.#isClosed || this.#stopped !== undefined) return;
      this.#connect();
      this.#refresh();
    });
    this.#listeners.tell();
  }

  #stop(stopped: NonNullable<BoardStatus['stopped']>): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = stopped;
    this.#connection?.close();
    this.presence.detach();
    const error = stopError(this.id, stopped);
    for (const { reject } of this.#waiters.splice(0)) reject(error);
    this.#refresh();
  }

  #refresh(): void {
    const { saved } = this.#ledger;
    this.#copy.saved(saved);
    const done = this.#waiters.filter(({ edit }) => edit <= saved);
    this.#waiters = this.#waiters.filter(({ edit }) => edit > saved);
    for (const { resolve } of done) resolve();
    const state = this.#state;
    this.presence.setConnected(state === 'syncing' || state === 'saving' || state === 'saved');
    const status = this.#nextStatus();
    if (isSame(status, this.#status)) return;
    this.#status = status;
    this.#listeners.tell();
  }

  get #state(): BoardState {
    return this.#stopped === undefined ? (this.#connection?.state ?? 'connecting') : 'stopped';
  }

  #nextStatus(): BoardStatus {
    const { unsaved } = this.#ledger;
    return Object.freeze({
      state: this.#state,
      unsaved,
      unsavedSince: unsaved > 0 ? this.#copy.unsaved?.oldestAt : undefined,
      storage: this.#copy.status,
      isSavingDelayed: this.#isSavingDelayed,
      stopped: this.#stopped,
    });
  }
}

function isSame(a: BoardStatus, b: BoardStatus): boolean {
  return (Object.keys(a) as (keyof BoardStatus)[]).every((key) => Object.is(a[key], b[key]));
}

function stopError(board: string, { code, reason }: NonNullable<BoardStatus['stopped']>): Error {
  if (code === 'closed') return new Error(`board ${board} was closed before its edits were saved`);
  return new TesseraError(code, `board ${board} stopped: ${reason}`);
}
