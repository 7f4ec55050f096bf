import { expect, test } from 'vitest';
import { Work } from './work.ts';

function start(msPerSecond: number) {
  let now = 0;
  const work = new Work(msPerSecond, () => now);
  return { work, pass: (ms: number) => (now += ms) };
}

test('a share of each second is free, and what goes beyond has to be waited for', () => {
  const { work, pass } = start(200);
  work.add('ada', 200);
  expect(work.waitMs('ada')).toBe(0);
  work.add('ada', 100);
  expect(work.waitMs('ada')).toBe(500);
  pass(400);
  expect(work.waitMs('ada')).toBeCloseTo(100);
  pass(100);
  expect(work.waitMs('ada')).toBe(0);
});

test('one message that took long is paid for long', () => {
  const { work } = start(200);
  work.add('mallory', 3_000);
  expect(work.waitMs('mallory')).toBe(14_000);
  expect(work.waitMs('ada')).toBe(0);
});

test('users that owe nothing any more are forgotten, the others not', () => {
  const { work, pass } = start(200);
  for (let n = 0; n < 1_000; n += 1) work.add(`user-${n}`, 1);
  pass(1_000);
  work.add('mallory', 3_000);
  for (let n = 0; n < 1_000; n += 1) work.add(`later-${n}`, 1);
  expect(work.waitMs('mallory')).toBe(14_000);
});
