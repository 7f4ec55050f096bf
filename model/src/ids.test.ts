import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TesseraError } from './errors.ts';
import { isBoardId, isWidgetId, parseBoardId, parseWidgetId, tenantOf } from './ids.ts';

const alphabet = 'ABCXYZabcxyz0189._~-'.split('');
const segment = fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: 20 });
const boardId = fc.array(segment, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('/'));

describe('board ids', () => {
  test('any segments joined by slashes, up to 255 bytes, are an id and come back unchanged', () => {
    fc.assert(
      fc.property(boardId, (id) => {
        expect(isBoardId(id)).toBe(true);
        expect(parseBoardId(id)).toBe(id);
        expect(tenantOf(id)).toBe(id.split('/')[0]);
      }),
    );
  });

  test('one character that is not of the alphabet spoils an id, wherever it stands', () => {
    const foreign = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 1 })
      .filter((char) => !/^[A-Za-z0-9._~/-]$/.test(char));
    fc.assert(
      fc.property(boardId, foreign, fc.nat(), (id, char, at) => {
        const cut = at % (id.length + 1);
        expect(isBoardId(id.slice(0, cut) + char + id.slice(cut))).toBe(false);
      }),
    );
  });

  test.each(['', '/', 'a/', '/a', 'a//b', 'a\n', 'a b', 'a\u0000b', 'é', 'a/*', 'x'.repeat(256)])(
    '%j is refused',
    (text) => {
      expect(isBoardId(text)).toBe(false);
      expect(() => parseBoardId(text)).toThrow(TesseraError);
      expect(() => parseBoardId(text)).toThrow(/is not a board id/);
    },
  );

  test('255 bytes are the limit', () => {
    expect(isBoardId('x'.repeat(255))).toBe(true);
    expect(isBoardId('x'.repeat(256))).toBe(false);
  });

  test('the error about a very long id is short', () => {
    try {
      parseBoardId('x'.repeat(1_000_000));
      expect.unreachable();
    } catch (error) {
      expect((error as TesseraError).code).toBe('malformed');
      expect((error as TesseraError).message.length).toBeLessThan(250);
    }
  });
});

describe('widget ids', () => {
  test('one segment is a widget id, two are not', () => {
    expect(isWidgetId('chart-1')).toBe(true);
    expect(isWidgetId('a/b')).toBe(false);
    expect(parseWidgetId('chart-1')).toBe('chart-1');
  });

  test.each(['', '__proto__', 'a b', 'x'.repeat(256)])('%j is refused', (text) => {
    expect(() => parseWidgetId(text)).toThrow(/is not a widget id/);
  });
});
