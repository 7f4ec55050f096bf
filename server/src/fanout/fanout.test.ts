import { pino } from 'pino';
import { startRedis, startRedisCluster } from '../../../test/support/redis.ts';
import { describeFanout } from './fanout.contract.ts';
import { LocalWire } from './fanout-local.ts';
import { connectRedis } from './fanout-redis.ts';

const log = pino({ level: 'silent' });

describeFanout('the fan-out in one process', async () => {
  const wire = new LocalWire();
  return { connect: (events) => wire.connect(events), close: async () => undefined };
});

describeFanout('the fan-out over Redis', async () => {
  const redis = await startRedis();
  return {
    connect: (events) => connectRedis([redis.url], events, { log }),
    close: () => redis.close(),
  };
});

describeFanout('the fan-out over a Redis Cluster', async () => {
  const cluster = await startRedisCluster();
  return {
    connect: (events) => connectRedis(cluster.urls, events, { log }),
    close: () => cluster.close(),
  };
});
