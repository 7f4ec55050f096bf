import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dropDatabases, startPostgres } from './postgres.ts';

/**
 * Gives all tests of a run one PostgreSQL, the one TEST_DATABASE_URL names or a new one, and one
 * folder for temporary files. What the run created is gone afterwards.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Runs once for each project of the configuration, and the first of them does it for all.
  if (process.env['TESSERA_TEST_RUN'] !== undefined) return undefined;
  process.env['TESSERA_TEST_RUN'] = randomUUID().slice(0, 8);
  const folder = await mkdtemp(join(tmpdir(), 'tessera-tests-'));
  // PostgreSQL may run as another user, and has to get at its folder in here.
  await chmod(folder, 0o711);
  process.env['TMPDIR'] = folder;
  // At the exit, and not in the returned function, which an interrupted run does not call.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return provideDatabase();
}

async function provideDatabase(): Promise<() => Promise<void>> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined) return () => dropDatabases(given);
  const postgres = await startPostgres();
  process.env['TEST_DATABASE_URL'] = postgres.url;
  return () => postgres.close();
}
