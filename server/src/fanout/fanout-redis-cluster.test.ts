import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Redis,
  type RedisCluster,
  startRedis,
  startRedisCluster,
} from '../../../test/support/redis.ts';
import { eventually } from '../../../test/support/wait.ts';
import { connectRedis } from './fanout-redis.ts';
import { order, Station } from './test-station.ts';

/** Enough to be on every master, and on many slots. */
const BOARDS = Array.from({ length: 300 }, (_, index) => `acme/${index}`);
const log = pino({ level: 'silent' });
let stations: Station[] = [];

afterEach(async () => {
  await Promise.all(stations.map(({ fanout }) => fanout.close()));
  stations = [];
});

function connect(urls: readonly string[]): Station {
  const station = new Station((events) => connectRedis(urls, events, { log }));
  stations.push(station);
  return station;
}

/** Two nodes, the second of which is subscribed to all boards. */
async function pair(urls: readonly string[]): Promise<[Station, Station]> {
  const [one, two] = [connect(urls), connect(urls)];
  await Promise.all([one.untilRestored(), two.untilRestored()]);
  await Promise.all(BOARDS.map((board) => two.fanout.subscribe(board)));
  return [one, two];
}

/** Messages may still be lost for a moment, as servers do not hear of a change all at once. */
async function expectAllToArrive(from: Station, to: Station, name: string): Promise<void> {
  const boards = [...BOARDS, undefined];
  const nameFor = (board: string | undefined) => `${name} ${board ?? 'to all'}`;
  await eventually(
    () => {
      const arrived = new Set(to.names);
      const missing = boards.filter((board) => !arrived.has(nameFor(board)));
      for (const board of missing) from.fanout.publish(order(board, nameFor(board)));
      return missing.length === 0;
    },
    { what: `all boards to be told ${name}` },
  );
}

async function channelsOf(redis: Redis): Promise<string[]> {
  return (await redis.command('PUBSUB', 'SHARDCHANNELS')) as string[];
}

describe('the fan-out when of a Redis Cluster', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });

  afterAll(async () => {
    await cluster.close();
  });

  it('a master is killed and started again: says which, and works again', async () => {
    const [one, two] = await pair(cluster.urls);
    await expectAllToArrive(one, two, 'before');
    const [, master] = cluster.masters;
    await master?.kill();
    await eventually(() => one.failures.length > 0 && two.failures.length > 0);
    expect(two.fanout.failure?.message).toContain(`127.0.0.1:${master?.port}`);
    for (const board of BOARDS) one.fanout.publish(order(board, 'lost'));
    await eventually(() => one.unsent.length > 0);
    await master?.start();
    await Promise.all([one.untilRestored(2), two.untilRestored(2)]);
    expect(two.fanout.subscriptions).toBe(BOARDS.length);
    await expectAllToArrive(one, two, 'after');
  });

  it('all masters are killed and started again, one after the other: works again', async () => {
    const [one, two] = await pair(cluster.urls);
    await Promise.all(cluster.masters.map((master) => master.kill()));
    await eventually(() => one.failures.length > 0 && two.failures.length > 0);
    await two.fanout.subscribe('acme/new');
    two.fanout.unsubscribe('acme/0');
    for (const [index, master] of cluster.masters.entries()) {
      await master.start();
      if (index < 2) expect(two.restored).toBe(1);
    }
    await Promise.all([one.untilRestored(2), two.untilRestored(2)]);
    await two.fanout.subscribe('acme/0');
    await expectAllToArrive(one, two, 'after');
    await eventually(() => two.fanout.failure === undefined);
    expect(two.fanout.subscriptions).toBe(BOARDS.length + 1);
  });

  it('a slot moves: follows it, and says that something may have been missed', async () => {
    const [one, two] = await pair(cluster.urls);
    const channel = 'tessera:board:acme/0';
    const { slot, from, to } = await findPlaces('acme/0', cluster);
    for (const [source, target] of [[from, to] as const, [to, from] as const]) {
      const before = two.restored;
      await moveSlot(slot, source, target, cluster);
      await two.untilRestored(before + 1);
      // Node one is not subscribed to it, and finds out by what it cannot send.
      await eventually(() => {
        one.fanout.publish(order('acme/0', `on ${target.port}`));
        return two.names.includes(`on ${target.port}`);
      });
      expect(await channelsOf(target)).toContain(channel);
      expect(await channelsOf(source)).not.toContain(channel);
      expect(two.fanout.subscriptions).toBe(BOARDS.length);
    }
    await eventually(() => one.fanout.failure === undefined && two.fanout.failure === undefined);
    await expectAllToArrive(one, two, 'after');
  });

  it('many slots move, one after the other: is not well again after each of them', async () => {
    const [one, two] = await pair(cluster.urls);
    const places = await Promise.all(BOARDS.map((board) => findPlaces(board, cluster)));
    // All the same way: servers that did not hear of the last move yet may undo the next.
    const leaving = places.filter(({ from }) => from === cluster.masters[2]).slice(0, 20);
    for (const { slot, from, to } of leaving) await moveSlot(slot, from, to, cluster);
    await expectAllToArrive(one, two, 'after');
    await eventually(() => two.fanout.failure === undefined);
    expect(two.restored).toBeGreaterThan(1);
    expect(two.restored).toBeLessThanOrEqual(leaving.length / 4);
    expect(two.fanout.subscriptions).toBe(BOARDS.length);
  });

  it('a subscription is dropped and nothing has moved: subscribes anew', async () => {
    const [, two] = await pair(cluster.urls);
    const { slot, from } = await findPlaces('acme/0', cluster);
    const before = two.restored;
    // Assigning a slot to the master that has it drops its subscriptions.
    await from.command(
      'CLUSTER',
      'SETSLOT',
      slot,
      'NODE',
      String(await from.command('CLUSTER', 'MYID')),
    );
    await two.untilRestored(before + 1);
    expect(await channelsOf(from)).toContain('tessera:board:acme/0');
    expect(two.fanout.subscriptions).toBe(BOARDS.length);
  });

  it('a slot moves that a node only speaks to: says what it could not send, and when it can', async () => {
    const [one, two] = [connect(cluster.urls), connect(cluster.urls)];
    await Promise.all([one.untilRestored(), two.untilRestored()]);
    const { slot, from, to } = await findPlaces('acme/elsewhere', cluster);
    await moveSlot(slot, from, to, cluster);
    await two.fanout.subscribe('acme/elsewhere');
    const lost = order('acme/elsewhere', 'lost');
    one.fanout.publish(lost);
    // Unless it has just read the map, as it does now and then.
    await eventually(() => one.unsent.includes(lost) || two.names.includes('lost'));
    await eventually(() => one.unsent.length === 0 || one.restored > 1);
    await eventually(() => one.fanout.failure === undefined && two.fanout.failure === undefined);
    one.fanout.publish(order('acme/elsewhere', 'found'));
    await two.until('found');
    await moveSlot(slot, to, from, cluster);
  });

  it('only one of the given addresses is right: finds the others from there', async () => {
    const urls = ['redis://127.0.0.1:1', cluster.urls[2] ?? '', 'redis://127.0.0.1:2'];
    const [one, two] = await pair(urls);
    await expectAllToArrive(one, two, 'found');
  });

  it('only one address is given: says to name several', async () => {
    const one = connect(cluster.urls.slice(0, 1));
    const two = connect(cluster.urls.slice(1, 2));
    await Promise.all(BOARDS.map((board) => one.fanout.subscribe(board)));
    await eventually(() => one.failures.length + two.failures.length > 0);
    const [failure] = [...one.failures, ...two.failures];
    expect(failure?.message).toMatch(/for a Redis Cluster, name several/);
  });
});

