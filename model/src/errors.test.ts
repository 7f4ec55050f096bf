import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ErrorCode, errors, isFinal, TesseraError } from './errors.ts';

const codes = Object.keys(errors) as ErrorCode[];
const reachingClients = codes.filter((code) => code !== 'bad-setting');

describe('the table of errors', () => {
  test.each(reachingClients)('%s: the range of its close code says what `retry` says', (code) => {
    expect(isFinal(errors[code].closeCode)).toBe(!errors[code].retry);
  });

  test('44xx stops, everything else tries again', () => {
    expect([4399, 4400, 4401, 4499, 4500].map(isFinal)).toEqual([false, true, true, true, false]);
    expect([1000, 1006, 1012, 1013, 4508, 4529].some(isFinal)).toBe(false);
  });
});

describe('TesseraError', () => {
  test('carries its row of the table, the detail and the cause', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new TesseraError('not-granted', 'board "acme/ops"', { cause });
    expect(error).toMatchObject({
      name: 'TesseraError',
      code: 'not-granted',
      closeCode: 4403,
      httpStatus: 403,
      retry: false,
      message: 'the token does not grant this: board "acme/ops"',
      cause,
    });
    expect(new TesseraError('overloaded').message).toBe('the node is overloaded');
  });

  test('its close reason fits a close frame and never splits a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 100, maxLength: 200 }), (detail) => {
        const error = new TesseraError('malformed', detail);
        const bytes = new TextEncoder().encode(error.closeReason);
        expect(bytes.length).toBeLessThanOrEqual(123);
        // Cut no earlier than the longest character asks for; a grapheme may be several.
        expect(bytes.length).toBeGreaterThanOrEqual(120);
        expect(error.message.startsWith(error.closeReason)).toBe(true);
        expect(error.closeReason.isWellFormed()).toBe(true);
      }),
    );
  });
});
