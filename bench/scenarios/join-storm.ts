import type { Site } from '../contestants/contestant.ts';
import { makeBoard, untilAllStored } from '../load/held-board.ts';
import { join } from '../load/joiner.ts';
import { contentOf, contentOfUpdate } from '../load/large-board.ts';
import { delaysOf } from '../machine/statistics.ts';
import { startUsage } from '../machine/usage.ts';
import { noteShares, onOwnSite } from './own-site.ts';
import type { Figure, Outcome, Scenario, Scene } from './scenario.ts';

/** 4 MB, and a small one for a look whether all of this works. */
const FULL = { clients: 100, size: { widgets: 4_000, textBytes: 920 } };
const QUICK = { clients: 20, size: { widgets: 500, textBytes: 920 } };
const WITHIN_MS = 30_000;
const BOARD = 'bench/join-storm';

const figures: readonly Figure[] = ['warm', 'cold'].flatMap((state) => [
  { key: `${state}P50Ms`, title: `${state}: synced p50`, unit: 'ms', digits: 0 },
  { key: `${state}P99Ms`, title: `${state}: p99`, unit: 'ms', digits: 0 },
  { key: `${state}CpuMs`, title: `${state}: CPU a join`, unit: 'ms', digits: 1 },
  { key: `${state}PeakMiB`, title: `${state}: peak`, unit: 'MiB', digits: 0 },
  { key: `${state}GrownMiB`, title: `${state}: grown by`, unit: 'MiB', digits: 0 },
]);

/** Many open the same large board at once: while it is loaded, and when nobody has opened it since a restart. */
export const joinStorm: Scenario = {
  name: 'join-storm',
  about:
    '100 clients open a board of 4 MB (4,000 notes) at once; warm: two others have it open; cold: the server was just killed and started again',
  figures,
  contestants: ['tessera-postgres', 'hocuspocus', 'hocuspocus-postgres', 'y-websocket'],
  rounds: 1,
  isQuick: true,
  run,
};

function run(scene: Scene): Promise<Outcome> {
  const { contestant, stage, isQuick } = scene;
  const { clients, size } = isQuick ? QUICK : FULL;
  return onOwnSite(scene, {}, async (site, run) => {
    const made = await makeBoard(site, BOARD, size);
    const content = contentOf(made.doc);
    const storm = async (state: string) => {
      const usage = await startUsage(site, stage);
      const { waits, faults } = await joinAtOnce(site, clients, content);
      const used = await usage.end();
      const { p50, p99 } = delaysOf(waits);
      run.figures[`${state}P50Ms`] = p50;
      run.figures[`${state}P99Ms`] = p99;
      run.figures[`${state}CpuMs`] = used.serverMs / clients;
      run.figures[`${state}PeakMiB`] = used.peakMiB;
      run.figures[`${state}GrownMiB`] = used.grownMiB;
      run.faults.push(...faults.map((fault) => `${state}: ${fault}`));
      noteShares(run, used);
    };
    await storm('warm');
    if (contestant.hasDatabase) {
      await untilAllStored(site, new Map([[BOARD, made.doc]]));
      await site.kill(0);
      await site.restart(0);
      await storm('cold');
    }
    await made.leave();
  });
}

/** How long each one waited; who never got the board is in the faults. */
async function joinAtOnce(
  site: Site,
  clients: number,
  content: string,
): Promise<{ waits: number[]; faults: string[] }> {
  const attempts = await Promise.allSettled(
    Array.from({ length: clients }, (_, n) =>
      join(site.at(0, `joiner-${n}`), BOARD, { withinMs: WITHIN_MS, keep: n === 0 }),
    ),
  );
  const joined = attempts.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const failed = attempts.flatMap((one) => (one.status === 'rejected' ? String(one.reason) : []));
  for (const { leave } of joined) leave();
  const faults: string[] = [];
  if (failed.length > 0) {
    faults.push(`${failed.length} of ${clients} were never synced: ${failed[0]}`);
  }
  const read = joined.find(({ update }) => update !== undefined);
  if (read?.update !== undefined) {
    if (contentOfUpdate(read.update) !== content) faults.push('what a client got is not the board');
    const others = joined.filter(({ bytes }) => bytes !== read.bytes).length;
    if (others > 0) faults.push(`${others} got another number of bytes than ${read.bytes}`);
  }
  return { waits: joined.map(({ ms }) => ms), faults };
}
