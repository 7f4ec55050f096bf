import { describe, expect, it, onTestFinished } from 'vitest';
import { startRedisCluster } from '../support/redis.ts';
import { durationMs, seeds } from './extent.ts';
import { nodeLanes, redisLane } from './lanes.ts';
import { asItShouldBe, liveThrough } from './live-through.ts';

describe('three nodes on a Redis Cluster, while nodes and masters fail', () => {
  it.for(seeds(1 / 3))(
    'all end with the same, and with all that was acked (seed %i)',
    { timeout: durationMs + 90_000 },
    async (seed) => {
      // With replicas the slots move to them; without, they are nowhere until their master is back.
      const replicated = seed % 2 === 0;
      const { urls, masters, replicas, close } = await startRedisCluster(3, { replicated });
      onTestFinished(close);
      const outcome = await liveThrough({
        ...{ seed, durationMs, redisUrls: urls },
        lanes: (nodes, clientsOn) => [
          ...nodeLanes(nodes, clientsOn),
          ...masters.map((redis, index) => redisLane(`Redis ${index + 1}`, redis)),
          ...replicas.map((redis, index) => redisLane(`its replica ${index + 1}`, redis)),
        ],
      });
      expect(outcome, outcome.faults.join('\n')).toMatchObject(asItShouldBe);
    },
  );
});
