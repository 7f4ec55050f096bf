import {
  createSqlBoardStore,
  createSqlQuarantineStore,
  openDatabase,
  verifyAll,
} from '@tessera/persistence';
import { parseSettings } from '../config.ts';
import type { Command } from './command.ts';

const HELP = `tessera verify [--database-url URL | --data-dir PATH] [--release]

Replays every board from its log alone and from its snapshot, and compares the two.
Exit code 1 and a list when a board is not sound, or in quarantine: a node could not load it, and none
tries again. The embedded store must not be in use by a node.

  --release   lifts the quarantine of boards that are sound by now; nodes load them when somebody
              connects, without a restart`;

export const verify: Command = {
  about: 'check every board: log against snapshot',
  help: () => HELP,
  async run(argv, { env, print }) {
    const release = argv.includes('--release');
    const { databaseUrl, dataDir } = parseSettings(
      argv.filter((each) => each !== '--release'),
      env,
    );
    const database = await openDatabase({ databaseUrl, dataDir });
    const store = createSqlBoardStore(database);
    const quarantine = createSqlQuarantineStore(database);
    try {
      const marks = new Map((await quarantine.list()).map((mark) => [mark.board, mark]));
      let sound = 0;
      let broken = 0;
      const mended: typeof marks = new Map();
      await verifyAll(store, ({ board, problems }) => {
        const mark = marks.get(board);
        for (const problem of problems) print(`${board}: ${problem}`);
        if (mark !== undefined) {
          print(`${board}: in quarantine since ${mark.since.toISOString()}: ${mark.reason}`);
          if (problems.length === 0) mended.set(board, mark);
        }
        if (problems.length === 0 && (mark === undefined || release)) sound += 1;
        else broken += 1;
      });
      for (const [board, mark] of mended) {
        if (release) await quarantine.release(mark);
        print(`${board}: sound by now${release ? ', released' : '; --release lets it go'}`);
      }
      print(`${sound} boards are sound, ${broken} are not`);
      return broken === 0 ? 0 : 1;
    } finally {
      await store.close();
    }
  },
};