it('the fan-out moves to the replica that replaces a master', async () => {
  const cluster = await startRedisCluster(3, { replicated: true });
  const [one, two] = await pair(cluster.urls);
  await cluster.masters[0]?.kill();
  await eventually(() => one.failures.length > 0 && two.failures.length > 0);
  await Promise.all([one.untilRestored(2), two.untilRestored(2)]);
  await expectAllToArrive(one, two, 'after');
  expect(await channelsOf(cluster.replicas[0] as Redis)).not.toEqual([]);
  // It comes back as a replica, and is not needed.
  await cluster.masters[0]?.start();
  await expectAllToArrive(one, two, 'after its return');
  expect(two.fanout.subscriptions).toBe(BOARDS.length);
  await Promise.all([one.fanout.close(), two.fanout.close()]);
  await cluster.close();
});

it('the fan-out says so when several addresses are of servers without a cluster', async () => {
  const redis = await startRedis();
  const station = connect([redis.url, redis.url]);
  await eventually(() => station.failures.length > 0);
  expect(station.failures[0]?.message).toMatch(/name only one address in REDIS_URL/);
  await station.fanout.close();
  await redis.close();
});

/** The slot of a board, the master that has it, and another one. */
async function findPlaces(board: string, { masters }: RedisCluster) {
  const [first] = masters;
  const slot = Number(await first?.command('CLUSTER', 'KEYSLOT', `tessera:board:${board}`));
  const ranges = (await first?.command('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
  const port = ranges.find(([low, high]) => low <= slot && slot <= high)?.[2][1];
  const from = masters.find((master) => master.port === port);
  const to = masters.find((master) => master.port !== port);
  if (from === undefined || to === undefined) throw new Error(`slot ${slot} cannot be moved`);
  return { slot, from, to };
}

async function moveSlot(
  slot: number,
  from: Redis,
  to: Redis,
  { masters }: RedisCluster,
): Promise<void> {
  const [fromId, toId] = [
    await from.command('CLUSTER', 'MYID'),
    await to.command('CLUSTER', 'MYID'),
  ];
  await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(fromId));
  await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(toId));
  for (const master of new Set([to, from, ...masters])) {
    await master.command('CLUSTER', 'SETSLOT', slot, 'NODE', String(toId));
  }
}
