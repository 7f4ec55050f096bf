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

/** Whose turns they are. */
export interface TurnsOwner<T> {
  handle(item: T): void;
  /** Whether there is more than can be handled now, so that no more should be read. */
  crowded(isCrowded: boolean): void;
  /** How many milliseconds the next item has to wait. */
  waitMs(): number;
}

/**
 * Handles what a connection sends, in order, a part in each turn: one read of the socket may bring more
 * than a thousand frames, and everybody else would wait for all of them.
 */
export class Turns<T> {
  readonly #owner: TurnsOwner<T>;
  #waiting: T[] = [];
  #timer: NodeJS.Timeout | undefined;
  #turn = -1;
  #handled = 0;

  constructor(owner: TurnsOwner<T>) {
    this.#owner = owner;
  }

  take(item: T): void {
    if (this.#waiting.length === 0 && this.#hasRoom() && this.#owner.waitMs() === 0) {
      this.#owner.handle(item);
      return;
    }
    this.#waiting.push(item);
    if (this.#waiting.length > 1) return;
    this.#owner.crowded(true);
    this.#goOnLater();
  }

  /** Handles the rest at once: nothing more comes. */
  finish(): void {
    clearTimeout(this.#timer);
    for (const item of this.#waiting.splice(0)) this.#owner.handle(item);
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

  #goOnLater(): void {
    const ms = this.#owner.waitMs();
    if (ms > 0) this.#timer = setTimeout(() => this.#goOn(), ms);
    else setImmediate(() => this.#goOn());
  }

  #goOn(): void {
    for (let left = FRAMES_A_TURN; left > 0 && this.#owner.waitMs() === 0; left -= 1) {
      const item = this.#waiting.shift();
      if (item === undefined) break;
      this.#owner.handle(item);
    }
    if (this.#waiting.length > 0) this.#goOnLater();
    else this.#owner.crowded(false);
  }
}
