import { TesseraError } from '@tessera/model';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { decodeOr } from '../decode.ts';

const MAX_STATE_BYTES = 64 * 1024;

/** One client's entry in an awareness update of y-protocols; `state` is null for one that left. */
export interface Announcement {
  client: number;
  clock: number;
  state: Record<string, unknown> | null;
}

/** @throws TesseraError `malformed`, `too-large` */
export function readAwareness(update: Uint8Array): Announcement[] {
  return decodeOr('the presence message cannot be decoded', () => {
    const decoder = decoding.createDecoder(update);
    const announcements: Announcement[] = [];
    for (let left = decoding.readVarUint(decoder); left > 0; left--) {
      const client = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      const json = decoding.readVarString(decoder);
      if (json.length > MAX_STATE_BYTES) {
        throw new TesseraError('too-large', `a presence state may have ${MAX_STATE_BYTES} bytes`);
      }
      const state: unknown = JSON.parse(json);
      if (typeof state !== 'object' || Array.isArray(state)) {
        throw new TesseraError('malformed', 'a presence state is an object or null');
      }
      announcements.push({ client, clock, state: state as Announcement['state'] });
    }
    return announcements;
  });
}

/** One entry of an awareness update; `state` is JSON. */
export function encodeEntry(client: number, clock: number, state: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, client);
  encoding.writeVarUint(encoder, clock);
  encoding.writeVarString(encoder, state);
  return encoding.toUint8Array(encoder);
}

/** An awareness update of encoded entries. */
export function joinEntries(entries: readonly Uint8Array[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const entry of entries) encoding.writeUint8Array(encoder, entry);
  return encoding.toUint8Array(encoder);
}

/** Makes awareness updates of encoded entries of which each leaves out a few, without joining the others anew. */
export class EntriesToLeaveOut {
  readonly #body: Uint8Array;
  /** Where each entry ends. */
  readonly #ends: number[] = [];

  constructor(entries: readonly Uint8Array[]) {
    this.#body = Buffer.concat(entries);
    let end = 0;
    for (const { byteLength } of entries) {
      end += byteLength;
      this.#ends.push(end);
    }
  }

  /** `places` are the indexes of entries, in ascending order. */
  without(places: readonly number[]): Uint8Array {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, this.#ends.length - places.length);
    const parts: Uint8Array[] = [encoding.toUint8Array(encoder)];
    let from = 0;
    for (const place of places) {
      parts.push(this.#body.subarray(from, this.#ends[place - 1] ?? 0));
      from = this.#ends[place] ?? 0;
    }
    parts.push(this.#body.subarray(from));
    return Buffer.concat(parts);
  }
}

/** The encoded entries of an awareness update, by client; copies, so that nothing larger is kept alive. */
export function splitEntries(update: Uint8Array): Map<number, Uint8Array> {
  const decoder = decoding.createDecoder(update);
  const entries = new Map<number, Uint8Array>();
  for (let left = decoding.readVarUint(decoder); left > 0; left--) {
    const from = decoder.pos;
    const client = decoding.readVarUint(decoder);
    decoding.readVarUint(decoder);
    const length = decoding.readVarUint(decoder);
    decoder.pos += length;
    entries.set(client, update.slice(from, decoder.pos));
  }
  return entries;
}

/** One client's entry as nodes tell it to each other. */
export interface NodeEntry {
  client: number;
  actor: string;
  /** Grows with each announcement of the client, whichever node it is connected to. */
  stamp: number;
  /** JSON; undefined for one that left. */
  state: string | undefined;
}

export function encodeNodeEntries(entries: readonly NodeEntry[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const { client, actor, stamp, state } of entries) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarString(encoder, actor);
    encoding.writeVarUint(encoder, stamp);
    encoding.writeVarString(encoder, state ?? '');
  }
  return encoding.toUint8Array(encoder);
}

/** @throws TesseraError `malformed` */
export function decodeNodeEntries(bytes: Uint8Array): NodeEntry[] {
  return decodeOr('the presence of another node cannot be decoded', () => {
    const decoder = decoding.createDecoder(bytes);
    const entries: NodeEntry[] = [];
    for (let left = decoding.readVarUint(decoder); left > 0; left--) {
      entries.push({
        client: decoding.readVarUint(decoder),
        actor: decoding.readVarString(decoder),
        stamp: decoding.readVarUint(decoder),
        state: decoding.readVarString(decoder) || undefined,
      });
    }
    return entries;
  });
}
