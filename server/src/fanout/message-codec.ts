import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { z } from 'zod';
import { decodeOr } from '../decode.ts';
import type { FanoutMessage } from './message.ts';

/** A message and the sender's name on the wire. */
export interface Envelope {
  from: string;
  message: FanoutMessage;
}

/** Of the encoding. A node drops messages of any other, and finds what they told in the log. */
const VERSION = 1;

const codes = { updates: 0, presence: 1, 'presence-query': 2, alive: 3, control: 4 } as const;

const detailSchema = z.record(z.string(), z.string());

export function encodeEnvelope({ from, message }: Envelope): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, VERSION);
  encoding.writeVarUint(encoder, codes[message.type]);
  encoding.writeVarString(encoder, from);
  writeMessage(encoder, message);
  return encoding.toUint8Array(encoder);
}

/**
 * Undefined for a message of `self`, and for a version or a type that this node does not know: others
 * may be newer.
 * @throws TesseraError `malformed`
 */
export function decodeEnvelope(bytes: Uint8Array, self: string): Envelope | undefined {
  return decodeOr('a message of another node cannot be decoded', () => {
    const decoder = decoding.createDecoder(bytes);
    if (decoding.readVarUint(decoder) !== VERSION) return undefined;
    const code = decoding.readVarUint(decoder);
    const from = decoding.readVarString(decoder);
    if (from === self) return undefined;
    const message = readMessage(decoder, code);
    return message && { from, message };
  });
}

function writeMessage(encoder: encoding.Encoder, message: FanoutMessage): void {
  switch (message.type) {
    case 'updates':
      encoding.writeVarString(encoder, message.board);
      encoding.writeVarString(encoder, message.epoch);
      encoding.writeVarUint(encoder, message.firstSeq);
      encoding.writeVarUint(encoder, message.lastSeq);
      // A commit has at least one update: none here means that they were left out.
      encoding.writeVarUint(encoder, message.updates?.length ?? 0);
      for (const update of message.updates ?? []) encoding.writeVarUint8Array(encoder, update);
      return;
    case 'presence':
      encoding.writeVarString(encoder, message.board);
      encoding.writeVarUint(encoder, message.whole ? 1 : 0);
      encoding.writeVarUint8Array(encoder, message.entries);
      return;
    case 'presence-query':
      encoding.writeVarString(encoder, message.board);
      return;
    case 'alive':
      encoding.writeVarUint(encoder, message.leaving ? 1 : 0);
      return;
    case 'control':
      encoding.writeVarString(encoder, message.board ?? '');
      encoding.writeVarString(encoder, message.name);
      encoding.writeVarString(encoder, JSON.stringify(message.detail));
      return;
  }
}

function readMessage(decoder: decoding.Decoder, code: number): FanoutMessage | undefined {
  switch (code) {
    case codes.updates: {
      const board = decoding.readVarString(decoder);
      const epoch = decoding.readVarString(decoder);
      const firstSeq = decoding.readVarUint(decoder);
      const lastSeq = decoding.readVarUint(decoder);
      const updates: Uint8Array[] = [];
      for (let left = decoding.readVarUint(decoder); left > 0; left--) {
        updates.push(decoding.readVarUint8Array(decoder));
      }
      const count = lastSeq - firstSeq + 1;
      if (count < 1 || (updates.length > 0 && updates.length !== count)) {
        throw new RangeError(`${updates.length} updates for the seqs ${firstSeq} to ${lastSeq}`);
      }
      return {
        type: 'updates',
        board,
        epoch,
        firstSeq,
        lastSeq,
        updates: updates.length > 0 ? updates : undefined,
      };
    }
    case codes.presence: {
      const board = decoding.readVarString(decoder);
      const whole = decoding.readVarUint(decoder) === 1;
      return { type: 'presence', board, whole, entries: decoding.readVarUint8Array(decoder) };
    }
    case codes['presence-query']:
      return { type: 'presence-query', board: decoding.readVarString(decoder) };
    case codes.alive:
      return { type: 'alive', leaving: decoding.readVarUint(decoder) === 1 };
    case codes.control: {
      const board = decoding.readVarString(decoder) || undefined;
      const name = decoding.readVarString(decoder);
      const detail = detailSchema.parse(JSON.parse(decoding.readVarString(decoder)));
      return { type: 'control', board, name, detail };
    }
    default:
      return undefined;
  }
}
