import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canWrite } from './access.ts';
import { accessTo, type Grant, grantFor, grantsSchema } from './grants.ts';

const segment = fc.string({
  unit: fc.constantFrom('a', 'b', '-', '1'),
  minLength: 1,
  maxLength: 4,
});
const boardId = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

function allows(pattern: string, board: string): boolean {
  return accessTo([{ board: pattern, access: 'read' }], board) === 'read';
}

/** Puts a wildcard in the place of `[from, from + length)`, so that the result still matches `id`. */
function generalise(pattern: string, from: number, length: number): string {
  const start = from % (pattern.length + 1);
  const removed = pattern.slice(start, start + length);
  const wildcard = /[/]|\*\*/.test(removed) ? '**' : '*';
  const result = pattern.slice(0, start) + wildcard + pattern.slice(start + length);
  // Stars that meet count as one: the widest.
  return result.replace(/\*{2,}/g, '**');
}

describe('matching', () => {
  test.each([
    ['acme/ops', 'acme/ops', true],
    ['acme/ops', 'acme/ops2', false],
    ['acme/*', 'acme/ops', true],
    ['acme/*', 'acme/ops/night', false],
    ['acme/*', 'acme', false],
    ['acme/**', 'acme/ops/night', true],
    ['acme/**', 'acme', false],
    ['acme/**', 'acme2/ops', false],
    ['*/ops', 'acme/ops', true],
    ['acme/*-q3', 'acme/sales-q3', true],
    ['acme/*-q3', 'acme/sales-q4', false],
    ['acme/s*s', 'acme/s', false],
    ['acme/**/ops', 'acme/eu/west/ops', true],
    ['**', 'acme', true],
    ['*', 'acme', true],
    ['*', 'acme/ops', false],
    ['acme.*', 'acmex', false],
  ])('%s on %s: %s', (pattern, board, expected) => {
    expect(allows(pattern, board)).toBe(expected);
  });

  test('agrees with a regular expression on random patterns and ids', () => {
    const pattern = fc
      .array(fc.constantFrom('a', 'b', '-', '1', '/', '*', '**'), { minLength: 1, maxLength: 10 })
      .map((tokens) => tokens.join(''))
      .filter((text) => grantsSchema.safeParse([{ board: text, access: 'read' }]).success);
    fc.assert(
      fc.property(pattern, boardId, (text, id) => {
        const source = text.replaceAll('**', '.+').replaceAll('*', '[^/]*').replaceAll('.+', '.*');
        expect(allows(text, id)).toBe(new RegExp(`^${source}$`).test(id));
      }),
      { numRuns: 2000 },
    );
  });

  test('a pattern made to explode a backtracking matcher is quick', () => {
    const pattern = `${'a**'.repeat(80)}b`;
    const started = performance.now();
    expect(allows(pattern, 'a'.repeat(255))).toBe(false);
    expect(performance.now() - started).toBeLessThan(100);
  });
});

describe('the most specific grant wins', () => {
  test('the example of the contract: write on all of acme, read on ops', () => {
    const grants: Grant[] = [
      { board: 'acme/*', access: 'write' },
      { board: 'acme/ops', access: 'read', widgets: { 'chat-*': 'write' } },
    ];
    expect(accessTo(grants, 'acme/sales')).toBe('write');
    expect(accessTo(grants, 'acme/ops')).toBe('read');
    expect(grantFor(grants, 'acme/ops')?.widgets).toEqual({ 'chat-*': 'write' });
    expect(accessTo(grants, 'other/ops')).toBeUndefined();
  });

  test.each([
    ['more literal characters', 'acme/o*', 'acme/*'],
    ['a longer literal part wherever it stands', '*/operations', 'acme/*'],
    ['fewer **', 'acme/*', 'acme/**'],
    ['fewer *', 'acme/op*', 'acme/*p*o'],
    ['an exact id', 'acme/operations', 'acme/operations*'],
  ])('%s: %s before %s', (_rule, winner, loser) => {
    const board = winner === 'acme/op*' ? 'acme/opo' : 'acme/operations';
    const expected: Grant = { board: winner, access: 'read' };
    const other: Grant = { board: loser, access: 'admin' };
    expect(grantFor([expected, other], board)).toBe(expected);
    expect(grantFor([other, expected], board)).toBe(expected);
  });

  test('a grant beats whatever is more general, in any order', () => {
    fc.assert(
      fc.property(boardId, fc.nat(), fc.nat(3), fc.nat(), fc.nat(3), (id, at, len, at2, len2) => {
        const narrow = generalise(id, at, len);
        const wide = generalise(narrow, at2, len2);
        const grants: Grant[] = [
          { board: wide, access: 'admin' },
          { board: narrow, access: 'read' },
        ];
        expect(accessTo(grants, id)).toBe('read');
        expect(accessTo(grants.toReversed(), id)).toBe('read');
      }),
      { numRuns: 2000 },
    );
  });

  test('equally specific: the one with less access decides', () => {
    const grants: Grant[] = [
      { board: 'acme/*', access: 'admin' },
      { board: 'acme/*', access: 'read' },
      { board: 'acme/*', access: 'write' },
    ];
    expect(accessTo(grants, 'acme/x')).toBe('read');
    expect(accessTo(grants.toReversed(), 'acme/x')).toBe('read');
  });
});

describe('the schema', () => {
  test('keeps widget grants', () => {
    const grants = [{ board: 'acme/ops', access: 'read', widgets: { 'chat-*': 'write' } }];
    expect(grantsSchema.parse(grants)).toEqual(grants);
    expect(grantsSchema.parse([])).toEqual([]);
  });

  test.each([
    [[{ board: 'acme/***', access: 'read' }]],
    [[{ board: 'acme//x', access: 'read' }]],
    [[{ board: '', access: 'read' }]],
    [[{ board: 'acme/?', access: 'read' }]],
    [[{ board: 'x'.repeat(256), access: 'read' }]],
    [[{ board: 'acme/x', access: 'owner' }]],
    [[{ board: 'acme/x' }]],
    [[{ board: 'acme/x', access: 'read', until: 'noon' }]],
    [[{ board: 'acme/x', access: 'read', widgets: { 'a/b': 'write' } }]],
    [[{ board: 'acme/x', access: 'read', widgets: { a: 'all' } }]],
    [{ board: 'acme/x', access: 'read' }],
    ['acme/x'],
  ])('refuses %j', (grants) => {
    expect(grantsSchema.safeParse(grants).success).toBe(false);
  });
});

test('readers cannot write, writers and admins can', () => {
  expect(canWrite('read')).toBe(false);
  expect(canWrite(undefined)).toBe(false);
  expect(canWrite('write')).toBe(true);
  expect(canWrite('admin')).toBe(true);
});
