/** Something with more to do than fits between two looks at the network. It must not throw. */
export interface SlicedWork {
  /** Does a part, as small as may be; true if there is more to do now. Who has more later is added again. */
  step(): boolean;
}

/** Some dozen edits, or two megabytes for the kernel. Then all others have as long. */
const SLICE_MS = 2;

/**
 * Gives those who have much to do a slice of time now and then, a step each in turn. So however many they
 * are and whatever they do, everybody else waits for one slice and not for them all, and has half of the
 * time.
 */
export class TimeSlices {
  readonly #now: () => number;
  #waiting: SlicedWork[] = [];
  #isRunning = false;

  /** `now`: milliseconds since whenever. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Steps of this work are done from the end of this turn on, until it has no more. Not to be added twice. */
  add(work: SlicedWork): void {
    this.#waiting.push(work);
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    const end = this.#now() + SLICE_MS;
    do {
      const work = this.#waiting.shift();
      if (work === undefined) break;
      if (work.step()) this.#waiting.push(work);
      // What the step has left to promises is part of its time.
      await undefined;
    } while (this.#now() < end);
    this.#isRunning = this.#waiting.length > 0;
    if (this.#isRunning) setTimeout(() => void this.#run(), SLICE_MS);
  }
}
