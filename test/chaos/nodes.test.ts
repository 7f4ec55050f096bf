import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Redis, startRedis } from '../support/redis.ts';
import { durationMs, seeds } from './extent.ts';
import { deathWithClients, nodeLanes, redisLane, wireLanes } from './lanes.ts';
import { asItShouldBe, liveThrough, type Ordeal } from './live-through.ts';

const neverLooks = fileURLToPath(new URL('../support/never-looks.ts', import.meta.url));
const ackAtOnce = fileURLToPath(new URL('../support/ack-at-once.ts', import.meta.url));

describe('three nodes under 30 clients, while nodes, Redis and the network fail', () => {
  let redis: Redis;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(() => redis.close());

  const everything: Ordeal['lanes'] = (nodes, clientsOn) => [
    ...nodeLanes(nodes, clientsOn),
    ...wireLanes(nodes),
    [...redisLane('Redis', redis), { name: 'FLUSHALL', begin: () => redis.flushAll() }],
  ];

  it.for(seeds())(
    'all end with the same, and with all that was acked (seed %i)',
    { timeout: durationMs + 90_000 },
    async (seed) => {
      const urls = [redis.url];
      const outcome = await liveThrough({ seed, durationMs, redisUrls: urls, lanes: everything });
      expect(outcome, outcome.faults.join('\n')).toMatchObject(asItShouldBe);
      expect(outcome.acked).toBeGreaterThan(durationMs / 20);
      expect(outcome.faults.length).toBeGreaterThan(durationMs / 2_000);
    },
  );

  it('would be noticed to differ, if nodes trusted the wire', { timeout: 90_000 }, async () => {
    const outcome = await liveThrough({
      ...{ seed: 1, durationMs: 6_000, redisUrls: [redis.url], script: neverLooks },
      lanes: ({ all }) => all.map((node) => [{ name: 'cut', begin: () => node.redis?.cut() }]),
    });
    expect(outcome.diverged.length).toBeGreaterThan(0);
  });

  it('would be noticed to lose, if nodes acked at once', { timeout: 90_000 }, async () => {
    const outcome = await liveThrough({
      ...{ seed: 1, durationMs: 8_000, redisUrls: [redis.url], script: ackAtOnce },
      lanes: (nodes, clientsOn) => nodes.all.map((node) => [deathWithClients(node, clientsOn)]),
    });
    expect(outcome.lost.length).toBeGreaterThan(0);
  });
});
