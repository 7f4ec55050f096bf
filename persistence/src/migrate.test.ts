import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { dumpSchema } from './schema-dump.ts';
import { createTestDatabase } from './test-database.ts';

describe.each(['PostgreSQL', 'PGlite'])('migrations on %s', (engine) => {
  let cleanUp: (() => Promise<void>)[] = [];
  let open: () => Promise<Database>;
  let database: Database;

  beforeAll(async () => {
    if (engine === 'PostgreSQL') {
      const test = await createTestDatabase();
      open = () => openDatabase({ databaseUrl: test.url, dataDir: '' });
      database = await open();
      cleanUp = [() => database.close(), test.drop];
    } else {
      database = await openDatabase({ dataDir: 'memory://' });
      open = async () => ({ ...database, close: async () => undefined });
      cleanUp = [() => database.close()];
    }
  }, 30_000);

  afterAll(async () => {
    for (const step of cleanUp) await step();
  });

  it('apply once when several nodes start at the same time', async () => {
    const nodes = await Promise.all([open(), open(), open(), open()]);
    const applied = await Promise.all(nodes.map((node) => migrate(node)));
    expect(applied.flat()).toEqual(['0001-log.sql', '0002-revocations.sql', '0003-quarantine.sql']);
    expect(await migrate(database)).toEqual([]);
    await Promise.all(nodes.map((node) => node.close()));
  });

  it('add up to the schema in sql/schema.sql (else: npm run schema -w persistence)', async () => {
    await migrate(database);
    const expected = await readFile(new URL('../sql/schema.sql', import.meta.url), 'utf8');
    expect(await dumpSchema(database)).toBe(expected);
  });

  it('store bytes uncompressed in every partition', async () => {
    const rows = await database.query<{ count: number }>(
      'test-storage',
      `SELECT count(*) AS count FROM pg_attribute
       WHERE attname = 'bytes' AND attstorage = 'e' AND attrelid::regclass::text LIKE 'updates%'`,
    );
    expect(rows[0]?.count).toBe(17);
  });

  it('go on from where a database is, and refuse one that is newer than the code', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-migrations-'));
    try {
      await cp(new URL('../sql/', import.meta.url), folder, { recursive: true });
      await writeFile(join(folder, '9001-more.sql'), 'CREATE TABLE more (id int); SELECT 1;');
      const url = pathToFileURL(`${folder}/`);
      expect(await migrate(database, url)).toEqual(['9001-more.sql']);
      await expect(migrate(database)).rejects.toMatchObject({
        code: 'bad-setting',
        message: expect.stringContaining('has number 9001 and this version knows up to '),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('change nothing when one of them fails', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-migrations-'));
    try {
      await writeFile(join(folder, '9003-good.sql'), 'CREATE TABLE good (id int)');
      await writeFile(join(folder, '9004-bad.sql'), 'CREATE TABEL bad (id int)');
      await expect(migrate(database, pathToFileURL(`${folder}/`))).rejects.toThrow('syntax error');
      const found = await database.query(
        'test-good',
        `SELECT 1 FROM pg_class WHERE relname = 'good'`,
      );
      expect(found).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
