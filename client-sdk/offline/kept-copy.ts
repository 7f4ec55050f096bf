import { mergeUpdates } from '@tessera/model';
import * as Y from 'yjs';
import { Listeners } from '../src/listeners.ts';
import type { AsideEdits, Attachment, LocalCopy, StorageStatus } from '../src/local-copy.ts';
import { CopyWriter, type Decide, type WriterSource } from './copy-writer.ts';
import { EditMarks } from './edit-marks.ts';
import {
  applyCopy,
  epochOf,
  isNoOlder,
  lineageOf,
  movedOn,
  type OldCopy,
  savedRows,
  startedAnew,
  together,
  turnOf,
  unsavedOf,
} from './records.ts';
import type { EditsUpTo, StorageBackend, StoredCopy, StoredRow, UnsavedEdits } from './storage.ts';
import { type TabCopy, TabLink } from './tabs.ts';

/** Updates of others can be had again from the server, so they wait for company. */
const lazyMs = 500;

interface Made {
  readonly update: Uint8Array;
  readonly edit: UnsavedEdits;
}

/**
 * The local copy of one board in a store: puts what is stored into a document, stores what happens
 * to it, and exchanges it with the other tabs.
 *
 * ```
 * document ─ update ─▶ pending ─ one write at a time ─▶ rows ─ saved(n) ─▶ rows without mark
 *                                                        └──── when idle ────▶ base
 * ```
 */
export class KeptCopy implements LocalCopy, TabCopy, WriterSource {
  readonly marks = new EditMarks();
  readonly #writer: CopyWriter;
  readonly #tabs: TabLink | undefined;
  readonly #editListeners = new Listeners<[update: Uint8Array, edit: UnsavedEdits]>();
  readonly #leftListeners = new Listeners<[]>();
  #lineage: string | undefined;
  #isLoaded = false;
  /** What the next document begins with. */
  #loaded: Pick<StoredCopy, 'base' | 'rows'> | undefined;
  #attached: { readonly doc: Y.Doc; readonly attachment: Attachment } | undefined;
  #fromServer: Uint8Array[] = [];
  #fromHere: Made[] = [];
  /** Rows that came too late for their lineage. */
  #late: StoredRow[] = [];
  #lazy: ReturnType<typeof setTimeout> | undefined;
  #hasNewsOfSaved = false;
  #keys = 0;

  constructor(board: string, backend: StorageBackend) {
    this.#writer = new CopyWriter(board, backend, this);
    const { channel } = backend;
    this.#tabs = channel === undefined ? undefined : new TabLink(board, channel, this);
  }

  get status(): StorageStatus {
    return this.#writer.status;
  }

  get aside(): readonly AsideEdits[] {
    return this.#writer.aside;
  }

  get lineage(): string | undefined {
    return this.#lineage;
  }

  get epoch(): string | undefined {
    return this.#lineage === undefined ? undefined : epochOf(this.#lineage);
  }

  get unsaved(): UnsavedEdits | undefined {
    return this.#loaded ? unsavedOf(this.#loaded.rows) : this.marks.unsaved;
  }

  subscribe(listener: () => void): () => void {
    return this.#writer.subscribe(listener);
  }

  onLeft(listener: () => void): () => void {
    return this.#leftListeners.add(listener);
  }

  onEdit(listener: (update: Uint8Array, edit: UnsavedEdits) => void): () => void {
    return this.#editListeners.add(listener);
  }

