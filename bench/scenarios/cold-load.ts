import type { Site, Stage } from '../contestants/contestant.ts';
import { storeBoard } from '../load/cold-board.ts';
import { join } from '../load/joiner.ts';
import { type BoardSize, contentOf, contentOfUpdate, largeBoard } from '../load/large-board.ts';
import { updatesOfSets } from '../load/long-log.ts';
import { startUsage } from '../machine/usage.ts';
import { noteShares, onOwnSite, type Unfinished } from './own-site.ts';
import type { Scenario } from './scenario.ts';

const ROWS = 100_000;
const WIDGETS = 1_000;
const WITHIN_MS = 30_000;

interface Case {
  readonly key: '4Mb' | '20Mb' | 'Log';
  readonly title: string;
  updates(): Uint8Array[];
  readonly isCompacted: boolean;
}

const board = (size: BoardSize) => () => largeBoard(size).parts;

const cases: readonly Case[] = [
  {
    key: '4Mb',
    title: '4 MB',
    updates: board({ widgets: 4_000, textBytes: 920 }),
    isCompacted: true,
  },
  {
    key: '20Mb',
    title: '20 MB',
    updates: board({ widgets: 8_000, textBytes: 2_400 }),
    isCompacted: true,
  },
  {
    key: 'Log',
    title: '100,000 sets',
    updates: () => updatesOfSets(ROWS, WIDGETS),
    isCompacted: false,
  },
];

/** How long the first one waits for a board that nobody has opened since the server was started. */
export const coldLoad: Scenario = {
  name: 'cold-load',
  about:
    'the first client on a board, each time on a server that was just started: boards of 4 and 20 MB, and one of 100,000 single sets of 1,000 widgets; of the latter Tessera has the log alone, without any snapshot, and stock Hocuspocus one document as always',
  figures: cases.flatMap(({ key, title }) => [
    { key: `load${key}Ms`, title: `${title}: synced`, unit: 'ms', digits: 0 },
    { key: `peak${key}MiB`, title: `${title}: peak`, unit: 'MiB', digits: 0 },
  ]),
  contestants: ['tessera-postgres', 'hocuspocus-postgres'],
  rounds: 1,
  isQuick: false,
  run: (scene) =>
    onOwnSite(scene, {}, async (site, run) => {
      for (const one of cases) await measure(site, scene.stage, one, run);
    }),
};

async function measure(
  site: Site,
  stage: Stage,
  { key, updates, isCompacted }: Case,
  run: Unfinished,
): Promise<void> {
  const name = `bench/cold-${key}`;
  const doc = await storeBoard(site, name, { updates: updates(), isCompacted });
  await site.kill(0);
  await site.restart(0);
  const usage = await startUsage(site, stage);
  const joined = await join(site.at(0, 'first'), name, { withinMs: WITHIN_MS, keep: true });
  const used = await usage.end();
  joined.leave();
  run.figures[`load${key}Ms`] = joined.ms;
  run.figures[`peak${key}MiB`] = used.peakMiB;
  noteShares(run, used);
  if (joined.update === undefined || contentOfUpdate(joined.update) !== contentOf(doc)) {
    run.faults.push(`${name} is not what was stored`);
  }
}
