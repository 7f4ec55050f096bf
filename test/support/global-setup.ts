import { randomUUID } from 'node:crypto';
import { dropDatabases, startPostgres } from './postgres.ts';

/**
 * Gives all tests of a run one PostgreSQL: the one TEST_DATABASE_URL names, or a new one. What the
 * run created is gone afterwards.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Runs once for each project of the configuration, and the first of them does it for all.
  if (process.env['TESSERA_TEST_RUN'] !== undefined) return undefined;
  process.env['TESSERA_TEST_RUN'] = randomUUID().slice(0, 8);
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined) return () => dropDatabases(given);
  const postgres = await startPostgres();
  process.env['TEST_DATABASE_URL'] = postgres.url;
  return () => postgres.close();
}
