import { TesseraError } from './errors.ts';
import { type UpdateBudget, updateBudget } from './update-budget.ts';

/** Kinds of structs and of content, in the low five bits of a struct's first byte (Yjs 13.6, V1). */
const Kind = {
  gc: 0,
  deleted: 1,
  json: 2,
  binary: 3,
  string: 4,
  embed: 5,
  format: 6,
  type: 7,
  any: 8,
  doc: 9,
  skip: 10,
} as const;

/** The shared types whose name follows: elements and hooks of XML. */
const NAMED_TYPES = new Set([3, 5]);

/** The first bytes of plain values (lib0's `readAny`). */
const Any = {
  array: 117,
  object: 118,
  text: 119,
  bytes: 116,
  bigint: 122,
  float64: 123,
  float32: 124,
  integer: 125,
} as const;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Whatever is counted takes a byte at least. */
const ALWAYS_WITHIN_BYTES = Math.min(...Object.values(updateBudget));

/**
 * Checks what can be known of a Yjs V1 update without the board it is for.
 * @throws TesseraError `too-large` when it holds more than it may, `malformed` when it ends too soon.
 */
export function checkBudget(bytes: Uint8Array): void {
  // Nearly every update is an edit of some sixty bytes.
  if (bytes.byteLength > ALWAYS_WITHIN_BYTES) new UpdateScan(bytes, updateBudget).run();
}

/**
 * One reading of an update from its first byte to its last, which counts and keeps nothing. It never
 * calls itself, so that no depth of nesting can overflow the stack. What it cannot make sense of it
 * leaves to Yjs, which refuses it.
 */
export class UpdateScan {
  structs = 0;
  deletions = 0;
  unorderedDeletions = 0;
  values = 0;
  documents = 0;
  clients = 0;
  readonly #bytes: Uint8Array;
  readonly #budget: UpdateBudget;
  #at = 0;

  constructor(bytes: Uint8Array, budget: UpdateBudget) {
    this.#bytes = bytes;
    this.#budget = budget;
  }

  /** @throws TesseraError `too-large`, or `malformed` when the update ends too soon. */
  run(): void {
    const runs = this.#number();
    for (let run = 0; run < runs; run++) this.#run();
    const clients = this.#number();
    for (let client = 0; client < clients; client++) this.#deletionsOfClient();
  }

