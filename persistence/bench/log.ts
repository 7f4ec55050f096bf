/**
 * Append and load on a large log: `node persistence/bench/log.ts postgres://… [boards] [updates each]`.
 * Fills a database of its own (default 200,000 boards with 25 updates of 60 bytes: 5 million rows),
 * measures, and drops it. Prints the plan of the load as well.
 */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { BoardHead } from '../src/board-store.ts';
import { sql } from '../src/board-store-queries.ts';
import { createSqlBoardStore } from '../src/board-store-sql.ts';
import { openPgDatabase } from '../src/database-pg.ts';
import { migrate } from '../src/migrate.ts';

const [adminUrl, boardsText = '200000', updatesText = '25'] = process.argv.slice(2);
if (adminUrl === undefined) throw new Error('name a PostgreSQL as the first argument');
const [boardCount, updatesEach] = [Number(boardsText), Number(updatesText)];

const admin = await openPgDatabase(adminUrl);
const name = `bench_${randomUUID().replaceAll('-', '')}`;
await admin.script(`CREATE DATABASE ${name}`);
const url = new URL(adminUrl);
url.pathname = `/${name}`;
const database = await openPgDatabase(url.href);
await migrate(database);
const store = createSqlBoardStore(database);

const idOf = (n: number) => `tenant-${n % 1_000}/board-${n}`;

async function fill(): Promise<void> {
  const start = performance.now();
  const step = 10_000;
  for (let from = 0; from < boardCount; from += step) {
    await database.script(`
      INSERT INTO boards (id, head)
        SELECT 'tenant-' || n % 1000 || '/board-' || n, ${updatesEach} FROM generate_series(${from}, ${from + step - 1}) n;
      INSERT INTO updates (board, seq, actor, bytes)
        SELECT 'tenant-' || n % 1000 || '/board-' || n, s, 'user-' || n % 5000, decode(md5(n::text) || md5(s::text) || md5('x'), 'hex') || '\\x000102030405060708090a0b'
        FROM generate_series(1, ${updatesEach}) s, generate_series(${from}, ${from + step - 1}) n;`);
  }
  await database.script('VACUUM ANALYZE');
  const [size] = await database.query<{ updates: string; index: string; boards: string }>(
    'size',
    `SELECT pg_size_pretty(sum(pg_table_size(inhrelid))) AS updates,
       pg_size_pretty(sum(pg_indexes_size(inhrelid))) AS index,
       pg_size_pretty(pg_total_relation_size('boards')) AS boards
     FROM pg_inherits WHERE inhparent = 'updates'::regclass`,
  );
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`${boardCount} boards, ${boardCount * updatesEach} updates in ${seconds} s:`, size);
}

async function measure(what: string, times: number, work: () => Promise<unknown>): Promise<void> {
  const took: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await work();
    took.push(performance.now() - start);
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.floor(took.length * share)]?.toFixed(2);
  console.log(`${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(0.9999)} ms`);
}

const random = (below: number) => Math.floor(Math.random() * below);
const heads = async (count: number): Promise<BoardHead[]> => {
  const ids = new Set<string>();
  while (ids.size < count) ids.add(idOf(random(boardCount)));
  const opened = await Promise.all([...ids].map((id) => store.open(id, { create: false })));
  return opened.filter((head) => head !== undefined);
};
const rowsFor = (boards: BoardHead[], bytesEach = 60) =>
  boards.map((head) => ({ ...head, actor: 'ann', bytes: new Uint8Array(bytesEach).fill(7) }));

try {
  await fill();
  for (const count of [1, 50, 500]) {
    const chosen = await Promise.all(Array.from({ length: 50 }, () => heads(count)));
    const next = () => rowsFor(chosen[random(chosen.length)] ?? []);
    await measure(`append, 1 writer x ${count} boards`, 500, () => store.append(next()));
    await measure(`append, 2 writers x ${count} boards`, 300, () =>
      Promise.all([store.append(next()), store.append(next())]),
    );
  }
  await measure('append 1 MB to one board', 50, async () =>
    store.append(rowsFor(await heads(1), 1e6)),
  );
  await measure('open a board', 2_000, () =>
    store.open(idOf(random(boardCount)), { create: false }),
  );
  await measure(`load a board of ${updatesEach} updates`, 2_000, () =>
    store.load(idOf(random(boardCount))),
  );
  await measure('list 500 boards', 200, () => store.list(idOf(random(boardCount)), 500));

  for (const storage of ['external', 'extended']) {
    await database.script(`ALTER TABLE snapshots ALTER COLUMN bytes SET STORAGE ${storage}`);
    // Half noise, half text: between the two that real boards are.
    const bytes = Buffer.alloc(10 * 1024 * 1024, 'a title of a widget, x: 12, y: 40; ');
    for (let i = 0; i < bytes.length; i += 64) crypto.getRandomValues(bytes.subarray(i, i + 32));
    const [head] = await heads(1);
    if (head === undefined) throw new Error('there are no boards');
    await measure(`put a snapshot of 10 MB, storage ${storage}`, 1, () =>
      store.putSnapshot(head.board, head.epoch, { seq: head.head, bytes }),
    );
    await measure(`load it, storage ${storage}`, 20, () => store.load(head.board));
    const size = `SELECT pg_column_size(bytes) AS bytes FROM snapshots WHERE board = $1`;
    console.log(await database.query('snapshot-size', size, [head.board]));
  }

  const explain = `EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF) ${sql.load}`;
  for (const row of await database.query<object>('explain', explain, [idOf(7)])) {
    console.log(...Object.values(row));
  }
} finally {
  await database.close();
  await admin.script(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.close();
}
