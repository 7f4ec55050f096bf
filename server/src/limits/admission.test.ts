import { expect, test } from 'vitest';
import { Admission, type Seat } from './admission.ts';

const limits = { maxSocketsPerAddress: 3, maxSocketsPerUser: 2, maxTokenlessSockets: 2 };

function enter(admission: Admission, address: string): Seat {
  const seat = admission.enter(address);
  if (typeof seat === 'string') throw new Error(`refused: ${seat}`);
  return seat;
}

test('an address has so many seats, and those of who left are free again', () => {
  const refused: string[] = [];
  const admission = new Admission(limits, (limit) => refused.push(limit));
  const seats = ['ann', 'bob', 'cat'].map((actor) => {
    const seat = enter(admission, '10.0.0.1');
    expect(seat.identified(actor)).toBe(true);
    return seat;
  });
  expect(admission.enter('10.0.0.1')).toBe('address');
  enter(admission, '10.0.0.2').leave();
  seats[0]?.leave();
  seats[0]?.leave();
  enter(admission, '10.0.0.1');
  expect(admission.enter('10.0.0.1')).toBe('address');
  expect(refused).toEqual(['address', 'address']);
});

test('those without a token have seats of their own until they show one', () => {
  const admission = new Admission(limits, () => undefined);
  const first = enter(admission, 'a');
  enter(admission, 'b');
  expect(admission.enter('c')).toBe('tokenless');
  first.identified('ann');
  enter(admission, 'c');
  expect(admission.enter('d')).toBe('tokenless');
});

test('a user has so many seats, wherever from, and one however often it shows its token', () => {
  const admission = new Admission(limits, () => undefined);
  const [one, two, three] = ['a', 'b', 'c'].map((address) => {
    const seat = enter(admission, address);
    seat.identified(address);
    return seat;
  });
  expect([one, one, two, three].map((seat) => seat?.identified('ann'))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  two?.leave();
  expect(three?.identified('ann')).toBe(true);
});
