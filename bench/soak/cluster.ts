import { resolve } from 'node:path';
import { startPostgres } from '../../test/support/postgres.ts';
import { type Redis, startRedis } from '../../test/support/redis.ts';
import { startNodeProcess } from '../../test/support/tessera.ts';
import { collectsGarbage } from '../machine/memory.ts';

/** Two nodes on one PostgreSQL and one Redis. */
export interface Cluster {
  readonly nodes: readonly { readonly url: string; readonly pid: number }[];
  readonly redis: Redis;
  readonly databaseUrl: string;
  /** SIGTERM to the nodes; resolves to their exit codes. PostgreSQL stays for a last look. */
  stopNodes(): Promise<(number | null)[]>;
  close(): Promise<void>;
}

/** All clients come from one address. Every other setting is the default. */
const ONE_ADDRESS = { TESSERA_MAX_SOCKETS_PER_ADDRESS: '10000' };

/** Starts all of it. `script`: what the nodes run instead of the command line, to see the soak fail. */
export async function startCluster(script: string | undefined): Promise<Cluster> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const databaseUrl = await postgres.createDatabase();
  const env = {
    ...ONE_ADDRESS,
    ...collectsGarbage,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
  };
  const main = script && resolve(script);
  const started = [await startNodeProcess(env, main), await startNodeProcess(env, main)];
  return {
    nodes: started.map(({ url, process: { pid } }) => ({ url, pid: pid ?? Number.NaN })),
    redis,
    databaseUrl,
    stopNodes: () => Promise.all(started.map((node) => node.stop())),
    async close() {
      await redis.close();
      await postgres.close();
    },
  };
}
