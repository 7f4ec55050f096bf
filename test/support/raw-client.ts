import { once } from 'node:events';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';

/** What a socket was closed with. */
export interface Closed {
  code: number;
  reason: string;
}

/**
 * A client that speaks the Hocuspocus protocol frame by frame, for what stock clients hide: which
 * edit an ack belongs to, and frames no honest client would send.
 */
export class RawClient {
  readonly ws: WebSocket;
  readonly doc: Y.Doc;
  readonly board: string;
  /** SyncStatus(true) messages so far. The first answers the initial sync. */
  acks = 0;
  refusals = 0;
  readonly stateless: Record<string, unknown>[] = [];
  permissionDenied: string | undefined;
  boardClosed: string | undefined;
  closed: Closed | undefined;
  synced = false;
  /** Whether SyncStep1 of the server is answered, as every client does. */
  answers = true;
  /** Called right after SyncStep1 of the server was answered with all that the document has. */
  onAnswered: () => void = () => undefined;
  readonly #listeners = new Set<() => void>();

  constructor(url: string, board: string, doc = new Y.Doc(), path = '/sync') {
    this.board = board;
    this.doc = doc;
    this.ws = new WebSocket(`${url.replace('http', 'ws')}${path}`);
    this.ws.on('message', (data: Buffer) => this.#receive(new Uint8Array(data)));
    this.ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#changed();
    });
    this.ws.on('error', () => this.#changed()); // the close event that follows tells
  }

  /** Connects, authenticates and syncs. */
  static async open(url: string, board: string, token: string, path?: string): Promise<RawClient> {
    const client = new RawClient(url, board, undefined, path);
    await client.opened();
    client.authenticate(token);
    client.step1();
    await client.until(() => client.synced && client.acks > 0, 'the first sync');
    return client;
  }

  async opened(): Promise<void> {
    if (this.ws.readyState !== WebSocket.OPEN) await once(this.ws, 'open');
  }

  authenticate(token: string): void {
    this.frame(2, (encoder) => {
      encoding.writeVarUint(encoder, 0);
      encoding.writeVarString(encoder, token);
    });
  }

  step1(): void {
    this.sync(0, Y.encodeStateVector(this.doc));
  }

  /** Edits its own document and sends the update; returns it. */
  edit(change: (doc: Y.Doc) => void): Uint8Array {
    const update = this.makeUpdate(change);
    this.sendUpdate(update);
    return update;
  }

  makeUpdate(change: (doc: Y.Doc) => void): Uint8Array {
    let update: Uint8Array | undefined;
    const keep = (bytes: Uint8Array) => {
      update = bytes;
    };
    this.doc.once('update', keep);
    this.doc.transact(() => change(this.doc));
    if (update === undefined) throw new Error('the change changed nothing');
    return update;
  }

  sendUpdate(update: Uint8Array): void {
    this.sync(2, update);
  }

  sync(syncType: number, payload: Uint8Array): void {
    this.frame(0, (encoder) => {
      encoding.writeVarUint(encoder, syncType);
      encoding.writeVarUint8Array(encoder, payload);
    });
  }

  frame(type: number, write: (encoder: encoding.Encoder) => void, address = this.board): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarString(encoder, address);
    encoding.writeVarUint(encoder, type);
    write(encoder);
    this.send(encoding.toUint8Array(encoder));
  }

  send(bytes: Uint8Array | string): void {
    if (this.ws.readyState === WebSocket.OPEN) this.ws.send(bytes);
  }

  /** Waits for the condition, looking again at every message; fails after `timeoutMs`. */
  until(condition: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!condition()) return;
        done();
        resolve();
      };
      const timer = setTimeout(() => {
        done();
        const closed = this.closed ? `; closed with ${JSON.stringify(this.closed)}` : '';
        reject(new Error(`gave up waiting for ${what}${closed}`));
      }, timeoutMs);
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(look);
      };
      this.#listeners.add(look);
      look();
    });
  }

  async untilClosed(): Promise<Closed> {
    await this.until(() => this.closed !== undefined, 'the socket to be closed', 15_000);
    return this.closed as Closed;
  }

  async close(): Promise<void> {
    this.ws.terminate();
    await this.untilClosed();
    this.doc.destroy();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #receive(message: Uint8Array): void {
    const decoder = decoding.createDecoder(message);
    const address = decoding.readVarString(decoder);
    if (address === this.board) this.#read(decoding.readVarUint(decoder), decoder);
    this.#changed();
  }

  #read(type: number, decoder: decoding.Decoder): void {
    if (type === 0 || type === 4) this.#readSync(decoder);
    else if (type === 2 && decoding.readVarUint(decoder) === 1) {
      this.permissionDenied = decoding.readVarString(decoder);
    } else if (type === 5) this.stateless.push(JSON.parse(decoding.readVarString(decoder)));
    else if (type === 7) this.boardClosed = decoding.readVarString(decoder);
    else if (type === 8) {
      if (decoding.readVarUint(decoder) === 1) this.acks += 1;
      else this.refusals += 1;
    }
  }

  #readSync(decoder: decoding.Decoder): void {
    const syncType = decoding.readVarUint(decoder);
    const payload = decoding.readVarUint8Array(decoder);
    if (syncType === 0) {
      if (!this.answers) return;
      this.sync(1, Y.encodeStateAsUpdate(this.doc, payload));
      this.onAnswered();
      return;
    }
    Y.applyUpdate(this.doc, payload, 'server');
    if (syncType === 1) this.synced = true;
  }
}
