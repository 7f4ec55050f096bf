import { expect, test, vi } from 'vitest';
import { Turns } from './turns.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function start() {
  const handled: number[] = [];
  const crowded: boolean[] = [];
  const wait = { ms: 0 };
  const turns = new Turns<number>({
    handle: (item) => handled.push(item),
    crowded: (isCrowded) => crowded.push(isCrowded),
    waitMs: () => wait.ms,
  });
  return { turns, handled, crowded, wait };
}

test('what fits into a turn is handled at once', async () => {
  const { turns, handled, crowded } = start();
  for (let n = 0; n < 64; n += 1) turns.take(n);
  expect(handled).toHaveLength(64);
  await nextTurn();
  await nextTurn();
  for (let n = 64; n < 128; n += 1) turns.take(n);
  expect([handled.length, crowded]).toEqual([128, []]);
});

test('the rest waits for later turns, in order, and no more is wanted until then', async () => {
  const { turns, handled, crowded } = start();
  for (let n = 0; n < 1_000; n += 1) turns.take(n);
  expect([handled.length, crowded]).toEqual([64, [true]]);
  const seen: number[] = [];
  while (crowded.length < 2) {
    await nextTurn();
    seen.push(handled.length);
    if (seen.length === 3) turns.take(1_000);
  }
  expect(Math.max(...seen.map((count, n) => count - (seen[n - 1] ?? 64)))).toBeLessThanOrEqual(128);
  expect(handled).toEqual(Array.from({ length: 1_001 }, (_, n) => n));
  expect(crowded).toEqual([true, false]);
});

test('what has to wait is handled afterwards, in order', async () => {
  const { turns, handled, crowded, wait } = start();
  turns.take(0);
  wait.ms = 20;
  turns.take(1);
  turns.take(2);
  await nextTurn();
  expect([handled, crowded]).toEqual([[0], [true]]);
  wait.ms = 0;
  await vi.waitUntil(() => crowded.length === 2);
  expect(handled).toEqual([0, 1, 2]);
});

test('at the end all is handled', () => {
  const { turns, handled } = start();
  for (let n = 0; n < 500; n += 1) turns.take(n);
  turns.finish();
  expect(handled).toHaveLength(500);
});
