import { TesseraError } from '@tessera/model';
import { uuidv4 } from 'lib0/random';
import * as Y from 'yjs';
import { Listeners } from './listeners.ts';
import type {
  BoardStorage,
  CopyChange,
  EditsUpTo,
  LocalStore,
  StoredConflict,
  StoredCopy,
  StoredRow,
  UnsavedEdits,
} from './storage.ts';
import { EditMarks } from './storage-marks.ts';
import { changed, MemoryStorage } from './storage-memory.ts';
import {
  applyCopy,
  compacted,
  emptied,
  mergedRows,
  type OldCopy,
  savedRows,
  startedAnew,
  together,
  unsavedOf,
} from './storage-records.ts';

/**
 * How the local copy of a board is kept.
 * - `loading`: it is being read.
 * - `ready`: what is edited survives the page; `reason` says if something was lost on the way.
 * - `off`: kept in memory only, as was asked for.
 * - `failed`: the store is gone; editing goes on in memory.
 */
export type StorageStatus =
  | { readonly state: 'loading' | 'off' }
  | { readonly state: 'ready'; readonly reason?: string }
  | { readonly state: 'failed'; readonly reason: string };

/** Who an update came from: made here, or brought by the server, another tab, or the store itself. */
export type UpdateSource = 'local' | 'server' | 'tab' | 'store';

export interface AttachOptions {
  readonly sourceOf: (origin: unknown) => UpdateSource;
  /** The ledger's count of edits, which must be raised before the copy hears of an update. */
  readonly edits: () => number;
}

/** Updates of others can be had again from the server, so they wait for company. */
const lazyMs = 500;
const mergeAtRows = 100;
const compactAtBytes = 64 * 1024;

/**
 * The local copy of one board: puts what is stored into a document, and stores what happens to it.
 *
 * ```
 * document ─ update ─▶ pending ─ one write at a time ─▶ rows ─ saved(n) ─▶ rows without mark
 *                                                        └──── when idle ────▶ base
 * ```
 */
export class LocalCopy {
  readonly marks = new EditMarks();
  readonly #board: string;
  readonly #store: LocalStore | undefined;
  readonly #listeners = new Listeners<[]>();
  readonly #editListeners = new Listeners<[update: Uint8Array, edit: UnsavedEdits]>();
  #storage: BoardStorage = new MemoryStorage();
  #status: StorageStatus = { state: 'loading' };
  #conflicts: readonly StoredConflict[] = [];
  #epoch: string | undefined;
  #loading: Promise<void> | undefined;
  #loaded: StoredCopy | undefined;
  #attached: { readonly doc: Y.Doc; readonly options: AttachOptions } | undefined;
  #closing: Promise<void> | undefined;
  #fromServer: Uint8Array[] = [];
  #fromHere: Made[] = [];
  /** Rows that came too late for their epoch. */
  #late: StoredRow[] = [];
  #steps: { readonly run: () => Promise<void>; readonly done: () => void }[] = [];
  #writing: Promise<void> | undefined;
  #lazy: ReturnType<typeof setTimeout> | undefined;
  #hasNewsOfSaved = false;
  #isCompacting = false;
  #rows = 0;
  /** Of the rows after the last compaction: edits that stay unsaved stay rows. */
  #leftBytes = 0;
  #rowBytes = 0;
  #baseBytes = 0;
  #keys = 0;

  /** Without a store everything is kept in memory. */
  constructor(board: string, store: LocalStore | undefined) {
    this.#board = board;
    this.#store = store;
  }

  get status(): StorageStatus {
    return this.#status;
  }

  /** The epoch of the copy; undefined while it has not met the server. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** Edits that were unsaved when the board was reset. The same object until they change. */
  get conflicts(): readonly StoredConflict[] {
    return this.#conflicts;
  }

  /** Edits held and not known to be committed, made here or elsewhere in this browser. */
  get unsaved(): UnsavedEdits | undefined {
    return this.#loaded ? unsavedOf(this.#loaded.rows) : this.marks.unsaved;
  }

