import type { Database } from './database.ts';

/** Where boards are kept: `databaseUrl` is PostgreSQL's address; without it, `dataDir` holds the embedded store. */
export interface DatabasePlace {
  databaseUrl?: string | undefined;
  dataDir: string;
}

/**
 * Opens PostgreSQL when there is an address, else the embedded store.
 * Each is imported only when it is used: PGlite alone would cost a node on PostgreSQL its memory.
 * @throws TesseraError `bad-setting` when the place cannot be used.
 */
export async function openDatabase({ databaseUrl, dataDir }: DatabasePlace): Promise<Database> {
  if (databaseUrl !== undefined) {
    const { openPgDatabase } = await import('./database-pg.ts');
    return openPgDatabase(databaseUrl);
  }
  const { openPgliteDatabase } = await import('./database-pglite.ts');
  return openPgliteDatabase(dataDir);
}
