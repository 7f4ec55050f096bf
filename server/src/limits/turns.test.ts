import { expect, test, vi } from 'vitest';
import { TimeSlices } from './time-slices.ts';
import { Turns } from './turns.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function start({ comesLast = false } = {}) {
  const handled: number[] = [];
  const crowded: boolean[] = [];
  const wait = { ms: 0 };
  const owner = {
    handle: (item: number) => void handled.push(item),
    crowded: (isCrowded: boolean) => void crowded.push(isCrowded),
    waitMs: () => wait.ms,
    comesLast,
  };
  // A slice in which no time passes ends with what there is to do.
  const turns = new Turns<number>(owner, new TimeSlices(() => 0));
  return { turns, handled, crowded, wait };
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

test('what fits into a turn is handled at once', async () => {
  const { turns, handled, crowded } = start();
  for (const n of upTo(8)) turns.take(n);
  expect(handled).toHaveLength(8);
  await nextTurn();
  await nextTurn();
  for (const n of upTo(8)) turns.take(n);
  expect([handled.length, crowded]).toEqual([16, []]);
});

test('the rest waits for its slice, in order, and no more is wanted until then', async () => {
  const { turns, handled, crowded } = start();
  for (const n of upTo(1_000)) turns.take(n);
  expect([handled.length, crowded]).toEqual([8, [true]]);
  await vi.waitUntil(() => crowded.length === 2);
  expect(handled).toEqual(upTo(1_000));
  expect(crowded).toEqual([true, false]);
});

test('nothing of who comes last is handled in the turn it came in', async () => {
  const { turns, handled } = start({ comesLast: true });
  turns.take(0);
  turns.take(1);
  expect(handled).toEqual([]);
  await vi.waitUntil(() => handled.length === 2);
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

test('at the end all is handled, in slices, and what would have to wait as well', async () => {
  const { turns, handled, crowded, wait } = start();
  wait.ms = 1_000_000;
  for (const n of upTo(500)) turns.take(n);
  await nextTurn();
  await nextTurn();
  const finished = vi.fn();
  turns.finish(finished);
  expect(handled).toEqual([]);
  await vi.waitUntil(() => finished.mock.calls.length > 0);
  expect([handled, crowded]).toEqual([upTo(500), [true]]);
});

test('at the end of who is not crowded nothing is waited for', () => {
  const { turns, handled } = start();
  turns.take(0);
  const finished = vi.fn();
  turns.finish(finished);
  expect([handled, finished.mock.calls.length]).toEqual([[0], 1]);
});
