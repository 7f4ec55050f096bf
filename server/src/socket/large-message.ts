/** Each part is some calls into the kernel, which copies this in a tenth of a millisecond. */
const PART_BYTES = 256 * 1024;

/** A message that is written part by part. Its bytes are not copied. */
export class LargeMessage {
  readonly byteLength: number;
  readonly #pieces: Uint8Array[];

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces.filter(({ byteLength }) => byteLength > 0);
    this.byteLength = this.#pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  get isTaken(): boolean {
    return this.#pieces.length === 0;
  }

  /** The next part: not to be called once all is taken. */
  take(): Uint8Array {
    const [piece] = this.#pieces;
    if (piece === undefined) throw new Error('all of this message is taken');
    if (piece.byteLength <= PART_BYTES) this.#pieces.shift();
    else this.#pieces[0] = piece.subarray(PART_BYTES);
    return piece.subarray(0, PART_BYTES);
  }
}
