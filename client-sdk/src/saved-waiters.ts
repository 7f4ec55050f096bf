interface Waiter {
  readonly edit: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Who waits for edits to be saved, by the number of the newest of them. */
export class SavedWaiters {
  #waiters: Waiter[] = [];

  until(edit: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ edit, resolve, reject });
    });
  }

  /** Every edit up to this one is saved. */
  saved(edit: number): void {
    const done = this.#waiters.filter((waiter) => waiter.edit <= edit);
    if (done.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.edit > edit);
    for (const { resolve } of done) resolve();
  }

  reject(error: Error): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  /** What they wait for has been made again, up to this edit. */
  moveTo(edit: number): void {
    this.#waiters = this.#waiters.map((waiter) => ({ ...waiter, edit }));
  }
}
