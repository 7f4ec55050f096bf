import { randomUUID } from 'node:crypto';
import type { TesseraError } from '@tessera/model';
import { afterEach, expect, test, vi } from 'vitest';
import { eventually } from '../../../test/support/wait.ts';
import { type MeteredSocket, Traffic, type TrafficOptions } from './traffic.ts';

const open: Traffic[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const traffic of open.splice(0)) traffic.close();
});

const perConnection = { frames: 100, bytes: 10_000 };
const perUser = { frames: 150, bytes: 15_000 };

function start(options: Partial<TrafficOptions> = {}) {
  const traffic = new Traffic({
    limits: { perConnection, perUser, workPerUser: 1_000 },
    heldBack: () => undefined,
    ...options,
  });
  open.push(traffic);
  return traffic;
}

/** A connection, and what became of it. */
class Client implements MeteredSocket {
  readonly id = randomUUID();
  readonly actor: string;
  readonly heard: (boolean | TesseraError)[] = [];

  constructor(actor: string) {
    this.actor = actor;
  }

  holdBack(isHeld: boolean): void {
    this.heard.push(isHeld);
  }

  end(error: TesseraError): void {
    this.heard.push(error);
  }
}

const send = (meter: { count(bytes: number): void }, frames: number, bytes = 1) => {
  for (let n = 0; n < frames; n += 1) meter.count(bytes);
};

test.each([
  ['frames', 101, 1],
  ['bytes', 2, 5_001],
])(
  'who sends too many %s is held back, and let go when the second is over',
  async (_of, frames, bytes) => {
    let held = 0;
    const traffic = start({ heldBack: () => (held += 1) });
    const [fast, other] = [new Client('ann'), new Client('bob')];
    send(traffic.meter(fast), frames, bytes);
    send(traffic.meter(other), 15);
    await eventually(() => held > 0 && fast.heard.at(-1) === false);
    expect(fast.heard.slice(0, 2)).toEqual([true, false]);
    expect(other.heard).toEqual([]);
  },
);

test('what was read beyond the rate is waited for', async () => {
  vi.useFakeTimers();
  const client = new Client('ann');
  send(start().meter(client), 300);
  await vi.advanceTimersByTimeAsync(2_900);
  expect(client.heard.at(-1)).toBe(true);
  await vi.advanceTimersByTimeAsync(300);
  expect(client.heard.at(-1)).toBe(false);
});

test('of what is there at once only a part is read before the next tick', async () => {
  const client = new Client('ann');
  const meter = start().meter(client);
  send(meter, 19);
  expect(client.heard).toEqual([]);
  send(meter, 1);
  expect(client.heard).toEqual([true]);
  await eventually(() => client.heard.length === 2);
  expect(client.heard).toEqual([true, false]);
});

test('all connections of a user are held back when together they send too much', async () => {
  const traffic = start();
  const [one, two, other] = [new Client('ann'), new Client('ann'), new Client('bob')];
  for (const client of [one, two]) send(traffic.meter(client), 80);
  send(traffic.meter(other), 15);
  const isHeld = (client: Client) => client.heard.filter((one) => one === true).length > 1;
  await eventually(() => isHeld(one) && isHeld(two));
  expect(other.heard).toEqual([]);
});

test('who goes on for longer than the patience lasts is closed, with the reason', async () => {
  const traffic = start({ patienceMs: 1_500 });
  const client = new Client('ann');
  const meter = traffic.meter(client);
  await eventually(() => {
    if (client.heard.at(-1) !== true) send(meter, 200);
    return client.heard.some((one) => typeof one === 'object');
  });
  expect(client.heard.find((one) => typeof one === 'object')).toMatchObject({
    code: 'too-fast',
    closeCode: 4529,
  });
});

test('who is gone is neither held back nor let go any more', async () => {
  const traffic = start();
  const [gone, other] = [new Client('ann'), new Client('bob')];
  const meter = traffic.meter(gone);
  send(meter, 500);
  await eventually(() => gone.heard.length > 0);
  meter.close();
  const heard = [...gone.heard];
  send(meter, 500);
  send(traffic.meter(other), 500);
  await eventually(() => other.heard.at(-1) === false);
  expect(gone.heard).toEqual(heard);
});
