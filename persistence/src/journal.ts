import { setTimeout as delay } from 'node:timers/promises';
import { mergeUpdates } from '@tessera/model';
import type { Appended, BoardStore, NewUpdate } from './board-store.ts';

/** What one commit added to one board's log. */
export interface Commit extends Appended {
  epoch: string;
  /** What was written, one update for each seq. */
  updates: readonly Uint8Array[];
}

export interface JournalEvents {
  /** Called once per board and commit, before anybody waiting for it is told. */
  committed(commit: Commit): void;
  /** The board's pending updates can never be saved: it is gone, has another epoch, or the data is unacceptable. */
  refused(board: string, reason: 'epoch-changed' | 'unacceptable'): void;
  /** Commits began to fail (with the error), or work again (`undefined`). */
  health(failure: Error | undefined): void;
  /**
   * The budget of a board, or without one of all together, is used up (true: stop reading from clients),
   * or there is room again (false).
   */
  pressure(full: boolean, board?: string): void;
}

export interface JournalOptions {
  /** Budget for updates waiting to be committed, in bytes, over all boards. Default 64 MiB. */
  maxPendingBytes?: number;
  /** The same for each board. Default 16 MiB. */
  maxPendingBytesPerBoard?: number;
}

interface BoardTail {
  waiting: NewUpdate[];
  /** Counts of updates appended and committed since this tail began; equal when all is saved. */
  appended: number;
  committed: number;
  refused: boolean;
  budget: Budget;
  savedCallbacks: { upTo: number; saved: () => void }[];
}

const MiB = 1024 * 1024;
const MAX_BATCH_BYTES = 8 * MiB;
/**
 * Commits begin so far apart at least. The first edit after a pause does not wait, and nobody notices that
 * the others do; a commit costs a node and its database as much for one row as for ten.
 */
const COMMIT_EVERY_MS = 4;
/** A database that has not answered by then counts as failing, though it may still commit. */
const SLOW_AFTER_MS = 1_000;
const FIRST_RETRY_MS = 25;
const LAST_RETRY_MS = 500;

/**
 * Group commit in front of a board store.
 *
 * Appending never waits. One flush is in flight at a time; whatever arrives meanwhile, and until the next
 * one may begin, goes together into that, so the batch grows with the load by itself. Within a flush, a board's updates by
 * one actor become one row. Such a row may lean on a later row of the same flush, so a board's head
 * only ever rests at the end of a flush.
 *
 * A flush that fails is tried again until it commits. If the connection died after the commit, that
 * writes the updates twice; merging a Yjs update twice changes nothing.
 */
export class Journal {
  readonly #store: Pick<BoardStore, 'append'>;
  readonly #events: JournalEvents;
  readonly #maxPendingBytesPerBoard: number;
  readonly #budget: Budget;
  readonly #tails = new Map<string, BoardTail>();
  /** Boards with waiting updates, in order of their first one. */
  readonly #dirty = new Set<string>();
  #failure: Error | undefined;
  #flushing: Promise<void> | undefined;
  #nextCommitAt = 0;
  readonly #stop = new AbortController();

  constructor(
    store: Pick<BoardStore, 'append'>,
    events: JournalEvents,
    { maxPendingBytes = 64 * MiB, maxPendingBytesPerBoard = 16 * MiB }: JournalOptions = {},
  ) {
    this.#store = store;
    this.#events = events;
    this.#budget = new Budget(maxPendingBytes, (full) => events.pressure(full));
    this.#maxPendingBytesPerBoard = maxPendingBytesPerBoard;
  }

  /** Bytes of updates that are not committed yet. */
  get pendingBytes(): number {
    return this.#budget.bytes;
  }

  /** Whether the budget of all boards together is used up. */
  get full(): boolean {
    return this.#budget.full;
  }

  /** Whether the budget of the board is used up. */
  isFull(board: string): boolean {
    return this.#tails.get(board)?.budget.full ?? false;
  }

  /** Why the newest attempt to commit failed; undefined while commits work. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Ids of the boards that have uncommitted updates. */
  get pendingBoards(): string[] {
    return [...this.#tails].filter(([, tail]) => isPending(tail)).map(([board]) => board);
  }

  /** Queues the update for the next commit. A board's updates are committed in the order of the calls. */
  append(update: NewUpdate): void {
    const tail = this.#tail(update.board);
    if (tail.refused) return;
    tail.waiting.push(update);
    tail.appended += 1;
    this.#dirty.add(update.board);
    this.#addPending(tail, update.bytes.byteLength);
    this.#flushing ??= this.#flushAll();
  }

  /** Whether the board has updates that are not committed yet. */
  isPending(board: string): boolean {
    const tail = this.#tails.get(board);
    return tail !== undefined && isPending(tail);
  }

  /**
   * Calls back once everything appended for the board so far is committed: at once if it is already.
   * Never calls back for a board that was refused.
   */
  whenSaved(board: string, saved: () => void): void {
    const tail = this.#tails.get(board);
    if (tail === undefined) saved();
    else if (!tail.refused) tail.savedCallbacks.push({ upTo: tail.appended, saved });
  }

  /** Forgets that the board was refused, so that it can be opened anew. */
  forget(board: string): void {
    if (this.#tails.get(board)?.refused) this.#tails.delete(board);
  }

  /** Resolves when nothing is pending any more, or after `close`. */
  async drained(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  /** Stops retrying. What is pending then stays uncommitted (and was never acked). */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.drained();
  }

  #tail(board: string): BoardTail {
    let tail = this.#tails.get(board);
    if (tail === undefined) {
      const pressure = (full: boolean) => this.#events.pressure(full, board);
      const budget = new Budget(this.#maxPendingBytesPerBoard, pressure);
      tail = { waiting: [], appended: 0, committed: 0, refused: false, budget, savedCallbacks: [] };
      this.#tails.set(board, tail);
    }
    return tail;
  }

  async #flushAll(): Promise<void> {
    // Lets everything that arrives in this turn of the event loop share the first commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#dirty.size > 0 && !this.#stop.signal.aborted) {
      const waitMs = this.#nextCommitAt - performance.now();
      if (waitMs >= 1) await delay(waitMs);
      this.#nextCommitAt = performance.now() + COMMIT_EVERY_MS;
      await this.#commit(this.#takeBatch());
    }
    this.#flushing = undefined;
  }

