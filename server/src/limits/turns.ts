import type { SlicedWork, TimeSlices } from './time-slices.ts';

/** How many frames of one connection are handled in the turn of the event loop they came in: some 1 ms. */
const FRAMES_A_TURN = 8;

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
  /** Whether others come first, so that nothing is handled in the turn it came in. */
  readonly comesLast: boolean;
}

/**
 * Handles what a connection sends, in order: a little at once and the rest in slices of time that are
 * shared with the others who send much. One read of the socket may bring more than a thousand frames.
 */
export class Turns<T> implements SlicedWork {
  readonly #owner: TurnsOwner<T>;
  readonly #slices: TimeSlices;
  #waiting: T[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Set once nothing more comes. */
  #finished: (() => void) | undefined;
  #turn = -1;
  #handled = 0;

  constructor(owner: TurnsOwner<T>, slices: TimeSlices) {
    this.#owner = owner;
    this.#slices = slices;
  }

  take(item: T): void {
    if (this.#isAtOnce()) {
      this.#owner.handle(item);
      return;
    }
    this.#waiting.push(item);
    if (this.#waiting.length > 1) return;
    this.#owner.crowded(true);
    this.#slices.add(this);
  }

  step(): boolean {
    const ms = this.#finished === undefined ? this.#owner.waitMs() : 0;
    if (ms > 0) {
      this.#timer = setTimeout(() => this.#goOn(), ms);
      return false;
    }
    const item = this.#waiting.shift();
    if (item !== undefined) this.#owner.handle(item);
    if (this.#waiting.length > 0) return true;
    if (this.#finished === undefined) this.#owner.crowded(false);
    else this.#finished();
    return false;
  }

  /** Nothing more comes: handles the rest, without further waits, and calls `finished`. */
  finish(finished: () => void): void {
    if (this.#waiting.length === 0) {
      finished();
      return;
    }
    this.#finished = finished;
    if (this.#timer !== undefined) this.#goOn();
  }

  #goOn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#slices.add(this);
  }

  #isAtOnce(): boolean {
    if (this.#waiting.length > 0 || this.#owner.comesLast) return false;
    return this.#hasRoom() && this.#owner.waitMs() === 0;
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
}
