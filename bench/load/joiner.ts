import type { Address } from '../contestants/contestant.ts';
import { LightSocket, type Message } from './light-socket.ts';
import {
  FrameType,
  frameHead,
  presenceFrame,
  Reader,
  SyncType,
  tokenFrame,
  varBytes,
} from './protocol.ts';

/** What a client has of a board when it comes. */
export interface Held {
  readonly stateVector: Uint8Array;
  /** What somebody with this state vector lacks of it, as an update. */
  lackedBy(stateVector: Uint8Array): Uint8Array;
  /** Shown to the others, under this presence id. */
  readonly presence?: { readonly client: number; readonly state: string };
}

/** Of a client that was never there. */
const NOTHING: Held = {
  stateVector: new Uint8Array([0]),
  lackedBy: () => new Uint8Array([0, 0]),
};

export interface JoinerEvents {
  /** All the client lacks is here, as one update of so many bytes: SyncStep2. */
  synced?(bytes: number, read: () => Buffer): void;
  /** What the client handed over is taken, as far as the server says so. */
  acked?(): void;
  /** The connection ended, or there never was one. Once, and nothing after it. */
  closed(reason: string): void;
}

/** One connection that opens one board, exactly as a provider does, and looks no further than that. */
export class Joiner {
  readonly #socket: LightSocket;
  readonly #held: Held;
  readonly #events: JoinerEvents;
  /** Stands before the type in every frame to and from the server: its board, unless the socket has only one. */
  readonly #address: Buffer;
  #isAcked = false;
  #refusal = '';

  constructor(
    { url, protocol, token }: Address,
    board: string,
    { held = NOTHING, ...events }: JoinerEvents & { held?: Held },
  ) {
    this.#held = held;
    this.#events = events;
    const isHocuspocus = protocol === 'hocuspocus';
    this.#address = isHocuspocus ? frameHead(board) : Buffer.alloc(0);
    this.#socket = new LightSocket(`${url}/${isHocuspocus ? 'sync' : board}`, {
      opened: () => {
        if (isHocuspocus) this.#socket.send(tokenFrame(board, token));
        this.#sendSync(SyncType.step1, held.stateVector);
        if (held.presence !== undefined) {
          const { client, state } = held.presence;
          this.#socket.send(presenceFrame(this.#head(FrameType.awareness), client, 1, state));
        }
      },
      message: (message) => this.#receive(message),
      closed: (reason) => events.closed(this.#refusal || reason),
    });
  }

  /** As when a tab is closed. `closed` is called later, as ever. */
  terminate(): void {
    this.#socket.terminate();
  }

  #head(...types: number[]): Buffer {
    return Buffer.concat([this.#address, Buffer.from(types)]);
  }

  #sendSync(type: number, payload: Uint8Array): void {
    this.#socket.send(Buffer.concat([this.#head(FrameType.sync, type), varBytes(payload)]));
  }

  #receive(message: Message): void {
    const frame = message.start;
    const body = this.#address.length + 1;
    switch (frame[body - 1]) {
      case FrameType.sync:
      case FrameType.syncReply:
        this.#sync(message, body);
        return;
      case FrameType.syncStatus:
        // The first one answers what was handed over.
        if (this.#isAcked) return;
        this.#isAcked = true;
        if (frame[body] === 1) this.#events.acked?.();
        else this.#refused('what was handed over was refused');
        return;
      case FrameType.auth:
        if (frame[body] === PERMISSION_DENIED) this.#refused('permission denied');
        return;
      default:
    }
  }

  #sync(message: Message, body: number): void {
    const type = message.start[body];
    if (type === SyncType.step1) {
      const stateVector = new Reader(message.whole(), body + 1).bytes();
      this.#sendSync(SyncType.step2, this.#held.lackedBy(stateVector));
    } else if (type === SyncType.step2) {
      const reader = new Reader(message.start, body + 1);
      const bytes = reader.uint();
      if (reader.position + bytes !== message.bytes) this.#refused('SyncStep2 is not whole');
      else this.#events.synced?.(bytes, () => message.whole().subarray(reader.position));
    }
  }

  #refused(reason: string): void {
    this.#refusal ||= reason;
    this.#socket.terminate();
  }
}

const PERMISSION_DENIED = 0;

/** A board that was joined. */
export interface Joined {
  /** Since the connection was begun. */
  readonly ms: number;
  readonly bytes: number;
  /** All that was received; only with `keep`. */
  readonly update: Uint8Array | undefined;
  /** Ends the connection, which stays open until then. */
  leave(): void;
}

/** Joins a board with nothing. Rejects if the connection ends before, or after `withinMs`. */
export function join(
  address: Address,
  board: string,
  { withinMs, keep = false }: { withinMs: number; keep?: boolean },
): Promise<Joined> {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const joiner = new Joiner(address, board, {
      synced(bytes, read) {
        const ms = performance.now() - from;
        clearTimeout(timer);
        const update = keep ? new Uint8Array(read()) : undefined;
        resolve({ ms, bytes, update, leave: () => joiner.terminate() });
      },
      closed(reason) {
        clearTimeout(timer);
        reject(new Error(reason));
      },
    });
    const timer = setTimeout(() => {
      reject(new Error(`not synced within ${withinMs} ms`));
      joiner.terminate();
    }, withinMs);
  });
}