  #takeBatch(): Map<string, NewUpdate[]> {
    const batch = new Map<string, NewUpdate[]>();
    let bytes = 0;
    for (const board of this.#dirty) {
      if (bytes >= MAX_BATCH_BYTES) break;
      const tail = this.#tail(board);
      batch.set(board, tail.waiting);
      bytes += totalBytes(tail.waiting);
      tail.waiting = [];
      this.#dirty.delete(board);
    }
    return batch;
  }

  async #commit(batch: Map<string, NewUpdate[]>): Promise<void> {
    const rows = [...batch.values()].flatMap(mergeByActor);
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      const slow = setTimeout(
        () => this.#setFailure(new Error(`no answer for ${SLOW_AFTER_MS} ms`)),
        SLOW_AFTER_MS,
      );
      try {
        const appended = await this.#store.append(rows).finally(() => clearTimeout(slow));
        this.#setFailure(undefined);
        this.#settle(batch, rows, appended);
        return;
      } catch (error) {
        if (isAboutTheData(error)) return this.#isolate(batch);
        this.#setFailure(error instanceof Error ? error : new Error(String(error)));
        // Closing ends the wait early; the updates then stay uncommitted and unacked.
        await delay(retryMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
        if (this.#stop.signal.aborted) return;
      }
    }
  }

  /** One board's data cannot be stored: alone, it does not keep the others from being saved. */
  async #isolate(batch: Map<string, NewUpdate[]>): Promise<void> {
    for (const [board, updates] of batch) {
      if (batch.size > 1) await this.#commit(new Map([[board, updates]]));
      else this.#refuse(board, updates, 'unacceptable');
    }
  }

  #settle(batch: Map<string, NewUpdate[]>, rows: NewUpdate[], appended: Appended[]): void {
    const written = new Map(appended.map((entry) => [entry.board, entry]));
    const rowsByBoard = Map.groupBy(rows, (row) => row.board);
    for (const [board, updates] of batch) {
      const entry = written.get(board);
      const [first, ...others] = rowsByBoard.get(board) ?? [];
      if (entry === undefined || first === undefined) {
        this.#refuse(board, updates, 'epoch-changed');
        continue;
      }
      const tail = this.#tail(board);
      tail.committed += updates.length;
      this.#addPending(tail, -totalBytes(updates));
      this.#events.committed({
        ...entry,
        epoch: first.epoch,
        updates: [first, ...others].map((row) => row.bytes),
      });
      const isDue = ({ upTo }: { upTo: number }) => upTo <= tail.committed;
      const due = tail.savedCallbacks.filter(isDue);
      tail.savedCallbacks = tail.savedCallbacks.filter((entry) => !isDue(entry));
      if (!isPending(tail)) this.#tails.delete(board);
      for (const { saved } of due) saved();
    }
  }

  #refuse(board: string, taken: NewUpdate[], reason: 'epoch-changed' | 'unacceptable'): void {
    const tail = this.#tail(board);
    this.#addPending(tail, -totalBytes(taken) - totalBytes(tail.waiting));
    this.#dirty.delete(board);
    tail.waiting = [];
    tail.savedCallbacks = [];
    tail.refused = true;
    this.#events.refused(board, reason);
  }

  #addPending(tail: BoardTail, bytes: number): void {
    tail.budget.add(bytes);
    this.#budget.add(bytes);
  }

  #setFailure(failure: Error | undefined): void {
    const changed = (failure === undefined) !== (this.#failure === undefined);
    this.#failure = failure;
    if (changed) this.#events.health(failure);
  }
}

/** Bytes of uncommitted updates, and how many there may be. */
class Budget {
  bytes = 0;
  full = false;
  readonly #max: number;
  readonly #changed: (full: boolean) => void;

  constructor(max: number, changed: (full: boolean) => void) {
    this.#max = max;
    this.#changed = changed;
  }

  add(bytes: number): void {
    this.bytes += bytes;
    // Opens again at half, so that sockets are not paused and resumed with every commit.
    const full = this.bytes > this.#max * (this.full ? 0.5 : 1);
    if (full === this.full) return;
    this.full = full;
    this.#changed(full);
  }
}

function isPending(tail: BoardTail): boolean {
  return !tail.refused && tail.committed < tail.appended;
}

function totalBytes(updates: NewUpdate[]): number {
  return updates.reduce((sum, update) => sum + update.bytes.byteLength, 0);
}

function mergeByActor(updates: NewUpdate[]): NewUpdate[] {
  if (updates.length === 1) return updates;
  return [...Map.groupBy(updates, (update) => update.actor).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined || same.length === 1) return same;
    try {
      return [{ ...first, bytes: mergeUpdates(same.map((update) => update.bytes)) }];
    } catch {
      return same; // merging only saves space; what cannot be merged is stored as it came
    }
  });
}

/** SQLSTATE classes 22 (data), 23 (constraint) and 54 (limit): trying the same rows again cannot help. */
function isAboutTheData(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(22|23|54)...$/.test(code);
}
