import type { Address, Protocol } from '../contestants/contestant.ts';
import { type Held, Joiner } from './joiner.ts';

/**
 * A client that has its board already and connects again whenever its connection ends, after the waits
 * of the stock provider of its protocol.
 */
export class ReturningClient {
  /** Connections begun so far. */
  attempts = 0;
  /** What the last connection ended with. */
  lastEnd = '';
  /** When it was synced on the connection it has now, and when its edits were acked; undefined: not yet. */
  syncedAt: number | undefined;
  ackedAt: number | undefined;
  readonly #address: Address;
  readonly #board: string;
  readonly #held: Held;
  #joiner: Joiner | undefined;
  /** Connections that ended since it was synced last. */
  #ended = 0;
  #timer: NodeJS.Timeout | undefined;
  #isGone = false;

  constructor(address: Address, board: string, held: Held) {
    this.#address = address;
    this.#board = board;
    this.#held = held;
    this.#connect();
  }

  /** Ends it: it does not come back. */
  stop(): void {
    this.#isGone = true;
    clearTimeout(this.#timer);
    this.#joiner?.terminate();
  }

  #connect(): void {
    this.attempts += 1;
    this.#joiner = new Joiner(this.#address, this.#board, {
      held: this.#held,
      synced: () => {
        this.syncedAt = performance.now();
        this.#ended = 0;
      },
      acked: () => {
        this.ackedAt = performance.now();
      },
      closed: (reason) => {
        this.syncedAt = undefined;
        this.ackedAt = undefined;
        this.lastEnd = reason;
        if (this.#isGone) return;
        const waitMs = waitMsOf[this.#address.protocol](this.#ended);
        this.#ended += 1;
        this.#timer = setTimeout(() => this.#connect(), waitMs);
      },
    });
  }
}

/** How long the stock providers wait; the argument is how many attempts have failed since the last success. */
const waitMsOf: Readonly<Record<Protocol, (failed: number) => number>> = {
  // @hocuspocus/provider 4.8: 1 s after a connection was lost, then anything from 1 s to 1, 2, 4, … 30 s.
  hocuspocus(failed) {
    if (failed === 0) return 1_000;
    const longest = Math.min(1_000 * 2 ** (failed - 1), 30_000);
    return 1_000 + Math.random() * (longest - 1_000);
  },
  // y-websocket 3.1: 0.2, 0.4, 0.8, 1.6 and then 2.5 s.
  'y-websocket': (failed) => Math.min(200 * 2 ** failed, 2_500),
};
