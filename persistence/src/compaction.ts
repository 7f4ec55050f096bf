import type { BoardStore } from './board-store.ts';
import { type SnapshotBuilder, SnapshotThread } from './snapshot-thread.ts';

export interface CompactorOptions {
  /** Told when a board could not be compacted: its old snapshot and its log are as they were. */
  onFailure(board: string, error: unknown): void;
  /** Bytes since the snapshot that always allow for a new one. Default 1 MiB: read back in some 20 ms. */
  minBytes?: number;
  /** Updates since the snapshot that always call for a new one. Default 20,000. */
  maxRows?: number;
  /** Updates since the snapshot that make one worth it when the board is unloaded. Default 200. */
  worthRows?: number;
  builder?: SnapshotBuilder;
}

/** What was read to load a board: the size of its snapshot (0 without one) and of the log after it. */
export interface LoadedSize {
  snapshotBytes: number;
  rows: number;
  bytes: number;
}

interface Job {
  board: string;
  done: Promise<boolean>;
  finish(written: boolean): void;
}

/**
 * Writes new snapshots from the previous one and the log after it, and leaves the log as it is.
 *
 * A board is due when the log since its snapshot has outgrown the snapshot: so the total work stays
 * in proportion to what was written, and loading never reads more than twice the state. Boards wait
 * in line and go one at a time; after an attempt, also one that failed, the count starts over.
 * Nodes may compact the same board: the store keeps the newer snapshot.
 */
export class Compactor {
  readonly #store: Pick<BoardStore, 'load' | 'putSnapshot'>;
  readonly #options: Required<CompactorOptions>;
  readonly #sizes = new Map<string, LoadedSize>();
  readonly #queue = new Map<string, Job>();
  #working: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(store: Pick<BoardStore, 'load' | 'putSnapshot'>, options: CompactorOptions) {
    this.#store = store;
    this.#options = {
      minBytes: 1024 * 1024,
      maxRows: 20_000,
      worthRows: 200,
      builder: new SnapshotThread(),
      ...options,
    };
  }

  /** The board was loaded, from this much. */
  loaded(board: string, size: LoadedSize): void {
    this.#sizes.set(board, { ...size });
    this.#compactIfDue(board);
  }

  /** The board's log has grown by this much. */
  appended(board: string, rows: number, bytes: number): void {
    const size = this.#sizes.get(board) ?? { snapshotBytes: 0, rows: 0, bytes: 0 };
    this.#sizes.set(board, { ...size, rows: size.rows + rows, bytes: size.bytes + bytes });
    this.#compactIfDue(board);
  }

  /** The board was unloaded. */
  forget(board: string): void {
    this.#sizes.delete(board);
  }

  /** For a board that is about to be unloaded: compacts it unless its log is short. */
  async compactIfWorth(board: string): Promise<boolean> {
    const rows = this.#sizes.get(board)?.rows ?? 0;
    return rows >= this.#options.worthRows && this.compact(board);
  }

  /** Compacts the board when its turn comes. Whether a snapshot was written; never rejects. */
  compact(board: string): Promise<boolean> {
    if (this.#closed !== undefined) return Promise.resolve(false);
    const queued = this.#queue.get(board);
    if (queued !== undefined) return queued.done;
    const { promise: done, resolve: finish } = Promise.withResolvers<boolean>();
    this.#queue.set(board, { board, done, finish });
    this.#working ??= this.#work();
    return done;
  }

  /** Resolves when no board waits or is being compacted. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  /** Gives up what waits and what is being built: the log has it all. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const { finish } of this.#queue.values()) finish(false);
    this.#queue.clear();
    await this.#options.builder.close();
    await this.idle();
  }

  #compactIfDue(board: string): void {
    const { minBytes, maxRows } = this.#options;
    const size = this.#sizes.get(board);
    if (size === undefined) return;
    const due = size.bytes >= Math.max(minBytes, size.snapshotBytes) || size.rows >= maxRows;
    if (due) void this.compact(board);
  }

  async #work(): Promise<void> {
    for (const job of this.#queue.values()) {
      let written = false;
      try {
        written = await this.#compactNow(job);
      } catch (error) {
        const size = this.#sizes.get(job.board);
        if (size !== undefined) this.#sizes.set(job.board, { ...size, rows: 0, bytes: 0 });
        if (this.#closed === undefined) this.#options.onFailure(job.board, error);
      }
      this.#queue.delete(job.board);
      job.finish(written);
    }
    this.#working = undefined;
  }

  async #compactNow({ board }: Job): Promise<boolean> {
    const stored = await this.#store.load(board);
    if (stored === undefined || stored.updates.length === 0) return false;
    if (this.#closed !== undefined) return false; // while it was read
    const snapshot = await this.#options.builder.build(stored);
    const written = await this.#store.putSnapshot(board, stored.epoch, snapshot);
    const size = this.#sizes.get(board);
    if (size !== undefined) {
      // What was appended meanwhile is not in the snapshot, and goes on counting.
      const bytes = stored.updates.reduce((sum, update) => sum + update.bytes.byteLength, 0);
      this.#sizes.set(board, {
        snapshotBytes: snapshot.bytes.byteLength,
        rows: Math.max(0, size.rows - stored.updates.length),
        bytes: Math.max(0, size.bytes - bytes),
      });
    }
    return written;
  }
}

/** A compactor that builds in a worker thread of its own. */
export function createCompactor(
  store: Pick<BoardStore, 'load' | 'putSnapshot'>,
  options: CompactorOptions,
): Compactor {
  return new Compactor(store, options);
}
