import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RedisCluster, startRedisCluster } from '../support/redis.ts';
import { durationMs, seeds } from './extent.ts';
import { nodeLanes, redisLane } from './lanes.ts';
import { liveThrough } from './live-through.ts';

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster(3);
});

afterAll(() => cluster.close());

it.for(seeds(1 / 3))(
  'on a Redis Cluster whose masters fail, all end with the same as well (seed %i)',
  { timeout: durationMs + 90_000 },
  async (seed) => {
    const outcome = await liveThrough({
      ...{ seed, durationMs, redisUrls: cluster.urls },
      lanes: (nodes, clientsOn) => [
        ...nodeLanes(nodes, clientsOn),
        ...cluster.masters.map((master, index) => redisLane(`master ${index + 1}`, master)),
      ],
    });
    expect(outcome, outcome.faults.join('\n')).toMatchObject({
      ...{ unacked: [], diverged: [], lost: [], gaps: [], exitCodes: [0, 0, 0] },
    });
  },
);
