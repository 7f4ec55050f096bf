import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sql } from './board-store-queries.ts';
import { createSqlBoardStore } from './board-store-sql.ts';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

let test: TestDatabase;
let database: Database;
const epoch = randomUUID();

beforeAll(async () => {
  test = await createTestDatabase();
  database = await openDatabase({ databaseUrl: test.url, dataDir: '' });
  await migrate(database);
  // Enough that reading a whole table would be the worse plan.
  await database.script(`
    INSERT INTO boards (id, epoch, head) SELECT 'acme/' || n, '${epoch}', 20 FROM generate_series(1, 5000) n;
    INSERT INTO updates (board, seq, actor, bytes)
      SELECT 'acme/' || n, s, 'ann', decode('0102', 'hex') FROM generate_series(1, 5000) n, generate_series(1, 20) s;
    INSERT INTO snapshots (board, epoch, seq, bytes)
      SELECT 'acme/' || n, '${epoch}', 10, decode('0102', 'hex') FROM generate_series(1, 5000) n;
    ANALYZE;`);
});

afterAll(async () => {
  await database.close();
  await test.drop();
});

/** How the server runs a statement, with a plan for these parameters or one for all parameters. */
async function plan(statement: string, params: string[], mode: 'custom' | 'generic') {
  return database.transaction(async (transaction) => {
    const name = `plan_${randomUUID().replaceAll('-', '')}`;
    await transaction.script(
      `SET LOCAL plan_cache_mode = force_${mode}_plan; PREPARE ${name} AS ${statement}`,
    );
    const explain = `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) EXECUTE ${name}(${params})`;
    const rows = await transaction.query<{ 'QUERY PLAN': string }>(`explain_${name}`, explain);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });
}

const board = `'acme/7'`;
const cases: [name: string, statement: string, params: string[]][] = [
  ['head', sql.head, [board]],
  ['load', sql.load, [board]],
  ['loadLog', sql.loadLog, [board]],
  [
    'append',
    sql.append,
    [
      `ARRAY['acme/9', 'acme/8']`,
      `ARRAY['${epoch}', '${epoch}']::uuid[]`,
      'ARRAY[2, 1]',
      'ARRAY[1, 1, 2]',
      `ARRAY['ann', 'bob', 'ann']`,
      'ARRAY[2, 1, 1]',
      `'\\x01020304'`,
    ],
  ],
  ['putSnapshot', sql.putSnapshot, [board, `'${epoch}'`, '15', `'\\x0102'`]],
  ['list', sql.list, [board, '100']],
];

for (const mode of ['custom', 'generic'] as const) {
  it.each(cases)(
    `reads only by index, with a ${mode} plan: %s`,
    async (_name, statement, params) => {
      const text = await plan(statement, params, mode);
      expect(text).toMatch(/Index (Only )?Scan|Bitmap Index Scan/);
      expect(text).not.toContain('Seq Scan');
      // A cache whose key would be the bytes.
      expect(text).not.toContain('Memoize');
    },
  );

  it.each(['load', 'loadLog'] as const)(
    `reads one partition of 16, with a ${mode} plan: %s`,
    async (name) => {
      const text = await plan(sql[name], [board], mode);
      const scanned = text.split('\n').filter((line) => / on updates_\d\d /.test(line));
      expect(scanned.filter((line) => !line.includes('never executed'))).toHaveLength(1);
    },
  );
}

it('lets appenders lock their boards in one order, so that none deadlocks', async () => {
  const store = createSqlBoardStore(database);
  const boards = Array.from({ length: 40 }, (_, i) => `acme/${1_000 + i}`);
  const write = async (order: string[]) => {
    const rows = order.map((board) => ({ board, epoch, actor: 'ann', bytes: Uint8Array.of(1, 2) }));
    for (let round = 0; round < 60; round++) await store.append(rows);
  };
  await Promise.all([
    write(boards),
    write(boards.toReversed()),
    write(boards),
    write(boards.toReversed()),
  ]);
  const heads = await Promise.all(boards.map((board) => store.open(board, { create: false })));
  expect(heads.map((head) => head?.head)).toEqual(boards.map(() => 20 + 4 * 60));
});
