import { Worker } from 'node:worker_threads';
import { TesseraError } from '@tessera/model';
import { isAwayState } from './away-state.ts';
import type { Param } from './database.ts';
import type { PgliteRequest, PgliteResponse } from './pglite-worker.ts';

interface Waiting {
  resolve(rows: object[]): void;
  reject(error: unknown): void;
}

/** A request without the id that it gets when it is sent. */
type Request = PgliteRequest extends infer R ? (R extends unknown ? Omit<R, 'id'> : never) : never;

const workerFile = import.meta.url.endsWith('.ts') ? './pglite-worker.ts' : './pglite-worker.js';

/**
 * The embedded engine in a worker thread: requests are answered in their order. When the engine
 * breaks or a query gets no answer in time, what waits fails with `database-away`, and the next
 * request starts it anew from its files.
 */
export class PgliteThread {
  readonly #folder: string | undefined;
  readonly #answerTimeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  /** Two engines on the same files would destroy them: a new one waits for the end of the old. */
  #ended: Promise<unknown> | undefined;
  #nextId = 1;
  #closed = false;

  constructor(folder: string | undefined, answerTimeoutMs: number) {
    this.#folder = folder;
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  async ask(request: Request): Promise<object[]> {
    await this.#ended;
    if (this.#closed) throw new TesseraError('database-away', 'the embedded store is closed');
    this.#worker ??= this.#start();
    return this.#send(this.#worker, request);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker !== undefined) {
      const exit = new Promise((resolve) => worker.once('exit', resolve));
      // An engine that cannot close in order is ended like one that broke.
      await this.#send(worker, { kind: 'close' }).catch(() => worker.terminate());
      await exit;
    }
    await this.#ended;
  }

  async #send(worker: Worker, request: Request): Promise<object[]> {
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<object[]>();
    this.#waiting.set(id, { resolve, reject });
    const { params, transfer } = withOwnBytes('params' in request ? request.params : []);
    worker.postMessage({ ...request, id, params }, transfer);
    // A script may take as long as it needs.
    if (request.kind === 'script') return promise;
    const late = () => this.#abandon(worker, new Error('it does not answer'));
    const timer = setTimeout(late, this.#answerTimeoutMs);
    return promise.finally(() => clearTimeout(timer));
  }

  #start(): Worker {
    const worker = new Worker(new URL(workerFile, import.meta.url), {
      workerData: { folder: this.#folder },
      // Options like --eval and --input-type are about the main program.
      execArgv: [],
    });
    worker.on('message', (response: PgliteResponse) => this.#settle(worker, response));
    worker.on('error', (error) => this.#abandon(worker, error));
    worker.on('exit', () => this.#abandon(worker, new Error('its thread ended')));
    return worker;
  }

  #settle(worker: Worker, response: PgliteResponse): void {
    if ('error' in response && response.fatal) {
      this.#abandon(worker, new Error(response.error.message));
      return;
    }
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if ('rows' in response) waiting?.resolve(response.rows);
    else waiting?.reject(failureOf(response.error));
  }

  /** Nothing more is expected of this worker. */
  #abandon(worker: Worker, cause: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#ended = worker.terminate();
    const detail = `the embedded store stopped: ${cause.message}`;
    for (const { reject } of this.#waiting.values()) {
      reject(new TesseraError('database-away', detail, { cause }));
    }
    this.#waiting.clear();
  }
}

function failureOf({ message, code }: { message: string; code: string | undefined }): Error {
  const failure = Object.assign(new Error(message), { code });
  if (!isAwayState(code)) return failure;
  return new TesseraError('database-away', `the embedded store: ${message}`, { cause: failure });
}

/** Copies of the bytes that can be given away: a clone of a small view would carry its whole buffer. */
function withOwnBytes(params: readonly Param[]): { params: Param[]; transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const copies = params.map((param) => {
    if (!(param instanceof Uint8Array)) return param;
    const copy = new Uint8Array(param);
    transfer.push(copy.buffer);
    return copy;
  });
  return { params: copies, transfer };
}
