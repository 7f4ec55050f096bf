/** How many frames of one connection are handled in one turn of the event loop: some 5 ms. */
const FRAMES_A_TURN = 64;

let turn = 0;
let isArmed = false;

/** The number of this turn, the same until the event loop comes round. */
function thisTurn(): number {
  if (!isArmed) {
    isArmed = true;
    setImmediate(() => {
      isArmed = false;
      turn += 1;
    });
  }
  return turn;
}

/**
 * Handles what a connection sends, in order, a part in each turn: one read of the socket may bring more
 * than a thousand frames, and everybody else would wait for all of them.
 */
export class Turns<T> {
  readonly #handle: (item: T) => void;
  /** Whether there is more than can be handled now, so that no more should be read. */
  readonly #crowded: (isCrowded: boolean) => void;
  #waiting: T[] = [];
  #turn = -1;
  #handled = 0;

  constructor(handle: (item: T) => void, crowded: (isCrowded: boolean) => void) {
    this.#handle = handle;
    this.#crowded = crowded;
  }

  take(item: T): void {
    if (this.#waiting.length === 0 && this.#hasRoom()) {
      this.#handle(item);
      return;
    }
    this.#waiting.push(item);
    if (this.#waiting.length > 1) return;
    this.#crowded(true);
    setImmediate(() => this.#goOn());
  }

  /** Handles the rest at once: nothing more comes. */
  finish(): void {
    for (const item of this.#waiting.splice(0)) this.#handle(item);
  }

  #hasRoom(): boolean {
    const now = thisTurn();
    if (now !== this.#turn) {
      this.#turn = now;
      this.#handled = 0;
    }
    this.#handled += 1;
    return this.#handled <= FRAMES_A_TURN;
  }

  #goOn(): void {
    for (const item of this.#waiting.splice(0, FRAMES_A_TURN)) this.#handle(item);
    if (this.#waiting.length > 0) setImmediate(() => this.#goOn());
    else this.#crowded(false);
  }
}
