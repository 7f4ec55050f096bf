import { type SlicedWork, TimeSlices } from '../limits/time-slices.ts';

/** Somebody to whom a large message is on its way. */
export interface Transfer {
  /** Writes the next part; true if the next one can follow at once. If not, it is added again, or has ended. */
  writePart(): boolean;
}

/**
 * The large messages that a node is writing. The kernel copies a gigabyte a second or so, and a board of
 * 4 MB for each of 500 clients would keep everybody else waiting; who came first is served first.
 */
export class Transfers implements SlicedWork {
  readonly #slices = new TimeSlices();
  readonly #ready: Transfer[] = [];

  add(transfer: Transfer): void {
    this.#ready.push(transfer);
    if (this.#ready.length === 1) this.#slices.add(this);
  }

  step(): boolean {
    if (this.#ready[0]?.writePart() === false) this.#ready.shift();
    return this.#ready.length > 0;
  }
}
