import type { Json } from '@tessera/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listEdits } from './list-edits.ts';

function applied(from: readonly Json[], to: readonly Json[]): Json[] {
  const list = [...from];
  for (const { index, remove, insert } of listEdits(from, to))
    list.splice(index, remove, ...insert);
  return list;
}

/** How many items are kept at most, by the definition of the longest common subsequence. */
function longestCommon(a: readonly Json[], b: readonly Json[]): number {
  const [first, ...rest] = a;
  if (first === undefined) return 0;
  const place = b.indexOf(first);
  const without = longestCommon(rest, b);
  return place < 0 ? without : Math.max(without, 1 + longestCommon(rest, b.slice(place + 1)));
}

const items = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), n: fc.nat(1) }),
    fc.constantFrom('#"a"', null, [], {}),
  ),
  { maxLength: 8 },
) as fc.Arbitrary<Json[]>;

describe('the edits of a list', () => {
  test('turn any list into any other', () => {
    fc.assert(
      fc.property(items, items, (from, to) => {
        expect(applied(from, to)).toEqual(to);
      }),
    );
  });

  test('are the fewest: all that may stay stays', () => {
    const numbers = fc.array(fc.nat(4), { maxLength: 9 });
    fc.assert(
      fc.property(numbers, numbers, (from, to) => {
        const removed = listEdits(from, to).reduce((sum, { remove }) => sum + remove, 0);
        expect(from.length - removed).toBe(longestCommon(from, to));
      }),
    );
  });

  test('replace an item of the same id in place, and move only what moved', () => {
    const [a, b, c] = [{ id: 'a' }, { id: 'b', n: 0 }, { id: 'c' }];
    const changed = { id: 'b', n: 1 };
    expect(listEdits([a, b, c], [a, changed, c])).toEqual([
      { index: 1, remove: 1, insert: [changed] },
    ]);
    expect(listEdits([a, b, c], [c, a, b])).toEqual([
      { index: 0, remove: 0, insert: [c] },
      { index: 3, remove: 1, insert: [] },
    ]);
    expect(listEdits([a, b, c], [a, b, c])).toEqual([]);
  });

  test('are found soon in a long list of few values', () => {
    const from = Array.from({ length: 20_000 }, (_, n) => n % 2);
    const to = from.map((n) => 1 - n).concat(7);
    expect(applied(from, to)).toEqual(to);
  });
});
