import { migrate as migrateDatabase, openDatabase } from '@tessera/persistence';
import { parseSettings } from '../config.ts';
import type { Command } from './command.ts';

export const migrate: Command = {
  about: 'bring the database to the schema of this version',
  help: () =>
    'tessera migrate [--database-url URL | --data-dir PATH]\n\nRuns the migrations that are missing. `serve` does this too; several nodes may start at once.',
  async run(argv, { env, print }) {
    const { databaseUrl, dataDir } = parseSettings(argv, env);
    const database = await openDatabase({ databaseUrl, dataDir });
    try {
      const applied = await migrateDatabase(database);
      print(applied.length === 0 ? 'nothing to do' : `applied ${applied.join(', ')}`);
      return 0;
    } finally {
      await database.close();
    }
  },
};
