import { createSqlBoardStore, openDatabase, verifyAll } from '@tessera/persistence';
import { parseSettings } from '../config.ts';
import type { Command } from './command.ts';

export const verify: Command = {
  about: 'check every board: log against snapshot',
  help: () =>
    'tessera verify [--database-url URL | --data-dir PATH]\n\nReplays every board from its log alone and from its snapshot, and compares the two.\nExit code 1 and a list when a board is not sound. The embedded store must not be in use by a node.',
  async run(argv, { env, print }) {
    const { databaseUrl, dataDir } = parseSettings(argv, env);
    const store = createSqlBoardStore(await openDatabase({ databaseUrl, dataDir }));
    try {
      let sound = 0;
      let broken = 0;
      await verifyAll(store, ({ board, problems }) => {
        if (problems.length === 0) sound += 1;
        else broken += 1;
        for (const problem of problems) print(`${board}: ${problem}`);
      });
      print(`${sound} boards are sound, ${broken} are not`);
      return broken === 0 ? 0 : 1;
    } finally {
      await store.close();
    }
  },
};
