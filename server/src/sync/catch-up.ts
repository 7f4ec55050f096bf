import { TesseraError } from '@tessera/model';
import type { LogTail } from '@tessera/persistence';

export interface CatchUpOptions {
  /** Seq up to which the board's document has the log when this begins. */
  head: number;
  epoch: string;
  /** Merges updates into the document; together they are whole. */
  apply(updates: readonly Uint8Array[]): void;
  /** Reads the board's log after a seq. */
  read(after: number): Promise<LogTail | undefined>;
  /** The board cannot be kept in step: its log is of another epoch, or broken. Called once, at the end. */
  failed(error: TesseraError): void;
  /** How long messages that overtook others wait for them. Default 50 ms. */
  graceMs?: number;
  /** Bytes of updates that may wait so; beyond them they are read from the log. Default 4 MiB. */
  maxWaitingBytes?: number;
}

/** One commit that others before it are missing for. Our own commits are in the document already. */
interface Waiting {
  firstSeq: number;
  lastSeq: number;
  updates: readonly Uint8Array[];
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1_000;

/**
 * Keeps one board's document in step with its log, which several nodes append to.
 *
 * Commits arrive from the fan-out in any order, twice, or not at all, and our own come from the
 * journal. Each is merged once everything before it is there. What does not come within a grace
 * period is read from the log, and so is what was too large to be sent.
 */
export class CatchUp {
  readonly #options: Required<CatchUpOptions>;
  #head: number;
  /** The furthest seq we know to be committed. */
  #known: number;
  /** In the order of their first seqs. */
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #reading = false;
  #retryMs = FIRST_RETRY_MS;
  #closed = false;

  constructor(options: CatchUpOptions) {
    this.#options = { graceMs: 50, maxWaitingBytes: 4 * 1024 * 1024, ...options };
    this.#head = options.head;
    this.#known = options.head;
  }

  /** Seq up to which the document has everything. */
  get head(): number {
    return this.#head;
  }

  /** Our own journal committed what is in the document already. */
  committed(firstSeq: number, lastSeq: number): void {
    this.received(firstSeq, lastSeq, []);
  }

  /** Another node committed these updates, one for each seq. */
  received(firstSeq: number, lastSeq: number, updates: readonly Uint8Array[]): void {
    if (this.#closed || lastSeq <= this.#head) return;
    const place = this.#waiting.findIndex((other) => other.firstSeq > firstSeq);
    const entry = { firstSeq, lastSeq, updates };
    this.#waiting.splice(place === -1 ? this.#waiting.length : place, 0, entry);
    this.#known = Math.max(this.#known, lastSeq);
    this.#advance();
    if (this.#waitingBytes() > this.#options.maxWaitingBytes) {
      this.#waiting = [];
      this.#readNow();
    }
  }

  /** The log is known to go on to `seq`. Without `soon`, it may be on its way to us, and gets the grace period. */
  reaches(seq: number, { soon = false } = {}): void {
    if (this.#closed) return;
    this.#known = Math.max(this.#known, seq);
    if (soon && this.#isBehind) this.#readNow();
    else this.#readLater(this.#options.graceMs);
  }

  close(): void {
    this.#closed = true;
    this.#stopTimer();
    this.#waiting = [];
  }

  get #isBehind(): boolean {
    return this.#head < this.#known;
  }

  #advance(): void {
    const before = this.#head;
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || next.firstSeq > this.#head + 1) break;
      this.#waiting.shift();
      if (next.lastSeq > this.#head) this.#merge(next.updates, next.lastSeq);
      if (this.#closed) return;
    }
    // What is missing now is another commit, with a grace period of its own.
    if (this.#head > before) this.#stopTimer();
    this.#readLater(this.#options.graceMs);
  }

  #merge(updates: readonly Uint8Array[], head: number): void {
    this.#head = head;
    if (updates.length === 0) return;
    try {
      this.#options.apply(updates);
    } catch (cause) {
      this.#fail(
        new TesseraError('board-unavailable', `its log is corrupt at seq ${head}`, { cause }),
      );
    }
  }

  #readLater(afterMs: number): void {
    if (!this.#isBehind || this.#reading) return;
    this.#timer ??= setTimeout(() => this.#readNow(), afterMs);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #readNow(): void {
    this.#stopTimer();
    if (this.#reading || this.#closed || !this.#isBehind) return;
    this.#reading = true;
    void this.#read()
      .then(() => {
        this.#retryMs = FIRST_RETRY_MS;
        return this.#options.graceMs;
      })
      .catch(() => {
        // The database is away, which the journal reports; the log waits for us.
        const retryMs = this.#retryMs;
        this.#retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
        return retryMs;
      })
      .then((nextMs) => {
        this.#reading = false;
        if (!this.#closed) this.#readLater(nextMs);
      });
  }

  async #read(): Promise<void> {
    const toldBefore = new Set(this.#waiting);
    const knownBefore = this.#known;
    const tail = await this.#options.read(this.#head);
    if (this.#closed) return;
    if (tail?.epoch !== this.#options.epoch) return this.#fail(new TesseraError('epoch-changed'));
    // Messages may have brought us further meanwhile.
    const news = tail.updates.filter(({ seq }) => seq > this.#head);
    const isDense = news.every(({ seq }, index) => seq === this.#head + 1 + index);
    if (!isDense || tail.head > this.#head + news.length) {
      const detail = `its log has a gap after seq ${this.#head}`;
      return this.#fail(new TesseraError('board-unavailable', detail));
    }
    if (news.length > 0)
      this.#merge(
        news.map(({ bytes }) => bytes),
        tail.head,
      );
    if (this.#closed) return;
    // Updates are told of after their commit: what we were told of before reading is in what we read.
    this.#waiting = this.#waiting.filter((entry) => !toldBefore.has(entry));
    if (this.#known === knownBefore) {
      this.#known = Math.max(this.#head, ...this.#waiting.map(({ lastSeq }) => lastSeq));
    }
    this.#advance();
  }

  #fail(error: TesseraError): void {
    if (this.#closed) return;
    this.close();
    this.#options.failed(error);
  }

  #waitingBytes(): number {
    let bytes = 0;
    for (const { updates } of this.#waiting)
      for (const update of updates) bytes += update.byteLength;
    return bytes;
  }
}
