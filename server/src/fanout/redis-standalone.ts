import { accessOf, addressOf } from './redis-address.ts';
import { RedisShard } from './redis-shard.ts';
import type { RedisTopology, RedisTopologyEvents } from './redis-topology.ts';

/** One server that has everything. */
export function connectStandalone(url: string, events: RedisTopologyEvents): RedisTopology {
  const shard = new RedisShard(addressOf(url), accessOf(url), () => 0, {
    ...events,
    // Only servers of a cluster say so, and then the failure tells to name several of it.
    moved: () => undefined,
  });
  return {
    get failure() {
      return shard.failure;
    },
    shards: [shard],
    want: (channel) => shard.want(channel),
    unwant: (channel) => shard.unwant(channel),
    shardOf: () => shard,
    close: () => shard.close(),
  };
}
