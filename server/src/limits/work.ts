/** What a user has cost the node, in milliseconds that are paid off as time passes. */
interface Debt {
  ms: number;
  at: number;
}

/** Debts that are paid are forgotten when there are so many. */
const MAX_KEPT = 1_000;

/**
 * Counts the time in which the node does nothing but handle what one user sends. A few bytes can be an
 * edit that takes long to merge, and everybody else on the node waits for it.
 */
export class Work {
  readonly #msPerSecond: number;
  readonly #now: () => number;
  readonly #debts = new Map<string, Debt>();
  #sweepAt = MAX_KEPT;

  constructor(msPerSecond: number, now = () => performance.now()) {
    this.#msPerSecond = msPerSecond;
    this.#now = now;
  }

  /** How many milliseconds the user's next message has to wait: 0 unless a second's share is used up. */
  waitMs(actor: string): number {
    const beyond = this.#owed(actor) - this.#msPerSecond;
    return beyond > 0 ? (beyond / this.#msPerSecond) * 1_000 : 0;
  }

  add(actor: string, ms: number): void {
    this.#debts.set(actor, { ms: this.#owed(actor) + ms, at: this.#now() });
    if (this.#debts.size <= this.#sweepAt) return;
    for (const known of this.#debts.keys()) {
      if (this.#owed(known) === 0) this.#debts.delete(known);
    }
    this.#sweepAt = Math.max(MAX_KEPT, this.#debts.size * 2);
  }

  #owed(actor: string): number {
    const debt = this.#debts.get(actor);
    if (debt === undefined) return 0;
    const paid = ((this.#now() - debt.at) / 1_000) * this.#msPerSecond;
    return Math.max(0, debt.ms - paid);
  }
}
