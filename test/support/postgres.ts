import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import pg from 'pg';
import {
  childrenOf,
  createCluster,
  PASSWORD,
  type Running,
  runCluster,
  USER,
} from './postgres-cluster.ts';

/** A PostgreSQL of one's own, for tests that take it away. Loopback only, fsync on. */
export interface Postgres {
  /** Administrator's address of the database `postgres`. */
  url: string;
  /** Creates an empty database and resolves to its address. */
  createDatabase(): Promise<string>;
  /** Ends it in good order: connections are cut, everything is on disk. */
  stop(): Promise<void>;
  /** SIGKILL to every process of it at once: a crash. */
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`, on the same port with the same data. */
  start(): Promise<void>;
  /** Ends it for good and removes its data. */
  close(): Promise<void>;
}

/** Starts a new PostgreSQL in a temporary folder. It ends with this process, however that ends. */
export async function startPostgres(): Promise<Postgres> {
  const cluster = await createCluster();
  const url = `postgres://${USER}:${PASSWORD}@127.0.0.1:${cluster.port}/postgres`;
  let running: Running | undefined = await runCluster(cluster);

  async function end(
    send: (postmaster: number) => unknown,
    files: 'keep' | 'remove' = 'keep',
  ): Promise<void> {
    if (running === undefined) throw new Error('this PostgreSQL is not running');
    const ending = running;
    running = undefined;
    await send(ending.postmaster);
    await ending.gone;
    await ending.release(files);
  }
  return {
    url,
    createDatabase: () => createDatabase(url),
    stop: () => end((postmaster) => process.kill(postmaster, 'SIGINT')),
    kill: () => end(killFamily),
    async start() {
      if (running !== undefined) throw new Error('this PostgreSQL is running already');
      running = await runCluster(cluster);
    },
    async close() {
      if (running === undefined) await rm(cluster.dir, { recursive: true, force: true });
      else await end(killFamily, 'remove');
    },
  };
}

async function killFamily(postmaster: number): Promise<void> {
  // Stopped first, so that it starts no more children while they are looked up.
  process.kill(postmaster, 'SIGSTOP');
  const family = [...(await childrenOf(postmaster)), postmaster];
  for (const pid of family) killIfThere(pid);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it ended between being looked up and now, which is all we want.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Every database a run creates begins so, and `dropDatabases` knows them by it. */
const prefix = () => `tessera_test_${process.env['TESSERA_TEST_RUN'] ?? 'alone'}_`;

/**
 * Creates an empty database and resolves to its address. By default on the PostgreSQL that
 * `npm test` started, or that TEST_DATABASE_URL names. It is dropped at the end of the run.
 */
export async function createDatabase(adminUrl = process.env['TEST_DATABASE_URL']): Promise<string> {
  if (adminUrl === undefined) {
    throw new Error(
      'no PostgreSQL to test with: run the tests with vitest, or set TEST_DATABASE_URL',
    );
  }
  const name = prefix() + randomUUID().replaceAll('-', '').slice(0, 12);
  await administer(adminUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Drops every database that this run created on the server, whoever is still connected to it. */
export async function dropDatabases(adminUrl: string): Promise<void> {
  await administer(adminUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
      [prefix()],
    );
    for (const { datname } of rows) await client.query(`DROP DATABASE ${datname} WITH (FORCE)`);
  });
}

async function administer(
  adminUrl: string,
  act: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
}
