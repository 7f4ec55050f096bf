import {
  type HelloMessage,
  type RejectedMessage,
  type Rights,
  readTitle,
  setTitle,
  TesseraError,
} from '@tessera/model';
import { uuidv4 } from 'lib0/random';
import * as Y from 'yjs';
import { asideOf } from './aside-edits.ts';
import type { Board, BoardState, BoardStatus } from './board.ts';
import { BoardRights } from './board-rights.ts';
import { BoardSession, type SessionOwner } from './board-session.ts';
import { type BoardConflict, Conflicts } from './conflicts.ts';
import type { ConnectionOptions } from './connection.ts';
import { BoardHistory, type HistoryOptions } from './history.ts';
import { Listeners } from './listeners.ts';
import type { LocalCopy, LocalStore } from './local-copy.ts';
import { BoardPresence, type PresenceOptions } from './presence.ts';
import {
  carryOver,
  isUpToDate,
  Rejection,
  type Remainder,
  remainderOf,
  whyRefused,
} from './rejection.ts';
import { SavedWaiters } from './saved-waiters.ts';
import { UnkeptCopy } from './unkept-copy.ts';
import { WidgetStore } from './widget-store.ts';

export interface OpenBoardOptions {
  readonly id: string;
  readonly socket: SessionOwner['socket'];
  readonly token: SessionOwner['token'];
  readonly store: LocalStore | undefined;
  readonly history: HistoryOptions | undefined;
  readonly presence: PresenceOptions | undefined;
  readonly closed: () => void;
}

/**
 * The board as its client sees it: one document after the other, each with its connection, and all
 * that is made of them.
 *
 * ```
 *              ┌─ widgets, history, presence, conflicts
 * local copy ──┤
 *   and tabs   └─ session: document ── ledger ── connection ── server
 * ```
 *
 * A document takes the place of another when the board was reset, and when the server refused a part
 * of an edit: then this document has what no other has, and what is built on it would not merge. In
 * the second case the fresh one is fetched first, and unsaved edits are made there again.
 */
export class OpenBoard implements Board, SessionOwner {
  readonly id: string;
  readonly socket: SessionOwner['socket'];
  readonly token: SessionOwner['token'];
  readonly widgets = new WidgetStore((widget) => this.canEdit(widget));
  readonly history: BoardHistory;
  readonly presence: BoardPresence;
  readonly #options: OpenBoardOptions;
  readonly #copy: LocalCopy;
  readonly #conflicts: Conflicts;
  readonly #listeners = new Listeners<[]>();
  readonly #rights = new BoardRights();
  readonly #waiters = new SavedWaiters();
  readonly #rejectedListeners = new Listeners<[BoardConflict]>();
  readonly #loading: Promise<void>;
  #session = new BoardSession(this);
  /** What takes the place of the session once it has all that the server has. */
  #fresh: BoardSession | undefined;
  #rejection: Rejection | undefined;
  #status: BoardStatus;
  #isSavingDelayed = false;
  #stopped: BoardStatus['stopped'];
  #isClosed = false;
  #isLoaded = false;
  #kept: Promise<void> = Promise.resolve();

  constructor(options: OpenBoardOptions) {
    const { id, socket, token, store, history, presence } = options;
    this.id = id;
    this.socket = socket;
    this.token = token;
    this.#options = options;
    this.history = new BoardHistory(history);
    this.presence = new BoardPresence(presence);
    this.#copy = store?.copyOf(id) ?? new UnkeptCopy();
    this.#conflicts = new Conflicts(this.#copy, this);
    this.#copy.subscribe(() => this.changed());
    this.#copy.onLeft(() => this.#renew());
    this.#conflicts.subscribe(() => this.#listeners.tell());
    this.#attachCopy();
    this.#show();
    this.#status = this.#nextStatus();
    this.#loading = this.#load();
  }

  get doc(): Y.Doc {
    return this.#session.doc;
  }

  get title(): string {
    return readTitle(this.doc);
  }

  set title(title: string) {
    if (!this.canEdit()) throw refusal(this.id, 'its title may not be changed with this token');
    setTitle(this.doc, title, this);
  }

  get status(): BoardStatus {
    return this.#status;
  }

  get conflicts(): readonly BoardConflict[] {
    return this.#conflicts.list;
  }

