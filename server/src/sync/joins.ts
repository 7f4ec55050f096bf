import * as Y from 'yjs';

export interface JoinsOptions {
  /** How many are answered in a second; the others wait. */
  readonly perSecond: number;
  /** Milliseconds since whenever. Default `performance.now`. */
  readonly now?: () => number;
}

interface Waiting {
  /** The state vector, as text. */
  readonly key: string;
  readonly stateVector: Uint8Array;
  readonly give: (update: Uint8Array) => void;
}

/** What is written to sockets in one turn of the event loop: some milliseconds of copying. */
const BYTES_A_TURN = 8 * 1024 * 1024;
const KEPT_MS = 1_000;

/**
 * Tells those who open a board what they lack of it. Those who lack the same share one encoding, and
 * however many come at once, everybody else on the node gets a turn in between.
 */
export class Joins {
  readonly #document: Y.Doc;
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #waiting: Waiting[] = [];
  /** What was encoded since the last edit, by state vector. */
  readonly #encoded = new Map<string, Uint8Array>();
  /** It encodes for half of the time at most. */
  #restsUntil = 0;
  #secondEnds = 0;
  #answered = 0;
  /** Given in this turn of the event loop. */
  #bytes = 0;
  #turn: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #forget: NodeJS.Timeout | undefined;

  constructor(document: Y.Doc, { perSecond, now = () => performance.now() }: JoinsOptions) {
    this.#document = document;
    this.#perSecond = perSecond;
    this.#now = now;
    document.on('update', () => this.#encoded.clear());
  }

  /** Calls `give` with what a client with this state vector lacks: at once, unless many came before. */
  answer(stateVector: Uint8Array, give: (update: Uint8Array) => void): void {
    const key = Buffer.from(stateVector).toString('latin1');
    this.#waiting.push({ key, stateVector, give });
    if (this.#timer === undefined) this.#answerSome();
  }

  close(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#timer);
    clearTimeout(this.#forget);
  }

  #answerSome(): void {
    while (this.#bytes < BYTES_A_TURN) {
      const first = this.#waiting[0];
      if (first === undefined) return;
      const isTooMany = this.#isTooMany();
      const update = isTooMany ? undefined : this.#encode(first);
      if (update === undefined) {
        const until = isTooMany ? this.#secondEnds : this.#restsUntil;
        const ms = Math.max(0, until - this.#now());
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.#answerSome();
        }, ms);
        return;
      }
      this.#waiting.shift();
      this.#answered += 1;
      this.#bytes += update.byteLength;
      this.#turn ??= setImmediate(() => {
        this.#turn = undefined;
        this.#bytes = 0;
        if (this.#timer === undefined) this.#answerSome();
      });
      first.give(update);
    }
  }

  #isTooMany(): boolean {
    const now = this.#now();
    if (now >= this.#secondEnds) {
      this.#secondEnds = now + 1_000;
      this.#answered = 0;
    }
    return this.#answered >= this.#perSecond;
  }

  /** Undefined while it rests. */
  #encode({ key, stateVector }: Waiting): Uint8Array | undefined {
    const known = this.#encoded.get(key);
    if (known !== undefined) return known;
    const from = this.#now();
    if (from < this.#restsUntil) return undefined;
    const update = Y.encodeStateAsUpdate(this.#document, stateVector);
    const end = this.#now();
    this.#restsUntil = end + (end - from);
    this.#encoded.set(key, update);
    this.#forget ??= setTimeout(() => {
      this.#forget = undefined;
      this.#encoded.clear();
    }, KEPT_MS);
    return update;
  }
}
