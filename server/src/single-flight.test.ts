import { expect, test } from 'vitest';
import { SingleFlight } from './single-flight.ts';

test('those who ask the same at the same time share an answer, and who asks later gets a new one', async () => {
  const flights = new SingleFlight<number>();
  let asked = 0;
  const ask = async () => {
    asked += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return asked;
  };
  expect(await Promise.all([flights.do('a', ask), flights.do('a', ask)])).toEqual([1, 1]);
  expect(await flights.do('a', ask)).toBe(2);
  await Promise.all([flights.do('a', ask), flights.do('b', ask)]);
  expect(asked).toBe(4);
});

test('an error is shared, and not kept', async () => {
  const flights = new SingleFlight<number>();
  const fail = () => Promise.reject(new Error('away'));
  const both = [flights.do('a', fail), flights.do('a', () => Promise.resolve(1))];
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
  ]);
  expect(await flights.do('a', () => Promise.resolve(1))).toBe(1);
});
