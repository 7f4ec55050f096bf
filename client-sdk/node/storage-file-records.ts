import { crc32 } from 'node:zlib';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { CopyChange, StoredCopy } from '../offline/storage.ts';
import { changed } from '../offline/storage-memory.ts';

/** Length and checksum of what follows, four bytes each. */
const headBytes = 8;

type Encodable = Parameters<typeof encoding.writeAny>[1];

/** A change as it lies in the file. */
export function encodeRecord(change: object): Uint8Array {
  const body = encoding.encode((encoder) => encoding.writeAny(encoder, plain(change) as Encodable));
  const record = new Uint8Array(headBytes + body.length);
  const head = new DataView(record.buffer);
  head.setUint32(0, body.length);
  head.setUint32(4, crc32(body));
  record.set(body, headBytes);
  return record;
}

/**
 * The copy that the records of a file make, and where the last whole one ends. Half a record at the
 * end is what a crash leaves, and was never reported as stored; anything else is damage.
 */
export function readRecords(bytes: Uint8Array): {
  copy: StoredCopy;
  end: number;
  isDamaged: boolean;
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let copy: StoredCopy = { lineage: undefined, base: undefined, rows: [], aside: [] };
  let end = 0;
  while (end + headBytes <= bytes.length) {
    const next = end + headBytes + view.getUint32(end);
    if (next > bytes.length || next === end + headBytes) break;
    const body = bytes.slice(end + headBytes, next);
    if (crc32(body) !== view.getUint32(end + 4)) {
      return { copy, end, isDamaged: next < bytes.length };
    }
    copy = changed(copy, decoding.readAny(decoding.createDecoder(body)) as CopyChange);
    end = next;
  }
  return { copy, end, isDamaged: false };
}

/** Keys that are undefined are left out: read back they would be there. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, plain(item)]),
  );
}
