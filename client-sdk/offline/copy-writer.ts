import { TesseraError } from '@tessera/model';
import { Listeners } from '../src/listeners.ts';
import type { AsideEdits, StorageStatus } from '../src/local-copy.ts';
import { compacted, mergedRows } from './records.ts';
import type { BoardStorage, CopyChange, StorageBackend, StoredCopy, StoredRow } from './storage.ts';
import { changed, MemoryStorage } from './storage-memory.ts';

export type Decide = (copy: StoredCopy) => CopyChange | undefined;

/** Who has something to write. */
export interface WriterSource {
  readonly lineage: string | undefined;
  /** Takes the rows that are to be written next; undefined if there are none. */
  takeRows(): readonly StoredRow[] | undefined;
  /** Takes the change to what is stored that is due; undefined if there is none. */
  takeChange(): Decide | undefined;
  /** The copy is of another lineage by now. */
  tooLate(rows: readonly StoredRow[]): void;
  /** All that has to be in a copy that begins in memory, as the store is gone; `taken` could not be written. */
  whole(taken: readonly StoredRow[]): StoredCopy;
  nextKey(): string;
}

const mergeAtRows = 100;
const compactAtBytes = 64 * 1024;

/**
 * Writes the copy of one board: one write at a time, in order, in memory when the store fails, and
 * compacted when nothing else is to be done.
 */
export class CopyWriter {
  readonly #board: string;
  readonly #backend: StorageBackend;
  readonly #source: WriterSource;
  readonly #listeners = new Listeners<[]>();
  #storage: BoardStorage = new MemoryStorage();
  #status: StorageStatus = { state: 'loading' };
  #aside: readonly AsideEdits[] = [];
  #loading: Promise<StoredCopy | undefined> | undefined;
  #steps: { readonly run: () => Promise<void>; readonly done: () => void }[] = [];
  #writing: Promise<void> | undefined;
  #isClosing = false;
  #isCompacting = false;
  #rows = 0;
  /** Of the rows after the last compaction: edits that stay unsaved stay rows. */
  #leftBytes = 0;
  #rowBytes = 0;
  #baseBytes = 0;

  constructor(board: string, backend: StorageBackend, source: WriterSource) {
    this.#board = board;
    this.#backend = backend;
    this.#source = source;
  }

  get status(): StorageStatus {
    return this.#status;
  }

  get aside(): readonly AsideEdits[] {
    return this.#aside;
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** What is stored; undefined if it cannot be read. */
  load(): Promise<StoredCopy | undefined> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<StoredCopy | undefined> {
    try {
      this.#storage = await this.#backend.open(this.#board, (reason) => this.#fail(reason));
      const copy = await this.#storage.read();
      this.#aside = copy.aside;
      this.#measure(copy);
      this.#baseBytes = copy.base?.length ?? 0;
      if (this.#status.state !== 'failed') {
        this.#tell({ state: this.#backend.persistent ? 'ready' : 'off' });
      }
      return copy;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  /** Writes all there is to write, one step after the other. */
  write(): Promise<void> {
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    await this.load();
    for (;;) {
      const step = this.#steps.shift();
      if (step !== undefined) {
        await this.#tryTwice(step.run);
        step.done();
        continue;
      }
      const rows = this.#source.takeRows();
      if (rows !== undefined) {
        await this.#append(rows);
        continue;
      }
      const decide = this.#source.takeChange();
      if (decide === undefined) break;
      await this.#tryTwice(() => this.#run(decide, false));
    }
    // In the same turn as the last look, or an edit in between would wait for the next one.
    this.#writing = undefined;
    this.compactIfDue();
  }

  /** Resolves when the change is made. */
  change(decide: Decide, withBase: boolean): Promise<void> {
    return new Promise((done) => {
      this.#steps.push({ run: () => this.#run(decide, withBase), done });
      void this.write();
    });
  }

  /** Some of what was stored is lost, and the rest is kept. */
  lost(reason: string): void {
    if (this.#status.state === 'ready') this.#tell({ state: 'ready', reason });
  }

  compactIfDue(): void {
    if (this.#isCompacting || this.#due === undefined) return;
    this.#isCompacting = true;
    whenIdle(() => {
      this.#isCompacting = false;
      if (!this.#isClosing) void this.#compaction();
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#listeners.clear();
    await this.write();
    // Pages that are always closed before they are idle would let the rows pile up.
    await this.#compaction();
    await this.#storage.close();
  }

  async #append(rows: readonly StoredRow[]): Promise<void> {
    try {
      await this.#storage.append(rows, this.#source.lineage);
      this.#rows += rows.length;
      this.#rowBytes += bytesOf(rows);
    } catch (error) {
      const isTooLate = error instanceof TesseraError && error.code === 'epoch-changed';
      if (isTooLate) this.#source.tooLate(rows);
      else this.#fail(error, rows);
    }
  }

  async #run(decide: Decide, withBase: boolean): Promise<void> {
    let after: StoredCopy | undefined;
    await this.#storage.change(
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
    if (nameOf(after.aside) === nameOf(this.#aside)) return;
    this.#aside = after.aside;
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
    this.#storage = new MemoryStorage({ ...this.#source.whole(taken), aside: this.#aside });
    this.#tell(failed(this.#board, error));
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
    await this.change((copy) => compact(copy, this.#source.nextKey()), due === 'compact');
    if (due === 'compact') this.#leftBytes = this.#rowBytes;
  }

  #measure({ rows }: StoredCopy): void {
    this.#rows = rows.length;
    this.#rowBytes = bytesOf(rows);
  }

  #tell(status: StorageStatus): void {
    this.#status = status;
    this.#listeners.tell();
  }
}

function failed(board: string, error: unknown): StorageStatus {
  // Some errors of browsers have a name and no message.
  const what = error instanceof Error ? error.message || error.name : String(error);
  const reason = `the local copy of ${board} is not kept any more, edits are only in memory: ${what}`;
  return { state: 'failed', reason };
}

function nameOf(aside: readonly AsideEdits[]): string {
  return aside.map(({ id, count }) => `${id} ${count}`).join();
}

function bytesOf(rows: readonly StoredRow[]): number {
  return rows.reduce((sum, { update }) => sum + update.length, 0);
}

function whenIdle(run: () => void): void {
  if (typeof requestIdleCallback === 'function') requestIdleCallback(run, { timeout: 5000 });
  else setTimeout(run, 0);
}
