import { readdir, readFile } from 'node:fs/promises';
import { TesseraError } from '@tessera/model';
import type { Database, Queryable } from './database.ts';

interface Migration {
  number: number;
  name: string;
  sql: string;
}

/** Beside `src`, in the repository as in the published package. */
const sqlFolder = new URL('../sql/', import.meta.url);

/** Any fixed number will do; it is the word "tess" in ASCII. */
const lockNumber = 0x74657373;

const prepare = `
  SET LOCAL statement_timeout = 0;
  SET LOCAL client_min_messages = warning;
  SELECT pg_advisory_xact_lock(${lockNumber});
  CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  );`;

/**
 * Brings the database to the newest schema and returns the names of the migrations it applied.
 * All in one transaction under a lock, so nodes may start at once: one migrates, the others wait.
 * @throws TesseraError `bad-setting` when the database was migrated by a newer version of the code.
 */
export async function migrate(database: Database, folder: URL = sqlFolder): Promise<string[]> {
  const migrations = await readMigrations(folder);
  return database.transaction(async (transaction) => {
    await transaction.script(prepare);
    const done = await appliedNumber(transaction);
    const newest = migrations.at(-1)?.number ?? 0;
    if (done > newest) {
      const detail = `its schema has number ${done} and this version knows up to ${newest}: start a newer version`;
      throw new TesseraError('bad-setting', `the database is newer than the code, ${detail}`);
    }
    const due = migrations.filter((migration) => migration.number > done);
    for (const { number, name, sql } of due) {
      await transaction.script(sql);
      const record = 'INSERT INTO migrations (number, name) VALUES ($1, $2)';
      await transaction.query('migrate-record', record, [number, name]);
    }
    return due.map((migration) => migration.name);
  });
}

async function appliedNumber(transaction: Queryable): Promise<number> {
  const query = 'SELECT coalesce(max(number), 0) AS number FROM migrations';
  const rows = await transaction.query<{ number: number }>('migrate-applied', query);
  return rows[0]?.number ?? 0;
}

async function readMigrations(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => ({
      number: Number(name.slice(0, 4)),
      name,
      sql: await readFile(new URL(name, folder), 'utf8'),
    })),
  );
}
