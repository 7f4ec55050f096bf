/** Asks once for all who want to know the same at the same time. */
export class SingleFlight<T> {
  readonly #underway = new Map<string, Promise<T>>();

  /** What is underway for this key, or what `ask` begins. */
  do(key: string, ask: () => Promise<T>): Promise<T> {
    let answer = this.#underway.get(key);
    if (answer === undefined) {
      answer = ask().finally(() => this.#underway.delete(key));
      this.#underway.set(key, answer);
    }
    return answer;
  }
}