  /** Calls the listener when `status` or `conflicts` change. Returns the way to stop. */
  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Calls the listener with each edit made here, and what it is called. Returns the way to stop. */
  onEdit(listener: (update: Uint8Array, edit: UnsavedEdits) => void): () => void {
    return this.#editListeners.add(listener);
  }

  /** Reads what is stored; from then on `epoch`, `unsaved` and `conflicts` are known. Never rejects: `status` says. */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    if (this.#store === undefined) return this.#tell({ state: 'off' });
    try {
      this.#storage = await this.#store.open(this.#board, (reason) => this.#fail(reason));
      const copy = await this.#storage.read();
      this.#loaded = copy;
      this.#epoch = copy.epoch;
      this.#conflicts = copy.conflicts;
      this.#measure(copy);
      this.#baseBytes = copy.base?.length ?? 0;
      if (this.#status.state === 'failed') return;
      this.#tell({ state: this.#store.persistent ? 'ready' : 'off' });
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Puts what was loaded into the document, with this copy as the origin, and stores what happens
   * to the document from now on. Loaded edits that are unsaved must be in the ledger's count by now.
   */
  attach(doc: Y.Doc, options: AttachOptions): void {
    this.detach();
    this.#attached = { doc, options };
    const loaded = this.#loaded;
    this.#loaded = undefined;
    if (loaded !== undefined) {
      const unsaved = unsavedOf(loaded.rows);
      const broken = applyCopy(doc, loaded, this);
      // Not by a ledger that has counted nothing yet.
      if (unsaved !== undefined) this.marks.hold(unsaved, Math.max(1, options.edits()));
      if (broken.length > 0) this.#leaveOut(broken, loaded);
    }
    doc.on('update', this.#heard);
    this.#compactIfDue();
  }

  detach(): void {
    this.#attached?.doc.off('update', this.#heard);
    this.#attached = undefined;
  }

  /** Every edit up to this count of the ledger is in the server's log. */
  saved(edits: number): void {
    if (this.marks.savedUpTo(edits)) this.#saveLater();
  }

  /** The document got edits that another tab made. */
  hold(unsaved: UnsavedEdits): void {
    if (this.marks.hold(unsaved, this.#attached?.options.edits() ?? 0)) this.#saveLater();
  }

  /** The document got all that another tab held, of which this was unsaved there. */
  holdAll(held: EditsUpTo, unsaved: UnsavedEdits | undefined): void {
    const news = this.marks.missing(held);
    if (news === 0) return;
    // What is unsaved there may be among what was known here.
    if (unsaved) this.hold({ ...unsaved, upTo: held, count: Math.min(unsaved.count, news) });
    else this.marks.know(held);
  }

  /** The server told the board's epoch to a copy that had none. */
  setEpoch(epoch: string): void {
    if (this.#epoch !== undefined) return;
    this.#epoch = epoch;
    const old = { epoch: undefined, late: [], state: undefined };
    void this.#change((copy) => {
      if (copy.epoch === undefined) return { epoch };
      return copy.epoch === epoch ? undefined : this.#anew(copy, old, epoch);
    }, true);
  }

  /**
   * The board was reset: lets go of the document, sets unsaved edits aside as a conflict and
   * begins an empty copy of the new epoch. Attach a fresh document next.
   */
  startAnew(epoch: string): Promise<void> {
    const state = this.#attached && Y.encodeStateAsUpdate(this.#attached.doc);
    const from = this.#epoch;
    this.#late.push(...this.#takeRows());
    this.detach();
    this.marks.forget();
    this.#loaded = undefined;
    this.#epoch = epoch;
    // What the server has committed is not set aside, though the store has not been told yet.
    void this.#change((copy) => savedRows(copy, this.marks.saved), false);
    return this.#change((copy) => {
      const late = this.#late;
      this.#late = [];
      return this.#anew(copy, { epoch: from, late, state }, epoch);
    }, true);
  }

  /** Forgets a conflict. */
  dropConflict(id: string): Promise<void> {
    return this.#change(() => ({ removeConflicts: [id] }), false);
  }

  /** Removes everything that is stored of this board, unsaved edits and conflicts too. */
  clear(): Promise<void> {
    this.#fromServer = [];
    this.#fromHere = [];
    this.#loaded = undefined;
    return this.#change(emptied, false);
  }

  /** Resolves when all edits made so far are stored: true if they survive the end of the page. */
  async stored(): Promise<boolean> {
    await this.#write();
    return this.#status.state === 'ready' && this.#late.length === 0;
  }

  /** Stores what is pending and lets go of the document. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.detach();
    this.#listeners.clear();
    this.#editListeners.clear();
    await this.#write();
    // Pages that are always closed before they are idle would let the rows pile up.
    await this.#compaction();
    await this.#storage.close();
  }

  #heard = (update: Uint8Array, origin: unknown): void => {
    if (origin === this || this.#attached === undefined) return;
    const { sourceOf, edits } = this.#attached.options;
    switch (sourceOf(origin)) {
      case 'server':
        this.#fromServer.push(update);
        this.#writeSoon();
        break;
      case 'local': {
        const edit = this.marks.made(edits());
        this.#fromHere.push({ update, edit });
        this.#editListeners.tell(update, edit);
        void this.#write();
        break;
      }
      default:
    }
  };

  #saveLater(): void {
    this.#hasNewsOfSaved = true;
    this.#writeSoon();
  }

  #writeSoon(): void {
    this.#lazy ??= setTimeout(() => void this.#write(), lazyMs);
  }

  /** Writes all there is to write, one step after the other. */
  #write(): Promise<void> {
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    await this.load();
    for (;;) {
      clearTimeout(this.#lazy);
      this.#lazy = undefined;
      const step = this.#steps.shift();
      if (step !== undefined) {
        await this.#tryTwice(step.run);
        step.done();
      } else if (this.#fromServer.length + this.#fromHere.length > 0) {
        await this.#append(this.#takeRows());
      } else if (this.#hasNewsOfSaved) {
        this.#hasNewsOfSaved = false;
        await this.#tryTwice(() => this.#run((copy) => savedRows(copy, this.marks.saved), false));
      } else {
        break;
      }
    }
    // In the same turn as the last look, or an edit in between would wait for the next one.
    this.#writing = undefined;
    this.#compactIfDue();
  }

  async #append(rows: readonly StoredRow[]): Promise<void> {
    try {
      await this.#storage.append(rows, this.#epoch);
      this.#rows += rows.length;
      this.#rowBytes += bytesOf(rows);
    } catch (error) {
      if (!(error instanceof TesseraError && error.code === 'epoch-changed')) {
        return this.#fail(error, rows);
      }
      // Another tab has started anew. The server will tell this one too, and then they are set aside.
      this.#late.push(...rows);
    }
  }

  #change(decide: Decide, withBase: boolean): Promise<void> {
    return new Promise((done) => {
      this.#steps.push({ run: () => this.#run(decide, withBase), done });
      void this.#write();
    });
  }

  async #run(decide: Decide, withBase: boolean): Promise<void> {
    let after: StoredCopy | undefined;
    const storage = this.#storage;
    await storage.change(
      (copy) => {
        const change = decide(copy);
        after = change && changed(copy, change);
        return change;
      },
      { withBase },
    );
    if (after === undefined) return;
    this.#measure(after);
    if (withBase) this.#baseBytes = after.base?.length ?? 0;
    // The store hands out new objects for what has not changed.
    if (nameOf(after.conflicts) === nameOf(this.#conflicts)) return;
    this.#conflicts = after.conflicts;
    this.#tell(this.#status);
  }

  /** What the store cannot do is done in memory. */
  async #tryTwice(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#fail(error);
      await run().catch((again: unknown) => this.#tell(failed(this.#board, again)));
    }
  }

  #fail(error: unknown, taken: readonly StoredRow[] = []): void {
    if (this.#status.state === 'failed') return;
    const rows = [...taken];
    if (this.#attached !== undefined) {
      const { unsaved } = this.marks;
      const update = Y.encodeStateAsUpdate(this.#attached.doc);
      rows.splice(0, rows.length, { key: 'all', update, ...(unsaved && { unsaved }) });
      this.#fromServer = [];
      this.#fromHere = [];
    }
    const { base, rows: read } = this.#loaded ?? { base: undefined, rows };
    const [epoch, conflicts] = [this.#epoch, this.#conflicts];
    this.#storage = new MemoryStorage({ epoch, base, rows: read, conflicts });
    this.#tell(failed(this.#board, error));
  }

  #leaveOut(broken: readonly string[], copy: StoredCopy): void {
    const lost = unsavedOf(copy.rows.filter(({ key }) => broken.includes(key)))?.count ?? 0;
    const base = broken.includes('base') ? { base: null } : {};
    void this.#change(() => ({ ...base, remove: broken }), true);
    if (this.#status.state !== 'ready') return;
    const reason = `${broken.length} records of the local copy of ${this.#board} were damaged and are left out: ${lost} unsaved edits are lost, the rest comes again from the server`;
    this.#tell({ state: 'ready', reason });
  }

  #takeRows(): StoredRow[] {
    const rows: StoredRow[] = [];
    const updates = this.#fromServer;
    this.#fromServer = [];
    const isSaved = ({ edit }: Made) => this.marks.isSaved(edit.upTo);
    const [edits, made] = [this.#fromHere, this.#fromHere.filter((one) => !isSaved(one))];
    this.#fromHere = [];
    updates.push(...edits.filter(isSaved).map(({ update }) => update));
    if (updates.length > 0) rows.push({ key: this.#key(), update: Y.mergeUpdates(updates) });
    if (made.length > 0) {
      const update = Y.mergeUpdates(made.map((one) => one.update));
      rows.push({ key: this.#key(), update, unsaved: together(made.map(({ edit }) => edit)) });
    }
    return rows;
  }

  #compactIfDue(): void {
    if (this.#isCompacting || this.#due === undefined) return;
    this.#isCompacting = true;
    whenIdle(() => {
      this.#isCompacting = false;
      if (this.#closing === undefined) void this.#compaction();
    });
  }

  /** Rows are merged often, which is cheap; the base is written anew when the rows have outgrown it. */
  get #due(): 'merge' | 'compact' | undefined {
    const limit = Math.max(compactAtBytes, this.#baseBytes, 2 * this.#leftBytes);
    if (this.#rowBytes > limit) return 'compact';
    return this.#rows >= mergeAtRows ? 'merge' : undefined;
  }

  async #compaction(): Promise<void> {
    const due = this.#due;
    if (due === undefined) return;
    const compact = due === 'compact' ? compacted : mergedRows;
    await this.#change((copy) => compact(copy, this.#key()), due === 'compact');
    if (due === 'compact') this.#leftBytes = this.#rowBytes;
  }

  #anew(copy: StoredCopy, old: OldCopy, epoch: string): CopyChange {
    return startedAnew(copy, old, { epoch, now: Date.now(), id: uuidv4() });
  }

  #measure({ rows }: StoredCopy): void {
    this.#rows = rows.length;
    this.#rowBytes = bytesOf(rows);
  }

  #key(): string {
    this.#keys += 1;
    return `${this.marks.writer}.${this.#keys}`;
  }

  #tell(status: StorageStatus): void {
    this.#status = status;
    this.#listeners.tell();
  }
}

interface Made {
  readonly update: Uint8Array;
  readonly edit: UnsavedEdits;
}

type Decide = (copy: StoredCopy) => CopyChange | undefined;

function failed(board: string, error: unknown): StorageStatus {
  // Some errors of browsers have a name and no message.
  const what = error instanceof Error ? error.message || error.name : String(error);
  const reason = `the local copy of ${board} is not kept any more, edits are only in memory: ${what}`;
  return { state: 'failed', reason };
}

function nameOf(conflicts: readonly StoredConflict[]): string {
  return conflicts.map(({ id, count }) => `${id} ${count}`).join();
}

function bytesOf(rows: readonly StoredRow[]): number {
  return rows.reduce((sum, { update }) => sum + update.length, 0);
}

function whenIdle(run: () => void): void {
  if (typeof requestIdleCallback === 'function') requestIdleCallback(run, { timeout: 5000 });
  else setTimeout(run, 0);
}
