import type * as Y from 'yjs';
import { finishes } from '../../test/support/wait.ts';
import type { Site } from '../contestants/contestant.ts';
import { BenchClient } from './bench-client.ts';
import { Reader } from './protocol.ts';

/** Ids of authors take five bytes in every struct, as nearly all random ones do: so sizes can be compared. */
export const FIRST_CLIENT_ID = 2 ** 31;
let clientsMade = 0;

interface PacedOptions {
  /** How many updates may wait for their answer. */
  readonly window: number;
  readonly actor?: string;
  /** Of updates that are made elsewhere. */
  readonly clientId?: number;
}

const ANSWERED_WITHIN_MS = 20_000;

/**
 * Somebody with a document who edits as fast as the server answers: up to `window` updates wait for their
 * ack. Where there are no acks, for their arrival at a second client.
 */
export class PacedWriter {
  readonly doc: Y.Doc;
  /** Of the updates that were sent, without their frames. */
  sentBytes = 0;
  sent = 0;
  answered = 0;
  readonly #client: BenchClient;
  readonly #watcher: BenchClient | undefined;
  readonly #window: number;
  #waiting: { until: number; resolve: () => void } | undefined;

  private constructor(
    client: BenchClient,
    watcher: BenchClient | undefined,
    { window, clientId }: { window: number; clientId: number | undefined },
  ) {
    if (client.doc === undefined) throw new Error('a writer has a document');
    this.doc = client.doc;
    clientsMade += 1;
    this.doc.clientID = FIRST_CLIENT_ID + clientsMade;
    this.#client = client;
    this.#watcher = watcher;
    this.#window = window;
    client.onAck = () => this.#answer();
    if (watcher !== undefined) {
      const author = clientId ?? this.doc.clientID;
      watcher.onUpdate = (frame, body) => {
        if (isBy(author, new Reader(frame, body).bytes())) this.#answer();
      };
    }
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== client) this.#send(update);
    });
  }

  static async open(
    site: Site,
    board: string,
    { window, actor = 'writer', clientId }: PacedOptions,
  ): Promise<PacedWriter> {
    const client = await BenchClient.open(site.at(0, actor), board, { witness: true });
    const watcher =
      site.contestant.ack === undefined
        ? await BenchClient.open(site.at(0, 'watcher'), board)
        : undefined;
    return new PacedWriter(client, watcher, { window, clientId });
  }

  /** Makes edits, each transaction an update, and resolves once there is room for the next one. */
  async edit(change: (doc: Y.Doc) => void): Promise<void> {
    change(this.doc);
    await this.#room();
  }

  /** Sends an update that was made elsewhere. */
  async sendUpdate(update: Uint8Array): Promise<void> {
    this.#send(update);
    await this.#room();
  }

  /** Everything was answered. Throws if it is not in time. */
  async settled(withinMs = ANSWERED_WITHIN_MS): Promise<void> {
    await this.#until(this.sent, withinMs);
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#watcher?.close();
  }

  #send(update: Uint8Array): void {
    this.sent += 1;
    this.sentBytes += update.byteLength;
    this.#client.sendUpdate(update);
  }

  async #room(): Promise<void> {
    // Half of it at a time: a turn of the event loop for each update would measure that.
    if (this.sent - this.answered < this.#window) return;
    await this.#until(this.sent - Math.floor(this.#window / 2), ANSWERED_WITHIN_MS);
  }

  async #until(answered: number, withinMs: number): Promise<void> {
    if (this.answered >= answered) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = { until: answered, resolve };
    await finishes(promise, {
      timeoutMs: withinMs,
      what: `${this.sent} updates to be answered, of which ${this.answered} were`,
    });
  }

  #answer(): void {
    this.answered += 1;
    if (this.#waiting === undefined || this.answered < this.#waiting.until) return;
    this.#waiting.resolve();
    this.#waiting = undefined;
  }
}

/** Whether an update is of this author, or has deletions only. It begins with clients, structs, client. */
function isBy(author: number, update: Buffer): boolean {
  const reader = new Reader(update);
  if (reader.uint() === 0) return true;
  reader.uint();
  return reader.uint() === author;
}

/** What a client that joins a board is sent until it has all of it. */
export async function joinBoard(
  site: Site,
  board: string,
): Promise<{ bytes: number; doc: Y.Doc; close(): Promise<void> }> {
  const client = await BenchClient.open(site.at(0, 'newcomer'), board, { witness: true });
  if (client.doc === undefined) throw new Error('a newcomer has a document');
  return { bytes: client.receivedBytes, doc: client.doc, close: () => client.close() };
}
