import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Snapshot, StoredBoard } from './board-store.ts';
import { packBoard } from './packed-board.ts';
import type { SnapshotResponse } from './snapshot-worker.ts';

/** Builds snapshots, one at a time. */
export interface SnapshotBuilder {
  /** Rejects when the board is not whole, or when the builder is closed meanwhile. */
  build(stored: StoredBoard): Promise<Snapshot>;
  close(): Promise<void>;
}

const workerFile = import.meta.url.endsWith('.ts')
  ? './snapshot-worker.ts'
  : './snapshot-worker.js';

/**
 * Builds snapshots in a worker thread, so that no socket waits for it. The thread starts with the
 * first job and ends when it had none for `idleMs` (default 10,000): an idle node stays small.
 */
export class SnapshotThread implements SnapshotBuilder {
  readonly #idleMs: number;
  #worker: Worker | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor({ idleMs = 10_000 }: { idleMs?: number } = {}) {
    this.#idleMs = idleMs;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  async build(stored: StoredBoard): Promise<Snapshot> {
    clearTimeout(this.#idleTimer);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    // Only work keeps the process alive, not a thread that waits for some.
    worker.ref();
    try {
      // Copying 10 MB takes some 5 ms, and reading them has just taken as much.
      await nextTurn();
      // It may have ended in between, and then nobody would answer.
      if (this.#worker !== worker) throw ended(stored);
      const response = await ask(worker, stored);
      await nextTurn();
      if ('failure' in response) throw new Error(response.failure);
      return response.snapshot;
    } finally {
      worker.unref();
      this.#idleTimer = setTimeout(() => void this.close(), this.#idleMs);
      this.#idleTimer.unref();
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const worker = this.#worker;
    // What is asked from now on is for another one.
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL(workerFile, import.meta.url), {
      // Options like --eval and --input-type are about the main program.
      execArgv: [],
    });
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}

function ask(worker: Worker, stored: StoredBoard): Promise<SnapshotResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<SnapshotResponse>();
  const onExit = () => reject(ended(stored));
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', onExit);
  const packed = packBoard(stored);
  worker.postMessage(packed, [packed.bytes.buffer, packed.seqs.buffer, packed.lengths.buffer]);
  return promise.finally(() => {
    worker.off('message', resolve);
    worker.off('error', reject);
    worker.off('exit', onExit);
  });
}

function ended({ board }: StoredBoard): Error {
  return new Error(`the snapshot thread ended while it built ${board}`);
}
