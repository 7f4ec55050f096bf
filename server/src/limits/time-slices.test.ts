import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { TimeSlices } from './time-slices.ts';

/** Slices in which only the work takes time: a millisecond a step. */
function start() {
  const time = { ms: 0 };
  const done: string[] = [];
  const slices = new TimeSlices(() => time.ms);
  const add = (name: string, steps: number) => {
    let left = steps;
    slices.add({
      step() {
        left -= 1;
        time.ms += 1;
        done.push(name);
        return left > 0;
      },
    });
  };
  return { slices, time, done, add };
}

test('all take part, a step each in turn', async () => {
  const { done, add } = start();
  add('a', 3);
  add('b', 1);
  add('c', 2);
  await vi.waitUntil(() => done.length === 6);
  expect(done.join('')).toBe('abcaca');
});

test('a slice ends when its time is over, and the event loop goes round before the next', async () => {
  const { done, add } = start();
  add('a', 4);
  expect(done).toEqual([]);
  await nextTurn();
  await nextTurn();
  expect(done).toHaveLength(2);
  await vi.waitUntil(() => done.length === 4);
});

test('what a step leaves to promises is part of its time', async () => {
  const { slices, time } = start();
  let steps = 0;
  slices.add({
    step() {
      steps += 1;
      void Promise.resolve().then(() => {
        time.ms += 100;
      });
      return true;
    },
  });
  await nextTurn();
  await nextTurn();
  expect(steps).toBe(1);
});

test('what comes when all is done is done as well', async () => {
  const { done, add } = start();
  add('a', 1);
  await vi.waitUntil(() => done.length === 1);
  add('b', 1);
  await vi.waitUntil(() => done.length === 2);
});
