import { expect, test } from 'vitest';
import { share } from './structural-sharing.ts';

test('shares a list whose items have one id twice, as two who change an item at once leave it', () => {
  const list = [
    { id: 'i', n: 1 },
    { id: 'j', n: 1 },
    { id: 'i', n: 2 },
  ];
  expect(share(list, structuredClone(list))).toBe(list);
  const [first, , last] = list;
  expect(share(list, structuredClone(list).toSpliced(1, 1))).toEqual([first, last]);
});
