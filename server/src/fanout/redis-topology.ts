import type { RedisShard } from './redis-shard.ts';

/** Which servers there are, and which of them has which channel. */
export interface RedisTopology {
  /** Why something of ours does not arrive or cannot be sent; undefined while all is well. */
  readonly failure: Error | undefined;
  readonly shards: Iterable<RedisShard>;
  /** Resolves once messages arrive, or soon; then `failure` is defined until they do. */
  want(channel: string): Promise<void>;
  unwant(channel: string): void;
  /** Where to publish; undefined while nobody is known to serve the channel, and `failure` is defined. */
  shardOf(channel: string): RedisShard | undefined;
  close(): void;
}

export interface RedisTopologyEvents {
  /** `failure` may be another one. */
  changed(): void;
  message(payload: Buffer): void;
}
