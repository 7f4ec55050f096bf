import * as Y from 'yjs';

export interface JoinsOptions {
  /** How many are answered in a second; the others wait. */
  readonly perSecond: number;
  /** Milliseconds since whenever. Default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Of Yjs' format. The second takes no longer to encode, and of a board of which few wrote values over and
 * over it makes a hundredth of the bytes.
 */
export type UpdateVersion = 1 | 2;

export interface Question {
  readonly stateVector: Uint8Array;
  readonly version: UpdateVersion;
}

/** What somebody who opens a board lacks of it. */
export interface Answer {
  /**
   * In the version that was asked for. It may be what the board was a moment ago: its bytes are shared with
   * the others who join.
   */
  readonly update: Uint8Array;
  /**
   * What has come since then, in the first version. It is to be sent before the other, on which it leans: a
   * client counts as synced once it has that, and must not lack by then what somebody was told is saved.
   */
  readonly since: Uint8Array | undefined;
}

interface Waiting extends Question {
  /** The question, as text. */
  readonly key: string;
  readonly give: (answer: Answer) => void;
}

/** What was encoded for one question, and the updates since. */
interface Encoding {
  readonly update: Uint8Array;
  since: Uint8Array[];
  sinceBytes: number;
  wasUsed: boolean;
}

/** Unused. */
const KEPT_MS = 1_000;
/** What takes less than a millisecond to encode is encoded anew after each edit. */
const MIN_KEPT_BYTES = 64 * 1024;
/** Some hundred edits: then the board is encoded anew. */
const MAX_SINCE_BYTES = 8 * 1024;

/**
 * Tells those who open a board what they lack of it. Those who lack the same share one encoding, which
 * takes 5 ms a megabyte, and of a large board also when it was edited in between.
 */
export class Joins {
  readonly #document: Y.Doc;
  readonly #perSecond: number;
  readonly #now: () => number;
  /** By who asks, in the order in which they came. */
  readonly #waiting = new Map<object, Waiting>();
  /** By question. */
  readonly #encodings = new Map<string, Encoding>();
  /** It encodes for half of the time at most. */
  #restsUntil = 0;
  #secondEnds = 0;
  #answered = 0;
  #timer: NodeJS.Timeout | undefined;
  #forget: NodeJS.Timeout | undefined;

  constructor(document: Y.Doc, { perSecond, now = () => performance.now() }: JoinsOptions) {
    this.#document = document;
    this.#perSecond = perSecond;
    this.#now = now;
    document.on('update', (update: Uint8Array) => this.#edited(update));
  }

  /**
   * Calls `give` with what a client with this state vector lacks: at once, unless many came before. Who asks
   * again while it waits is answered once, what it asked last, and has no more places in the queue than others.
   */
  answer(who: object, { stateVector, version }: Question, give: (answer: Answer) => void): void {
    const key = `${version} ${Buffer.from(stateVector).toString('latin1')}`;
    this.#waiting.set(who, { key, stateVector, version, give });
    if (this.#timer === undefined) this.#answerThem();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#forget);
    this.#waiting.clear();
  }

  #answerThem(): void {
    for (const [who, first] of this.#waiting) {
      const isTooMany = this.#isTooMany();
      const encoding = isTooMany ? undefined : this.#encode(first);
      if (encoding === undefined) {
        this.#answerLater(isTooMany ? this.#secondEnds : this.#restsUntil);
        return;
      }
      this.#waiting.delete(who);
      this.#answered += 1;
      first.give({ update: encoding.update, since: mergeSince(encoding) });
    }
  }

  #answerLater(at: number): void {
    const ms = Math.max(0, at - this.#now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#answerThem();
    }, ms);
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
  #encode({ key, stateVector, version }: Waiting): Encoding | undefined {
    const known = this.#encodings.get(key);
    if (known !== undefined) {
      known.wasUsed = true;
      return known;
    }
    const from = this.#now();
    if (from < this.#restsUntil) return undefined;
    const encode = version === 2 ? Y.encodeStateAsUpdateV2 : Y.encodeStateAsUpdate;
    const update = encode(this.#document, stateVector);
    const end = this.#now();
    this.#restsUntil = end + (end - from);
    const encoding = { update, since: [], sinceBytes: 0, wasUsed: true };
    this.#encodings.set(key, encoding);
    this.#forget ??= setTimeout(() => this.#forgetUnused(), KEPT_MS);
    return encoding;
  }

  #forgetUnused(): void {
    this.#forget = undefined;
    for (const [key, encoding] of this.#encodings) {
      if (!encoding.wasUsed) this.#encodings.delete(key);
      encoding.wasUsed = false;
    }
    if (this.#encodings.size > 0) {
      this.#forget = setTimeout(() => this.#forgetUnused(), KEPT_MS);
    }
  }

  #edited(update: Uint8Array): void {
    for (const [key, encoding] of this.#encodings) {
      encoding.since.push(update);
      encoding.sinceBytes += update.byteLength;
      const isWorthKeeping = encoding.update.byteLength >= MIN_KEPT_BYTES;
      if (!isWorthKeeping || encoding.sinceBytes > MAX_SINCE_BYTES) this.#encodings.delete(key);
    }
  }
}

/** The updates since as one, which is kept for the next who joins. */
function mergeSince(encoding: Encoding): Uint8Array | undefined {
  if (encoding.since.length > 1) encoding.since = [Y.mergeUpdates(encoding.since)];
  return encoding.since[0];
}
