import { afterAll, expect, it } from 'vitest';
import { createMemoryBoardStore } from './board-store-memory.ts';
import { createSqlBoardStore } from './board-store-sql.ts';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { describeQuarantineStore } from './quarantine-store.contract.ts';
import { createMemoryQuarantineStore } from './quarantine-store-memory.ts';
import { createSqlQuarantineStore } from './quarantine-store-sql.ts';
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

const storesOn = (database: Database) => ({
  boards: createSqlBoardStore(database),
  quarantine: createSqlQuarantineStore(database),
});

describeQuarantineStore('the quarantine in memory', async () => {
  const boards = createMemoryBoardStore();
  return { boards, quarantine: createMemoryQuarantineStore(boards) };
});

describeQuarantineStore('the quarantine on PGlite', async () => storesOn(await openMigrated()));

describeQuarantineStore('the quarantine on PostgreSQL', async () => {
  const test = await createTestDatabase();
  const database = await openMigrated(test.url);
  cleanUp.push(test.drop);
  return storesOn(database);
});

it('forgets a mark when the board gets another epoch, and takes a new one', async () => {
  const database = await openMigrated();
  const { boards, quarantine } = storesOn(database);
  const head = await boards.open('acme/reset', { create: true });
  await quarantine.add({ board: 'acme/reset', epoch: head?.epoch ?? '', reason: 'old' });
  await database.query('test-reset', 'UPDATE boards SET epoch = gen_random_uuid()');
  expect(await quarantine.find('acme/reset')).toBeUndefined();
  expect(await quarantine.list()).toEqual([]);
  const { epoch = '' } = (await boards.open('acme/reset', { create: false })) ?? {};
  expect(await quarantine.add({ board: 'acme/reset', epoch, reason: 'new' })).toMatchObject({
    epoch,
    reason: 'new',
  });
});
