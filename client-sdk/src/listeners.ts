/** Who wants to hear of something. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #listeners = new Set<{ readonly call: (...args: Args) => void }>();

  get size(): number {
    return this.#listeners.size;
  }

  /** Returns the way to stop. The same function given twice is called twice. */
  add(call: (...args: Args) => void): () => void {
    const listener = { call };
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * One that throws must keep neither the others from hearing it nor the edit from being made: its
   * error is reported as an uncaught one.
   */
  tell(...args: Args): void {
    for (const listener of [...this.#listeners]) {
      // Stopped by one that was called before it.
      if (!this.#listeners.has(listener)) continue;
      try {
        listener.call(...args);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
