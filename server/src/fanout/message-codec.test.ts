import { TesseraError } from '@tessera/model';
import { describe, expect, it } from 'vitest';
import { random } from '../../../test/support/random.ts';
import type { FanoutMessage } from './message.ts';
import { decodeEnvelope, encodeEnvelope } from './message-codec.ts';

const generator = random();
const upTo = (limit: number) => Math.floor(generator.between(0, limit));
const someBytes = () => Uint8Array.from({ length: upTo(300) }, () => upTo(256));
const someText = () =>
  String.fromCodePoint(...Array.from({ length: upTo(20) }, () => upTo(0xd7ff)));

function someMessage(): FanoutMessage {
  const board = `acme/${someText()}`;
  switch (upTo(5)) {
    case 0: {
      const firstSeq = upTo(2 ** 50);
      const updates = Array.from({ length: 1 + upTo(4) }, someBytes);
      return {
        type: 'updates',
        board,
        epoch: someText(),
        firstSeq,
        lastSeq: firstSeq + updates.length - 1,
        updates: generator.next() < 0.2 ? undefined : updates,
      };
    }
    case 1:
      return { type: 'presence', board, whole: generator.next() < 0.5, entries: someBytes() };
    case 2:
      return { type: 'presence-query', board };
    case 3:
      return { type: 'alive', leaving: generator.next() < 0.5 };
    default:
      return {
        type: 'control',
        board: generator.next() < 0.5 ? board : undefined,
        name: someText(),
        detail: Object.fromEntries(
          Array.from({ length: upTo(3) }, () => [`k${someText()}`, someText()]),
        ),
      };
  }
}

/** What decoding comes to: a message, nothing, or the word for a message that is broken. */
function outcomeOf(bytes: Uint8Array): unknown {
  try {
    return decodeEnvelope(bytes, 'me');
  } catch (error) {
    if (error instanceof TesseraError) return error.code;
    throw error;
  }
}

const hello: FanoutMessage = { type: 'control', board: 'acme/a', name: 'hello', detail: {} };

describe(`the codec of messages between nodes (TEST_SEED=${generator.seed})`, () => {
  it('reads what it wrote', () => {
    for (let round = 0; round < 2_000; round++) {
      const envelope = { from: someText(), message: someMessage() };
      expect(decodeEnvelope(encodeEnvelope(envelope), 'me')).toEqual(envelope);
    }
  });

  it('reads out of the middle of a buffer, as they come from a socket', () => {
    const bytes = encodeEnvelope({ from: 'you', message: hello });
    const padded = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')]);
    const view = padded.subarray(6, 6 + bytes.length);
    expect(decodeEnvelope(view, 'me')?.message).toEqual(hello);
  });

  it('knows its own messages', () => {
    expect(decodeEnvelope(encodeEnvelope({ from: 'me', message: hello }), 'me')).toBeUndefined();
  });

  it('calls a message malformed that ends too early', () => {
    for (let round = 0; round < 200; round++) {
      const bytes = encodeEnvelope({ from: 'you', message: someMessage() });
      for (let length = 0; length < bytes.length; length++) {
        // A part of a larger buffer, in which there is more to read.
        expect(outcomeOf(bytes.subarray(0, length))).toBe('malformed');
        expect(outcomeOf(bytes.slice(0, length))).toBe('malformed');
      }
    }
  });

  it('comes to an end with any bytes, and never to another error', () => {
    for (let round = 0; round < 20_000; round++) {
      const bytes = someBytes();
      if (bytes.length > 1 && generator.next() < 0.9) bytes.set([1, upTo(6)]);
      outcomeOf(bytes);
    }
  });

  it('says nothing about what only newer nodes know', () => {
    const bytes = encodeEnvelope({ from: 'you', message: hello });
    expect(outcomeOf(Uint8Array.from(bytes).fill(2, 0, 1))).toBeUndefined();
    expect(outcomeOf(Uint8Array.from(bytes).fill(99, 1, 2))).toBeUndefined();
  });

  it('does not believe in more or fewer updates than seqs', () => {
    const updates = [new Uint8Array([1]), new Uint8Array([2])];
    const of = { type: 'updates', board: 'acme/a', epoch: 'e', firstSeq: 5 } as const;
    for (const lastSeq of [4, 5, 7]) {
      const bytes = encodeEnvelope({ from: 'you', message: { ...of, lastSeq, updates } });
      expect(outcomeOf(bytes)).toBe('malformed');
    }
  });

  it('does not believe in details that are no text', () => {
    for (const detail of [null, [1], { a: 1 }, 'text']) {
      const message = { ...hello, detail } as unknown as FanoutMessage;
      expect(outcomeOf(encodeEnvelope({ from: 'you', message }))).toBe('malformed');
    }
  });
});
