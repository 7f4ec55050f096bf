import { afterAll } from 'vitest';
import { describeBoardStore } from './board-store.contract.ts';
import type { BoardStore } from './board-store.ts';
import { createMemoryBoardStore } from './board-store-memory.ts';
import { createSqlBoardStore } from './board-store-sql.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

let database: TestDatabase | undefined;

afterAll(async () => {
  await database?.drop();
});

async function openSqlStore(databaseUrl?: string): Promise<BoardStore> {
  const opened = await openDatabase({ databaseUrl, dataDir: 'memory://' });
  await migrate(opened);
  return createSqlBoardStore(opened);
}

describeBoardStore('the board store in memory', async () => createMemoryBoardStore());

describeBoardStore('the board store on PGlite', () => openSqlStore());

describeBoardStore('the board store on PostgreSQL', async () => {
  database = await createTestDatabase();
  return openSqlStore(database.url);
});