  #deletionsOfClient(): void {
    this.#number(); // client
    const ranges = this.#amount();
    this.deletions += ranges;
    this.#expect(this.deletions, 'maxDeletions', 'deletions');
    let end = 0;
    for (let range = 0; range < ranges; range++) {
      const clock = this.#number();
      if (clock < end) {
        this.unorderedDeletions += 1;
        this.#expect(this.unorderedDeletions, 'maxUnorderedDeletions', 'deletions out of order');
      }
      end = clock + this.#number();
    }
  }

  #run(): void {
    this.clients += 1;
    this.#expect(this.clients, 'maxClients', 'client ids');
    const structs = this.#amount();
    this.structs += structs;
    this.#expect(this.structs, 'maxStructs', 'structs');
    this.#number(); // client
    this.#number(); // clock
    for (let struct = 0; struct < structs; struct++) this.#struct();
  }

  #struct(): void {
    const info = this.#byte();
    const kind = info & 0x1f;
    if (kind === Kind.gc || info === Kind.skip) {
      this.#number();
      return;
    }
    const [hasOrigin, hasRightOrigin] = [(info & 0x80) !== 0, (info & 0x40) !== 0];
    if (hasOrigin) this.#id();
    if (hasRightOrigin) this.#id();
    if (!hasOrigin && !hasRightOrigin) {
      if (this.#number() === 1) this.#key('the name of a root type');
      else this.#id();
      if ((info & 0x20) !== 0) this.#key('a key');
    }
    this.#content(kind);
  }

  #content(kind: number): void {
    switch (kind) {
      case Kind.deleted:
        this.#number();
        return;
      case Kind.binary:
      case Kind.string:
        this.#skip(this.#number());
        return;
      case Kind.json: {
        const values = this.#amount();
        for (let value = 0; value < values; value++) this.#json();
        return;
      }
      case Kind.any:
        this.#any(this.#amount());
        return;
      case Kind.embed:
        this.#json();
        return;
      case Kind.format:
        this.#key('the name of a format');
        this.#json();
        return;
      case Kind.type:
        if (NAMED_TYPES.has(this.#number())) this.#key('the name of an element');
        return;
      case Kind.doc:
        this.documents += 1;
        this.#expect(this.documents, 'maxDocuments', 'documents');
        this.#key('the id of a document');
        this.#any(1);
        return;
      default:
        throw malformed();
    }
  }

  /** Plain values one behind the other, each with all that is in it. */
  #any(count: number): void {
    this.#countValues(count);
    // How much is still to come on each level, and of what.
    const left = [count];
    const keyed = [false];
    while (left.length > 0) {
      const level = left.length - 1;
      const waiting = left[level] ?? 0;
      if (waiting === 0) {
        left.pop();
        keyed.pop();
        continue;
      }
      left[level] = waiting - 1;
      if (keyed[level]) this.#skip(this.#number());
      const type = this.#byte();
      if (type !== Any.array && type !== Any.object) this.#plain(type);
      else {
        this.#expect(left.length, 'maxLevels', 'levels');
        left.push(this.#countValues(this.#amount()));
        keyed.push(type === Any.object);
      }
    }
  }

  #plain(type: number): void {
    if (type === Any.text || type === Any.bytes) this.#skip(this.#number());
    else if (type === Any.integer) while (this.#byte() >= 0x80);
    else if (type === Any.float32) this.#skip(4);
    else if (type === Any.float64 || type === Any.bigint) this.#skip(8);
  }

  /** A value as JSON text: each bracket and each comma outside of strings begins a value. */
  #json(): void {
    const end = this.#number() + this.#at;
    let level = 0;
    let values = 1;
    let isText = false;
    for (let at = this.#at; at < end; at++) {
      const byte = this.#bytes[at];
      if (byte === undefined) throw malformed();
      if (isText) {
        if (byte === BACKSLASH) at += 1;
        else if (byte === QUOTE) isText = false;
      } else if (byte === QUOTE) isText = true;
      else if (byte === COMMA) values += 1;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
        level += 1;
        values += 1;
        if (level > this.#budget.maxLevels) this.#expect(level, 'maxLevels', 'levels');
      } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) level -= 1;
    }
    this.#countValues(values);
    this.#at = end;
  }

  #key(what: string): void {
    const length = this.#amount();
    if (length > this.#budget.maxKeyBytes) this.#expect(length, 'maxKeyBytes', `bytes in ${what}`);
    this.#skip(length);
  }

  #id(): void {
    this.#number();
    this.#number();
  }

  #countValues(count: number): number {
    this.values += count;
    this.#expect(this.values, 'maxValues', 'values');
    return count;
  }

  #expect(count: number, limit: keyof UpdateBudget, what: string): void {
    const allowed = this.#budget[limit];
    if (count <= allowed) return;
    throw new TesseraError(
      'too-large',
      `the update has ${count} ${what}, at most ${allowed} are allowed`,
    );
  }

  /** Of what takes a byte at least. */
  #amount(): number {
    const amount = this.#number();
    if (amount > this.#bytes.byteLength - this.#at) throw malformed();
    return amount;
  }

  #number(): number {
    let value = 0;
    for (let place = 1; ; place *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * place;
      if (byte < 0x80) return value;
      if (value > Number.MAX_SAFE_INTEGER) throw malformed();
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw malformed();
    this.#at += 1;
    return byte;
  }

  #skip(length: number): void {
    this.#at += length;
    if (this.#at > this.#bytes.byteLength) throw malformed();
  }
}

function malformed(): TesseraError {
  return new TesseraError('malformed', 'the bytes are not a Yjs update');
}
