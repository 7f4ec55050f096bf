/**
 * The few frames of the Hocuspocus protocol a load generator needs, on plain bytes: a generator that
 * decodes every message with a library measures itself.
 */
export const FrameType = { sync: 0, awareness: 1, auth: 2, syncReply: 4, syncStatus: 8 } as const;
export const SyncType = { step1: 0, step2: 1, update: 2 } as const;

function varUint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  // Not with shifts: clocks of a server may be larger than 32 bits.
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

export function varBytes(bytes: Uint8Array): Buffer {
  return Buffer.concat([varUint(bytes.byteLength), bytes]);
}

function varString(text: string): Buffer {
  return varBytes(Buffer.from(text));
}

/** Everything in front of a frame's body that is the same for all frames of this kind on a board. */
export function frameHead(board: string, ...types: number[]): Buffer {
  return Buffer.concat([varString(board), Buffer.from(types)]);
}

export function tokenFrame(board: string, token: string): Buffer {
  return Buffer.concat([frameHead(board, FrameType.auth, 0), varString(token)]);
}

/** A presence message of one client. */
export function presenceFrame(head: Buffer, client: number, clock: number, state: string): Buffer {
  const entry = Buffer.concat([varUint(1), varUint(client), varUint(clock), varString(state)]);
  return Buffer.concat([head, varBytes(entry)]);
}

/** Reads what `varUint` and `varBytes` write, from `position` on. */
export class Reader {
  position: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, position = 0) {
    this.#bytes = bytes;
    this.position = position;
  }

  uint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.#bytes[this.position++];
      if (byte === undefined) throw new Error('the message ends within a number');
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  }

  bytes(): Buffer {
    const length = this.uint();
    this.position += length;
    return this.#bytes.subarray(this.position - length, this.position);
  }
}

/** Who of a presence message is there (a state), and who is not (null). */
export function readPresence(update: Buffer): { client: number; isPresent: boolean }[] {
  const reader = new Reader(update);
  return Array.from({ length: reader.uint() }, () => {
    const client = reader.uint();
    reader.uint(); // the clock
    return { client, isPresent: !reader.bytes().equals(NULL) };
  });
}

const NULL = Buffer.from('null');

/*
 * A mark says who made an edit and which one of theirs it is: `~M` + 3 digits + 7 digits. It travels
 * inside the edit's value, where every server must leave it as it is, and is found by a search of bytes.
 */
const MARK = Buffer.from('~M');
const MARK_BYTES = 12;

export function mark(writer: number, index: number): string {
  return `~M${String(writer).padStart(3, '0')}${String(index).padStart(7, '0')}`;
}

/** Calls back for every mark in the frame. */
export function findMarks(frame: Buffer, found: (writer: number, index: number) => void): void {
  let at = frame.indexOf(MARK);
  while (at !== -1 && at + MARK_BYTES <= frame.length) {
    found(digits(frame, at + 2, 3), digits(frame, at + 5, 7));
    at = frame.indexOf(MARK, at + MARK_BYTES);
  }
}

function digits(frame: Buffer, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at++) value = value * 10 + (frame[at] ?? 0) - 48;
  return value;
}
