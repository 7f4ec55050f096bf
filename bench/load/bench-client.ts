import { once } from 'node:events';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import type { Address } from '../contestants/contestant.ts';
import { FrameType, frameHead, Reader, SyncType, tokenFrame, varBytes } from './protocol.ts';

const NO_STATE = new Uint8Array([0]);
const NO_UPDATE = new Uint8Array([0, 0]);
const OPEN_WITHIN_MS = 20_000;

/** Frames of a board that others caused: edits, or who is there. */
type FrameListener = (frame: Buffer, body: number) => void;

/**
 * One tab on one board of one node. Reads only a frame's type, unless it is a witness: then it keeps a
 * real document, and what it ends with is compared.
 */
export class BenchClient {
  readonly node: number;
  readonly board: string;
  readonly doc: Y.Doc | undefined;
  /** When each update was sent, until its ack comes: a server answers them in order. */
  readonly unacked: number[] = [];
  onAck: (sentAt: number) => void = () => undefined;
  /** Sync frames with updates of others. */
  onUpdate: FrameListener = () => undefined;
  /** Presence frames; the body is one presence message. */
  onPresence: FrameListener = () => undefined;
  /** Of all messages so far. */
  receivedBytes = 0;
  #acks = 0;
  #synced = false;
  readonly #opening = Promise.withResolvers<void>();
  readonly #ws: WebSocket;
  /** Stands before the type in every frame to and from the server: its board, unless the socket has only one. */
  readonly #address: Buffer;
  readonly #updateHead: Buffer;
  readonly #hasAcks: boolean;

  private constructor({ url, node, protocol }: Address, board: string, witness: boolean) {
    this.node = node;
    this.board = board;
    this.doc = witness ? new Y.Doc() : undefined;
    const isHocuspocus = protocol === 'hocuspocus';
    this.#hasAcks = isHocuspocus;
    this.#address = isHocuspocus ? frameHead(board) : Buffer.alloc(0);
    this.#updateHead = this.head(FrameType.sync, SyncType.update);
    const path = isHocuspocus ? 'sync' : board;
    this.#ws = new WebSocket(`${url.replace('http', 'ws')}/${path}`, {
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    // Neither concerns a client that is open: nodes are killed on purpose, and what is missing is counted.
    this.#ws.on('error', (error) => this.#failed(error));
    this.#ws.on('close', (code) => this.#failed(new Error(`closed with ${code}`)));
    this.#ws.on('message', (data: Buffer) => this.#receive(data));
  }

  /** Connects, authenticates and syncs. `witness`: keeps a document. */
  static async open(
    address: Address,
    board: string,
    { witness = false } = {},
  ): Promise<BenchClient> {
    const client = new BenchClient(address, board, witness);
    client.#ws.once('open', () => {
      if (address.protocol === 'hocuspocus') client.send(tokenFrame(board, address.token));
      client.#sendSync(SyncType.step1, NO_STATE);
    });
    const late = () => client.#failed(new Error(`no sync within ${OPEN_WITHIN_MS} ms`));
    const timer = setTimeout(late, OPEN_WITHIN_MS);
    try {
      await client.#opening.promise;
    } catch (cause) {
      throw new Error(`${board} could not be opened on node ${address.node + 1}`, { cause });
    } finally {
      clearTimeout(timer);
    }
    return client;
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  /** Everything in front of a frame's body that is the same for all frames of this kind. */
  head(...types: number[]): Buffer {
    return Buffer.concat([this.#address, Buffer.from(types)]);
  }

  sendUpdate(update: Uint8Array): void {
    if (this.#hasAcks) this.unacked.push(performance.now());
    this.#ws.send(Buffer.concat([this.#updateHead, varBytes(update)]));
  }

  send(frame: Buffer): void {
    this.#ws.send(frame);
  }

  /** As when a tab is closed: the socket ends, without a word. */
  async close(): Promise<void> {
    if (this.#ws.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#ws, 'close');
    this.#ws.terminate();
    await closed;
    this.doc?.destroy();
  }

  #sendSync(type: number, payload: Uint8Array): void {
    this.#ws.send(Buffer.concat([this.head(FrameType.sync, type), varBytes(payload)]));
  }

  #receive(frame: Buffer): void {
    this.receivedBytes += frame.byteLength;
    const typeAt = this.#address.length;
    const body = typeAt + 1;
    switch (frame[typeAt]) {
      case FrameType.sync:
      case FrameType.syncReply:
        this.#sync(frame, body);
        return;
      case FrameType.awareness:
        this.onPresence(frame, body);
        return;
      case FrameType.syncStatus:
        this.#status(frame[body] === 1);
        return;
      default:
    }
  }

  #sync(frame: Buffer, body: number): void {
    if (frame[body] === SyncType.step1) {
      this.#sendSync(SyncType.step2, NO_UPDATE);
      return;
    }
    this.onUpdate(frame, body + 1);
    if (this.doc !== undefined) {
      Y.applyUpdate(this.doc, new Reader(frame, body + 1).bytes(), this);
    }
    if (frame[body] === SyncType.step2) this.#synced = true;
    this.#look();
  }

  #status(saved: boolean): void {
    if (!saved) throw new Error(`an edit of ${this.board} on node ${this.node + 1} was refused`);
    this.#acks += 1;
    this.#look();
    // The first ack answers the sync.
    const sentAt = this.#acks > 1 ? this.unacked.shift() : undefined;
    if (sentAt !== undefined) this.onAck(sentAt);
  }

  #look(): void {
    if (this.#synced && (this.#acks > 0 || !this.#hasAcks)) this.#opening.resolve();
  }

  #failed(error: Error): void {
    this.#opening.reject(error);
  }
}