  canEdit(widget?: string): boolean {
    return this.#rights.canEdit(widget);
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  onRejected(listener: (conflict: BoardConflict) => void): () => void {
    return this.#rejectedListeners.add(listener);
  }

  loaded(): Promise<void> {
    return this.#loading;
  }

  synced(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const { state, stopped } = this.#status;
        if (stopped !== undefined) reject(stopError(this.id, stopped, 'it was synced'));
        else if (state !== 'saving' && state !== 'saved') return;
        leave();
        resolve();
      };
      const leave = this.subscribe(look);
      look();
    });
  }

  async saved(): Promise<void> {
    // Before that, nobody knows what earlier pages left unsaved.
    await this.#loading;
    if (this.#rejection?.reason !== undefined) throw refusal(this.id, this.#rejection.reason);
    const { edits, saved } = this.#session.ledger;
    if (saved >= edits) return;
    if (this.#stopped !== undefined) throw stopError(this.id, this.#stopped, EDITS_SAVED);
    await this.#waiters.until(edits);
  }

  stored(): Promise<boolean> {
    return this.#copy.stored();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop({ code: 'closed', reason: 'closed here' });
    this.#listeners.clear();
    this.#rejectedListeners.clear();
    this.widgets.close();
    this.history.close();
    this.presence.close();
    this.#conflicts.close();
    this.#kept = this.#copy.close();
    this.#session.close();
    this.#options.closed();
  }

  /** Resolves when all that was pending when the board was closed is in its local copy. */
  kept(): Promise<void> {
    return this.#kept;
  }

  /** The server refused the connection that this board is on. */
  refused(error: TesseraError): void {
    for (const session of [this.#session, this.#fresh]) session?.connection?.refused(error);
  }

  greeted(session: BoardSession, hello: HelloMessage): boolean {
    const { epoch } = hello;
    this.#isSavingDelayed = false;
    this.#setRights(hello);
    const known = this.#copy.epoch;
    if (known === undefined) this.#copy.setEpoch(epoch);
    else if (known !== epoch) {
      this.#beginAnew(epoch);
      return false;
    }
    // What is unanswered may have been refused when the last connection broke, or will be now.
    const mayBeRefused = this.#rights.areLimited || hello.mayRefuse === true;
    if (session === this.#session && session.ledger.unsaved > 0 && mayBeRefused) {
      this.#rejection ??= new Rejection();
      this.#renew();
    }
    return true;
  }

  isEdit(origin: unknown): boolean {
    return this.#copy.sourceOf(origin) !== 'store';
  }

  told(message: Parameters<ConnectionOptions['told']>[0]): void {
    switch (message.type) {
      case 'durability':
        this.#isSavingDelayed = message.state === 'delayed';
        this.changed();
        break;
      case 'access':
        this.#setRights(message);
        break;
      case 'rejected':
        this.#rejected(message);
        break;
    }
  }

  /** What was refused is told before, by all but old servers. */
  editsRefused(): void {
    if (this.#rejection === undefined) {
      this.#rejected({ widgets: [], reason: 'the server refused an edit' });
    }
    this.#renew();
  }

  changed(): void {
    const fresh = this.#fresh;
    if (fresh?.isReady && this.#session.ledger.isIdle && isUpToDate(this.doc, fresh.doc)) {
      this.#moveOn(fresh);
    }
    const { saved } = this.#session.ledger;
    this.#copy.saved(saved);
    this.#waiters.saved(saved);
    const state = this.#state;
    this.presence.setConnected(state === 'syncing' || state === 'saving' || state === 'saved');
    const status = this.#nextStatus();
    if (isSame(status, this.#status)) return;
    this.#status = status;
    this.#listeners.tell();
  }

  stopped({ code, message }: TesseraError): void {
    this.#stop({ code, reason: message });
  }

  async #load(): Promise<void> {
    // Without a store there is nothing to wait for, and the first frame leaves at once.
    if (this.#options.store !== undefined) {
      const restored = await this.#copy.load();
      if (this.#isClosed) return;
      this.#session.ledger.restored(restored);
      this.#attachCopy();
    }
    this.#isLoaded = true;
    this.#connect();
    this.changed();
  }

  /** Shows the document in all parts of the board. */
  #show(): void {
    const session = this.#session;
    const { doc } = session;
    this.widgets.attach(doc, this);
    this.history.attach(doc, [this]);
    this.#conflicts.attach(doc);
    doc.on('update', (_update: Uint8Array, origin: unknown) => {
      const isFromHere = this.#copy.sourceOf(origin) === undefined;
      if (isFromHere && !session.isFromServer(origin)) this.presence.touch();
      this.changed();
    });
    doc.getMap('board').observe(() => this.#listeners.tell());
  }

  /** Again after it was loaded: then it puts what is stored into the document. */
  #attachCopy(): void {
    const session = this.#session;
    const { doc, ledger } = session;
    this.#copy.attach(doc, {
      isFromServer: (origin) => session.isFromServer(origin),
      edits: () => ledger.edits,
    });
  }

  #connect(): void {
    this.presence.attach(this.#session.connect().awareness);
  }

  #setRights(rights: Partial<Rights>): void {
    this.#rights.set(rights);
    this.#listeners.tell();
  }

  #rejected({ widgets, roots = [], reason }: Omit<RejectedMessage, 'type'>): void {
    this.#rejection ??= new Rejection();
    this.#rejection.told(widgets, roots, reason);
    this.#waiters.reject(refusal(this.id, reason));
  }

  /** Fetches the document again as the server has it, and sends no more edits of this one. */
  #renew(): void {
    const { connection } = this.#session;
    if (this.#fresh !== undefined || this.#stopped !== undefined || connection === undefined) {
      return;
    }
    connection.hold();
    this.#fresh = new BoardSession(this);
    this.#fresh.connect();
    this.changed();
  }

  /**
   * Goes on with a document that the server has. What is unsaved and may be edited is made there
   * again, as edits of its own: in the old ones the server would find parts it has refused.
   */
  #moveOn(fresh: BoardSession): void {
    const [old, rejection] = [this.#session, this.#rejection];
    this.#fresh = undefined;
    this.#rejection = undefined;
    const remainder = remainderOf(
      old.doc,
      fresh.doc,
      (widget) => this.canEdit(widget) && !rejection?.names(widget),
    );
    const id = rejection && this.#setAside(rejection, remainder, old.doc, fresh.doc);
    this.#copy.saved(old.ledger.saved);
    this.#copy.moveOn(Y.encodeStateAsUpdateV2(fresh.doc));
    this.presence.detach();
    this.#session = fresh;
    this.#attachCopy();
    carryOver(old.doc, fresh.doc, remainder);
    this.#show();
    if (fresh.connection !== undefined) this.presence.attach(fresh.connection.awareness);
    this.#waiters.moveTo(fresh.ledger.edits);
    old.close();
    this.#listeners.tell();
    if (id !== undefined) void this.#announce(id);
  }

  /** The name under which what was refused is kept; undefined if nothing was. */
  #setAside(
    { reason, count }: Rejection,
    remainder: Remainder,
    old: Y.Doc,
    fresh: Y.Doc,
  ): string | undefined {
    const { refused, title } = remainder;
    if (count === 0 && refused.length === 0 && title !== 'refused') return undefined;
    // Another tab that held the same edits has been refused them as well.
    const id = `rejected ${[this.#copy.lineage ?? uuidv4(), ...refused].join(' ')}`;
    const edits = asideOf(fresh, old, refused, title === 'refused');
    const rejected = reason ?? whyRefused(remainder);
    this.#copy.setAside({ id, at: Date.now(), count: count || 1, rejected, ...edits });
    this.#waiters.reject(refusal(this.id, rejected));
    return id;
  }

  async #announce(id: string): Promise<void> {
    await this.#copy.stored();
    const conflict = this.conflicts.find((one) => one.id === id);
    if (conflict !== undefined) this.#rejectedListeners.tell(conflict);
  }

  /** The board was reset. What belongs to the old epoch is never merged with the new one. */
  #beginAnew(epoch: string): void {
    const old = this.#session;
    const reset = new TesseraError(
      'epoch-changed',
      `${this.id}: unsaved edits are in its conflicts`,
    );
    this.#waiters.reject(reset);
    old.connection?.close();
    this.#dropFresh();
    this.#rejection = undefined;
    this.presence.detach();
    this.#copy.startAnew(epoch);
    this.#session = new BoardSession(this);
    this.#attachCopy();
    this.#show();
    old.close();
    // Its frames must not be taken for answers to the connection that is just being closed.
    queueMicrotask(() => {
      if (this.#isClosed || this.#stopped !== undefined) return;
      this.#connect();
      this.changed();
    });
    this.#listeners.tell();
  }

  #dropFresh(): void {
    this.#fresh?.close();
    this.#fresh = undefined;
  }

  #stop(stopped: NonNullable<BoardStatus['stopped']>): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = stopped;
    this.#session.connection?.close();
    this.#dropFresh();
    this.presence.detach();
    this.#waiters.reject(stopError(this.id, stopped, EDITS_SAVED));
    this.changed();
  }

  get #state(): BoardState {
    if (this.#stopped !== undefined) return 'stopped';
    const { connection } = this.#fresh ?? this.#session;
    const state = connection?.state ?? 'connecting';
    return this.#fresh !== undefined && state === 'saved' ? 'syncing' : state;
  }

  #nextStatus(): BoardStatus {
    const { unsaved } = this.#session.ledger;
    return Object.freeze({
      state: this.#state,
      unsaved,
      unsavedSince: unsaved > 0 ? this.#copy.unsaved?.oldestAt : undefined,
      storage: this.#isLoaded ? this.#copy.status : loading,
      isSavingDelayed: this.#isSavingDelayed,
      stopped: this.#stopped,
    });
  }
}

/** Until the ledger counts what was read, there is more unsaved than it says. */
const loading = Object.freeze({ state: 'loading' as const });

function isSame(a: BoardStatus, b: BoardStatus): boolean {
  return (Object.keys(a) as (keyof BoardStatus)[]).every((key) => Object.is(a[key], b[key]));
}

function refusal(board: string, reason: string): TesseraError {
  return new TesseraError('not-granted', `board ${board}: ${reason}`);
}

const EDITS_SAVED = 'its edits were saved';

function stopError(
  board: string,
  { code, reason }: NonNullable<BoardStatus['stopped']>,
  waitedFor: string,
): Error {
  if (code === 'closed') return new Error(`board ${board} was closed before ${waitedFor}`);
  return new TesseraError(code, `board ${board} stopped: ${reason}`);
}
