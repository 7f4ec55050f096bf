import { writeFile } from 'node:fs/promises';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { dumpSchema } from './schema-dump.ts';

// A script: writes what the migrations add up to into sql/schema.sql, which a test compares.
const database = await openDatabase({ dataDir: 'memory://' });
try {
  await migrate(database);
  await writeFile(new URL('../sql/schema.sql', import.meta.url), await dumpSchema(database));
} finally {
  await database.close();
}
