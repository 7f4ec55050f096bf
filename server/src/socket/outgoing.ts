import { TesseraError } from '@tessera/model';
import type { WebSocket } from 'ws';
import { LargeMessage } from './large-message.ts';
import { PING, packMessage, writePacked } from './packed-message.ts';
import type { Transfer, Transfers } from './transfers.ts';
import type { Wire } from './wire.ts';

export interface OutgoingOptions {
  /** Bytes waiting to be sent, above which updates and presence are put off (see `Backlog`). */
  readonly slowOutgoingBytes: number;
  /** Bytes waiting to be sent, above which a reader is too slow. */
  readonly maxOutgoingBytes: number;
  readonly transfers: Transfers;
  /** A reader has become slow. */
  slowed(): void;
}

/** Whose messages they are. */
export interface OutgoingOwner {
  readonly channels: readonly { readonly isBehind: boolean; catchUp(): void }[];
  end(error: TesseraError): void;
}

const OPEN = 1;
const NOTHING: Uint8Array = new Uint8Array(0);
/** A reader that is slow is looked after so often, and catches up once only this share of its limit is waiting. */
const CATCH_UP_MS = 50;
const CAUGHT_UP_SHARE = 1 / 8;
/** Copying a message into one piece costs less than telling the kernel of several, up to about here. */
const MAX_COPIED_BYTES = 16 * 1024;

/**
 * What one client is sent, in order. Small messages are written at once, and large ones part by part, as
 * the client reads them and its turn comes (see `Transfers`). What a reader cannot keep up with is put off.
 */
export class Outgoing implements Transfer {
  lastSentAt = Date.now();
  readonly #ws: WebSocket;
  readonly #wire: Wire;
  readonly #options: OutgoingOptions;
  readonly #owner: OutgoingOwner;
  /** The large message that is being written, and what has to come behind it. */
  #waiting: (LargeMessage | Uint8Array)[] | undefined;
  /** Of what has to come behind it. */
  #waitingBytes = 0;
  #partsWritten = 0;
  /** The last part is not in the kernel yet. */
  #isBlocked = false;
  #catchingUp: NodeJS.Timeout | undefined;

  constructor(ws: WebSocket, wire: Wire, options: OutgoingOptions, owner: OutgoingOwner) {
    this.#ws = ws;
    this.#wire = wire;
    this.#options = options;
    this.#owner = owner;
  }

  /** From too much waiting until all that was put off is sent: later updates lean on those. */
  get isSlow(): boolean {
    return this.#catchingUp !== undefined || this.#waiting !== undefined;
  }

  /** `rest` is the end of a frame that others are sent as well: if it is large, its bytes are not copied. */
  sendFrame(frame: Uint8Array, rest = NOTHING): void {
    if (this.#ws.readyState !== OPEN) return;
    const message = this.#wire.write(frame);
    if (message === undefined) return;
    if (message.byteLength + rest.byteLength <= MAX_COPIED_BYTES) {
      const whole = rest.byteLength === 0 ? message : Buffer.concat([message, rest]);
      this.sendPacked(packMessage(whole));
      return;
    }
    const large = new LargeMessage([message, rest]);
    if (this.#waiting !== undefined) this.#wait(this.#waiting, large);
    else {
      this.#waiting = [large];
      this.#goOn();
    }
  }

  /** Makes a frame what stands on a socket of this protocol. */
  pack(frame: Uint8Array): Uint8Array {
    const message = this.#wire.write(frame);
    if (message === undefined) throw new Error(`${this.#wire.protocol} has no word for this frame`);
    return packMessage(message);
  }

  sendPacked(packed: Uint8Array): void {
    if (this.#ws.readyState !== OPEN) return;
    if (this.#waiting !== undefined) this.#wait(this.#waiting, packed);
    else {
      writePacked(this.#ws, packed);
      this.lastSentAt = Date.now();
      this.#look();
    }
  }

  /** A ping may come between the parts of a message. */
  ping(): void {
    if (this.#ws.readyState === OPEN) writePacked(this.#ws, PING);
  }

  writePart(): boolean {
    const [message] = this.#waiting ?? [];
    if (!(message instanceof LargeMessage) || this.#ws.readyState !== OPEN) return false;
    const part = message.take();
    this.#partsWritten += 1;
    const number = this.#partsWritten;
    this.#ws.send(part, { fin: message.isTaken }, () => {
      if (number === this.#partsWritten) this.#unblock();
    });
    this.lastSentAt = Date.now();
    this.#isBlocked = this.#ws.bufferedAmount > 0;
    if (!message.isTaken) return !this.#isBlocked;
    this.#writeWhatFollows();
    return false;
  }

  close(): void {
    this.#waiting = undefined;
    this.#stopCatchingUp();
  }

  #wait(waiting: (LargeMessage | Uint8Array)[], message: LargeMessage | Uint8Array): void {
    waiting.push(message);
    this.#waitingBytes += message.byteLength;
    this.#look();
  }

  /** While the client does not read on, the callback of the last part does this. */
  #goOn(): void {
    if (!this.#isBlocked) this.#options.transfers.add(this);
  }

  #unblock(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    if (this.#waiting !== undefined) this.#goOn();
  }

  /** A large message is written. */
  #writeWhatFollows(): void {
    const waiting = this.#waiting ?? [];
    waiting.shift();
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      this.#waitingBytes -= next.byteLength;
      if (next instanceof LargeMessage) {
        this.#goOn();
        return;
      }
      waiting.shift();
      writePacked(this.#ws, next);
    }
    this.#waiting = undefined;
    this.#catchUp();
  }

  #look(): void {
    const bytes = this.#ws.bufferedAmount + this.#waitingBytes;
    if (bytes <= this.#options.slowOutgoingBytes) return;
    if (bytes > this.#options.maxOutgoingBytes) {
      this.#owner.end(new TesseraError('reader-too-slow', `${bytes} bytes are waiting`));
    } else if (this.#isFull && this.#catchingUp === undefined) {
      this.#options.slowed();
      this.#catchUpLater();
    }
  }

  get #isFull(): boolean {
    return this.#ws.bufferedAmount > this.#options.slowOutgoingBytes;
  }

  #catchUp(): void {
    const { slowOutgoingBytes } = this.#options;
    // What follows a large message ends with this.
    if (this.#waiting !== undefined) return;
    if (this.#ws.bufferedAmount > slowOutgoingBytes * CAUGHT_UP_SHARE) {
      this.#catchUpLater();
      return;
    }
    for (const channel of this.#owner.channels) {
      if (!channel.isBehind) continue;
      channel.catchUp();
      if (this.#waiting !== undefined || this.#isFull) return;
    }
    this.#stopCatchingUp();
  }

  #catchUpLater(): void {
    this.#catchingUp ??= setInterval(() => this.#catchUp(), CATCH_UP_MS);
  }

  #stopCatchingUp(): void {
    clearInterval(this.#catchingUp);
    this.#catchingUp = undefined;
  }
}
