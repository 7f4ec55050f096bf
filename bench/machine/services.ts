import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../../test/support/postgres.ts';
import { startRedis } from '../../test/support/redis.ts';
import { cpuMs, descendantsOf, parentOf, pin } from './machine.ts';

const run = promisify(execFile);

/** The PostgreSQL and the Redis that all contestants use, each with a database of its own. */
export interface Services {
  readonly redisUrl: string;
  readonly redisPid: number;
  readonly postgresVersion: string;
  createDatabase(): Promise<string>;
  postgresCpuMs(): Promise<number>;
  close(): Promise<void>;
}

/** What the PostgreSQL server has done so far. */
export interface DatabaseWork {
  /** Transactions that wrote something. */
  readonly commits: number;
  readonly walBytes: number;
}

/** Starts both, bound to `core`. */
export async function startServices(core: number): Promise<Services> {
  const postgres = await startPostgres();
  const redis = await startRedis();
  const postmaster = await postmasterOf(postgres.url);
  const postgresVersion = await versionOf(postgres.url);
  const redisPid = await pidOfRedis(redis.port);
  for (const pid of [postmaster, ...(await descendantsOf(postmaster)), redisPid]) {
    await pin(pid, core);
  }
  return {
    redisUrl: redis.url,
    redisPid,
    postgresVersion,
    createDatabase: () => postgres.createDatabase(),
    postgresCpuMs: async () => cpuMs([postmaster, ...(await descendantsOf(postmaster))]),
    async close() {
      await redis.close();
      await postgres.close();
    },
  };
}

export async function withDatabase<T>(
  url: string,
  act: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

export async function databaseWork(client: pg.Client): Promise<DatabaseWork> {
  // Every transaction that writes takes the next id. The statistics views lag by up to a second.
  const { rows } = await client.query<{ commits: string; wal: string }>(
    `SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS commits,
       pg_current_wal_lsn() - '0/0'::pg_lsn AS wal`,
  );
  return { commits: Number(rows[0]?.commits), walBytes: Number(rows[0]?.wal) };
}

async function postmasterOf(url: string): Promise<number> {
  return withDatabase(url, async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return parentOf(rows[0]?.pid ?? Number.NaN);
  });
}

async function versionOf(url: string): Promise<string> {
  return withDatabase(url, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? '';
  });
}

async function pidOfRedis(port: number): Promise<number> {
  const { stdout } = await run('redis-cli', ['-p', String(port), 'INFO', 'server']);
  return Number(/process_id:(\d+)/.exec(stdout)?.[1]);
}
