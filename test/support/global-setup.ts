import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
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
  const removeFolder = await provideTemporaryFolder();
  const closeDatabase = await provideDatabase();
  return async () => {
    await closeDatabase();
    await removeFolder();
  };
}

/** Removes the folder once we close the pipe or are gone, and again while something writes to it. */
const REMOVE_AT_THE_END = 'read -r word; until rm -rf "$0"; do sleep 0.2; done';

async function provideTemporaryFolder(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-tests-'));
  // PostgreSQL may run as another user, and has to get at its folder in here.
  await chmod(folder, 0o711);
  process.env['TMPDIR'] = folder;
  const remover = spawn('sh', ['-c', REMOVE_AT_THE_END, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return async () => {
    remover.stdin.end();
    await once(remover, 'exit');
  };
}

async function provideDatabase(): Promise<() => Promise<void>> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined) return () => dropDatabases(given);
  const postgres = await startPostgres();
  process.env['TEST_DATABASE_URL'] = postgres.url;
  return () => postgres.close();
}