  async load(): Promise<number> {
    const copy = await this.#writer.load();
    if (!this.#isLoaded) {
      this.#isLoaded = true;
      this.#loaded = copy;
      this.#lineage ??= copy?.lineage;
    }
    return unsavedOf(this.#loaded?.rows ?? [])?.count ?? 0;
  }

  attach(doc: Y.Doc, attachment: Attachment): void {
    this.#detach();
    this.#attached = { doc, attachment };
    const loaded = this.#loaded;
    this.#loaded = undefined;
    if (loaded !== undefined) {
      const unsaved = unsavedOf(loaded.rows);
      const broken = applyCopy(doc, loaded, this);
      // Not by a ledger that has counted nothing yet.
      if (unsaved !== undefined) this.marks.hold(unsaved, Math.max(1, attachment.edits()));
      if (broken.length > 0) this.#leaveOut(broken, loaded);
    }
    doc.on('update', this.#heard);
    if (this.#isLoaded) this.#tabs?.attach(doc);
    this.#writer.compactIfDue();
  }

  sourceOf(origin: unknown): 'store' | 'tab' | undefined {
    if (origin === this) return 'store';
    return this.#tabs !== undefined && origin === this.#tabs ? 'tab' : undefined;
  }

  saved(edits: number): void {
    if (this.marks.savedUpTo(edits)) this.#saveLater();
  }

  hold(unsaved: UnsavedEdits): void {
    const edits = this.#attached?.attachment.edits() ?? 0;
    if (this.marks.hold(unsaved, edits)) this.#saveLater();
  }

  holdAll(held: EditsUpTo, unsaved: UnsavedEdits | undefined): void {
    const news = this.marks.missing(held);
    if (news === 0) return;
    // What is unsaved there may be among what was known here.
    const count = Math.min(unsaved?.count ?? 0, news);
    if (unsaved) this.hold({ ...unsaved, upTo: held, count });
    else this.marks.know(held);
  }

  heardOf(lineage: string): void {
    const own = this.#lineage;
    if (own === undefined || own === lineage || !isNoOlder(lineage, own)) return;
    this.#leftListeners.tell();
  }

  setEpoch(epoch: string): void {
    if (this.#lineage !== undefined) return;
    const lineage = lineageOf(epoch, 0);
    this.#lineage = lineage;
    if (this.#attached !== undefined) this.#tabs?.attach(this.#attached.doc);
    const old = { lineage: undefined, late: [], state: undefined };
    void this.#writer.change((copy) => {
      if (copy.lineage === undefined) return { lineage };
      if (!isNoOlder(copy.lineage, lineage)) return this.#anew(copy, old, lineage);
      if (copy.lineage !== lineage) this.#leftListeners.tell();
      return undefined;
    }, true);
  }

  startAnew(epoch: string): void {
    const state = this.#attached && Y.encodeStateAsUpdate(this.#attached.doc);
    const from = this.#lineage;
    this.#late.push(...(this.takeRows() ?? []));
    this.#letGo();
    this.#lineage = lineageOf(epoch, 0);
    const to = this.#lineage;
    void this.#writer.change((copy) => {
      const late = this.#late.splice(0);
      return this.#anew(copy, { lineage: from, late, state }, to);
    }, true);
  }

  moveOn(state: Uint8Array): void {
    const held = { ...this.marks.held };
    this.#fromServer = [];
    this.#fromHere = [];
    this.#late = [];
    this.#letGo();
    const own = this.#lineage ?? '';
    const lineage = lineageOf(epochOf(own), turnOf(own) + 1);
    this.#lineage = lineage;
    let put: readonly StoredRow[] | undefined;
    void this.#writer.change((copy) => {
      put ??= this.takeRows() ?? [];
      const change = movedOn(copy, { lineage, state, held, put });
      // Another tab was quicker, perhaps more than once.
      this.#lineage = change.lineage ?? copy.lineage;
      return change;
    }, false);
  }

  setAside(edits: AsideEdits): void {
    void this.#writer.change(() => ({ putAside: [edits] }), false);
  }

  forget(id: string): Promise<void> {
    return this.#writer.change(() => ({ removeAside: [id] }), false);
  }

  async stored(): Promise<boolean> {
    await this.#writer.write();
    return this.status.state === 'ready' && this.#late.length === 0;
  }

  async close(): Promise<void> {
    this.#detach();
    this.#tabs?.close();
    this.#leftListeners.clear();
    this.#editListeners.clear();
    await this.#writer.close();
  }

  takeRows(): readonly StoredRow[] | undefined {
    this.#stopWaiting();
    const rows: StoredRow[] = [];
    const updates = this.#fromServer.splice(0);
    const edits = this.#fromHere.splice(0);
    const isSaved = ({ edit }: Made) => this.marks.isSaved(edit.upTo);
    updates.push(...edits.filter(isSaved).map(({ update }) => update));
    if (updates.length > 0) rows.push({ key: this.nextKey(), update: mergeUpdates(updates) });
    const made = edits.filter((one) => !isSaved(one));
    if (made.length > 0) {
      const update = mergeUpdates(made.map((one) => one.update));
      const unsaved = together(made.map(({ edit }) => edit));
      rows.push({ key: this.nextKey(), update, unsaved });
    }
    return rows.length > 0 ? rows : undefined;
  }

  takeChange(): Decide | undefined {
    if (!this.#hasNewsOfSaved) return undefined;
    this.#hasNewsOfSaved = false;
    return (copy) => savedRows(copy, this.marks.saved);
  }

  tooLate(rows: readonly StoredRow[]): void {
    this.#late.push(...rows);
    // If the board was reset, the server tells when it is asked for a fresh document.
    this.#leftListeners.tell();
  }

  whole(taken: readonly StoredRow[]): StoredCopy {
    const copy = { lineage: this.#lineage, base: undefined, aside: [] };
    if (this.#attached === undefined) return { ...copy, rows: taken, ...this.#loaded };
    const { unsaved } = this.marks;
    const update = Y.encodeStateAsUpdate(this.#attached.doc);
    this.#fromServer = [];
    this.#fromHere = [];
    return { ...copy, rows: [{ key: 'all', update, ...(unsaved && { unsaved }) }] };
  }

  nextKey(): string {
    this.#keys += 1;
    return `${this.marks.writer}.${this.#keys}`;
  }

  /** Leaves the document, and what is known of it. */
  #letGo(): void {
    this.#detach();
    this.#loaded = undefined;
    // What the server has committed is not unsaved, though the store has not been told yet.
    void this.#writer.change((copy) => savedRows(copy, this.marks.saved), false);
    this.marks.forget();
  }

  #detach(): void {
    this.#attached?.doc.off('update', this.#heard);
    this.#attached = undefined;
    this.#tabs?.detach();
  }

  #heard = (update: Uint8Array, origin: unknown): void => {
    if (this.#attached === undefined || this.sourceOf(origin) !== undefined) return;
    const { isFromServer, edits } = this.#attached.attachment;
    if (isFromServer(origin)) {
      this.#fromServer.push(update);
      this.#writeSoon();
      return;
    }
    const edit = this.marks.made(edits());
    this.#fromHere.push({ update, edit });
    this.#editListeners.tell(update, edit);
    void this.#writer.write();
  };

  #saveLater(): void {
    this.#hasNewsOfSaved = true;
    this.#writeSoon();
  }

  #writeSoon(): void {
    this.#lazy ??= setTimeout(() => void this.#writer.write(), lazyMs);
  }

  #stopWaiting(): void {
    clearTimeout(this.#lazy);
    this.#lazy = undefined;
  }

  #anew(copy: StoredCopy, old: OldCopy, lineage: string) {
    return startedAnew(copy, old, { lineage, now: Date.now() });
  }

  #leaveOut(broken: readonly string[], { rows }: Pick<StoredCopy, 'rows'>): void {
    const lost = unsavedOf(rows.filter(({ key }) => broken.includes(key)))?.count ?? 0;
    const base = broken.includes('base') ? { base: null } : {};
    void this.#writer.change(() => ({ ...base, remove: broken }), true);
    this.#writer.lost(
      `${broken.length} records of the local copy were damaged and are left out: ${lost} unsaved edits are lost, the rest comes again from the server`,
    );
  }
}
