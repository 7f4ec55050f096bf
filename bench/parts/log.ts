import { randomBytes } from 'node:crypto';
import { createSqlBoardStore, migrate, openDatabase } from '@tessera/persistence';
import type pg from 'pg';
import { databaseWork, type Services, withDatabase } from '../machine/services.ts';

const BOARDS = 100_000;
const UPDATE_BYTES = 60;
const HEADS = 10_000;
const LOOKS = 20;
const COMMITS = 1_000;

interface Head {
  board: string;
  epoch: string;
  head: number;
}

/** PostgreSQL with 100,000 boards: rows of a commit, and the comparison of heads. */
export async function measureLog(services: Services): Promise<Record<string, number>> {
  const databaseUrl = await services.createDatabase();
  const database = await openDatabase({ databaseUrl, dataDir: '' });
  await migrate(database);
  const store = createSqlBoardStore(database);
  const figures: Record<string, number> = {};
  await withDatabase(databaseUrl, async (client) => {
    const boards = await fill(client);
    /** Commits of one row for each of `count` boards. */
    const commit = async (count: number, next: () => Head) => {
      const updates = Array.from({ length: count }, () => {
        const { board, epoch } = next();
        return {
          board,
          epoch,
          actor: 'somebody',
          bytes: new Uint8Array(randomBytes(UPDATE_BYTES)),
        };
      });
      await store.append(updates);
    };
    for (const count of [1, 50]) {
      const some = boards.slice(0, count);
      let place = 0;
      const next = () => some[place++ % count] as Head; // count of them
      // The first write to a page after a checkpoint logs all of it.
      await commit(count, next);
      const cpuBefore = await services.postgresCpuMs();
      const wal = await walOf(client, () => repeat(COMMITS, () => commit(count, next)));
      const cpuMs = (await services.postgresCpuMs()) - cpuBefore;
      figures[`WAL bytes a row, ${count} in a commit`] = wal / COMMITS / count;
      figures[`µs of CPU in PostgreSQL a row, ${count} in a commit`] =
        (1_000 * cpuMs) / COMMITS / count;
    }
    await client.query('CHECKPOINT');
    let place = 0;
    const wal = await walOf(client, () =>
      repeat(COMMITS, () => commit(50, () => boards[place++] as Head)),
    );
    figures['WAL bytes a row, boards not written to since the last checkpoint'] =
      wal / COMMITS / 50;
    figures['bytes a row in the table and its index'] = await storedBytes(client);

    const cpuBefore = await services.postgresCpuMs();
    const startedAt = performance.now();
    await repeat(LOOKS, (look) => {
      const start = (look * HEADS) % BOARDS;
      return store.findChanged(boards.slice(start, start + HEADS));
    });
    figures['ms to compare 10,000 heads'] = (performance.now() - startedAt) / LOOKS;
    figures['ms of CPU for it in PostgreSQL'] =
      ((await services.postgresCpuMs()) - cpuBefore) / LOOKS;
  });
  await store.close();
  return figures;
}

async function fill(client: pg.Client): Promise<Head[]> {
  await client.query(
    `INSERT INTO boards (id) SELECT 'tenant-' || n % 500 || '/board-' || n FROM generate_series(1, ${BOARDS}) n`,
  );
  await client.query('VACUUM ANALYZE boards');
  const { rows } = await client.query<Head>(
    'SELECT id AS board, epoch::text AS epoch, 1000000 AS head FROM boards ORDER BY random()',
  );
  return rows;
}

async function walOf(client: pg.Client, act: () => Promise<void>): Promise<number> {
  const before = await databaseWork(client);
  await act();
  return (await databaseWork(client)).walBytes - before.walBytes;
}

async function storedBytes(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: number }>(
    `SELECT (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('updates'))::float8
       / (SELECT count(*) FROM updates) AS bytes`,
  );
  return rows[0]?.bytes ?? Number.NaN;
}

async function repeat(times: number, act: (time: number) => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time++) await act(time);
}
