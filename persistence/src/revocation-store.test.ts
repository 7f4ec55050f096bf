import { afterAll, expect, it } from 'vitest';
import { eventually } from '../../test/support/wait.ts';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { describeRevocationStore } from './revocation-store.contract.ts';
import { createMemoryRevocationStore } from './revocation-store-memory.ts';
import { createSqlRevocationStore } from './revocation-store-sql.ts';
import { createTestDatabase } from './test-database.ts';

const cleanUp: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const step of cleanUp) await step();
});

async function openMigrated(databaseUrl?: string): Promise<Database> {
  const database = await openDatabase({ databaseUrl, dataDir: 'memory://' });
  cleanUp.push(() => database.close());
  await migrate(database);
  return database;
}

describeRevocationStore('the revocations in memory', async () => createMemoryRevocationStore());

describeRevocationStore('the revocations on PGlite', async () =>
  createSqlRevocationStore(await openMigrated()),
);

describeRevocationStore('the revocations on PostgreSQL', async () => {
  const test = await createTestDatabase();
  const database = await openMigrated(test.url);
  cleanUp.push(test.drop);
  return createSqlRevocationStore(database);
});

it('lets nobody add while somebody else has an id that is not visible yet', async () => {
  const test = await createTestDatabase();
  const database = await openMigrated(test.url);
  cleanUp.push(test.drop);
  const gate = Promise.withResolvers<void>();
  const slow = createSqlRevocationStore({
    ...database,
    transaction: (work) =>
      database.transaction(async (transaction) => {
        const result = await work(transaction);
        await gate.promise;
        return result;
      }),
  });
  const store = createSqlRevocationStore(database);
  const each = { tokenId: undefined, board: undefined, issuedUntil: undefined, until: undefined };
  const first = slow.add({ ...each, actor: 'first', reason: 'a test' });
  const locks = (granted: boolean) =>
    database.query(
      `test-locks-${granted}`,
      `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted = ${granted}
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
  await eventually(async () => (await locks(true)).length > 0);
  const second = store.add({ ...each, actor: 'second', reason: 'a test' });
  await eventually(async () => (await locks(false)).length > 0);
  expect(await store.list(0)).toEqual([]);
  gate.resolve();
  await Promise.all([first, second]);
  expect((await store.list(0)).map(({ actor }) => actor)).toEqual(['first', 'second']);
});

it('forgets rows that have had their time', async () => {
  const database = await openMigrated();
  const store = createSqlRevocationStore(database);
  const each = { tokenId: undefined, board: undefined, issuedUntil: undefined, reason: 'a test' };
  await store.add({ ...each, actor: 'over', until: Date.now() - 1 });
  await store.add({ ...each, actor: 'still', until: undefined });
  const rows = await database.query('test-revocations', 'SELECT actor FROM revocations');
  expect(rows).toEqual([{ actor: 'still' }]);
});
