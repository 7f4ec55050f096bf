import * as Y from 'yjs';
import { type SharedUpdate, share } from './shared-update.ts';

/** Somebody whom a board's updates are sent to. */
export interface Audience {
  /** What an update's origin names, if it comes from here. */
  readonly connection: object;
  sendUpdate(update: SharedUpdate): void;
}

/**
 * Some hundred small updates. Larger ones go out one by one, behind what waits already: merging would hardly
 * make it cheaper, and takes as long as decoding them. Y.mergeUpdates takes time that grows with the square
 * of their number, and a client that sent 40,000 small edits at once stopped the node for 17 s.
 */
const MAX_MERGED_BYTES = 8 * 1024;
/** A board rests for so many times as long as it took to send to everybody, so sending takes a ninth of the time. */
const REST = 2;
/** Nobody sees less than half a frame of a screen. */
const MAX_REST_MS = 8;
/** Timers have no shorter times. */
const MIN_REST_MS = 1;

/**
 * Sends a board's updates to everybody who has it open, except to who made them. The first one goes out in
 * the turn of the event loop it came in, and what comes while the board rests from that goes out as one:
 * a write to a socket costs more than all else an update costs, and twice the members are twice the writes.
 */
export class Broadcast {
  readonly #audience: ReadonlySet<Audience>;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Who made all that is waiting; undefined if it is not one connection. */
  #writer: object | undefined;
  #restsUntil = 0;
  #turn: NodeJS.Immediate | undefined;
  #rest: NodeJS.Timeout | undefined;

  constructor(audience: ReadonlySet<Audience>) {
    this.#audience = audience;
  }

  add(update: Uint8Array, writer: object | undefined): void {
    if (update.byteLength >= MAX_MERGED_BYTES) this.#send();
    this.#writer = this.#waiting.length === 0 || this.#writer === writer ? writer : undefined;
    this.#waiting.push(update);
    this.#waitingBytes += update.byteLength;
    if (this.#waitingBytes >= MAX_MERGED_BYTES) this.#send();
    else if (this.#waiting.length === 1) this.#schedule();
  }

  close(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#rest);
  }

  #schedule(): void {
    const restMs = this.#restsUntil - performance.now();
    if (restMs < MIN_REST_MS) this.#turn = setImmediate(() => this.#send());
    else this.#rest = setTimeout(() => this.#send(), restMs);
  }

  #send(): void {
    this.close();
    const [first, ...others] = this.#waiting;
    if (first === undefined) return;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const from = performance.now();
    const update = share(others.length === 0 ? first : Y.mergeUpdates([first, ...others]));
    for (const member of this.#audience) {
      if (member.connection !== this.#writer) member.sendUpdate(update);
    }
    const end = performance.now();
    this.#restsUntil = end + Math.min((end - from) * REST, MAX_REST_MS);
  }
}
