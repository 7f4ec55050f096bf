/** Counts what is there at the same time, by key, up to a number for each. */
export class Seats {
  readonly #each: number;
  readonly #taken = new Map<string, number>();

  constructor(each: number) {
    this.#each = each;
  }

  /** Takes a seat; false if there is none left for this key. */
  take(key: string): boolean {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= this.#each) return false;
    this.#taken.set(key, taken + 1);
    return true;
  }

  /** Gives a seat back that was taken. */
  leave(key: string): void {
    const left = (this.#taken.get(key) ?? 0) - 1;
    if (left > 0) this.#taken.set(key, left);
    else this.#taken.delete(key);
  }
}
