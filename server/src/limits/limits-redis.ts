import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/**
 * The Redis in which nodes count together what each user sends. None for a Redis Cluster: there each
 * node counts for itself.
 */
export function openLimitsRedis(urls: readonly string[], log: Logger): Redis | undefined {
  const [url, ...others] = urls;
  if (url === undefined || others.length > 0) return undefined;
  const redis = new Redis(url, {
    // While it is away every node counts for itself, at once.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 500,
    retryStrategy: (times) => Math.min(2_000, 100 * times),
  });
  redis.on('error', (error) => log.debug({ err: error }, 'the Redis of the limits'));
  return redis;
}
