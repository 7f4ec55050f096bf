import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import type { Site } from '../contestants/contestant.ts';
import { BenchClient } from '../load/bench-client.ts';
import { cpuMs } from '../machine/machine.ts';
import {
  collectedKiB,
  collectsGarbage,
  maxOpenFiles,
  residentTogetherKiB,
} from '../machine/memory.ts';
import { onOwnSite } from './own-site.ts';
import type { Scenario } from './scenario.ts';

const BOARDS = 1_000;
const SOCKETS_A_BOARD = 10;
const WIDGETS_A_BOARD = 10;
const AT_ONCE = 50;
/** Besides its sockets, of either end. */
const OTHER_FILES = 500;
/** For the garbage of opening, and timers of a few seconds. */
const SETTLE_MS = 2_000;
/** A round of Tessera's pings. y-websocket pings every 30 s, and Hocuspocus looks at each socket every 60. */
const IDLE_MS = 45_000;
const IDLE_MS_QUICK = 3_000;

export const idle: Scenario = {
  name: 'idle',
  about: `${BOARDS.toLocaleString('en-US')} boards of ${WIDGETS_A_BOARD} small widgets, then ${(BOARDS * SOCKETS_A_BOARD).toLocaleString('en-US')} sockets on them that do nothing for ${IDLE_MS / 1_000} s. Memory after a garbage collection, and what it had grown by before`,
  figures: [
    { key: 'socketKiB', title: 'a socket', unit: 'KiB', digits: 1 },
    { key: 'socketGrownKiB', title: 'before collecting', unit: 'KiB', digits: 1 },
    { key: 'boardKiB', title: 'a board', unit: 'KiB', digits: 1 },
    { key: 'cpuShare', title: 'all of them, of a core', unit: '%', digits: 2 },
    { key: 'openingSeconds', title: 'to open them', unit: 's', digits: 1 },
  ],
  contestants: ['tessera-postgres', 'hocuspocus', 'y-websocket'],
  rounds: 1,
  isQuick: false,
  run: (scene) => {
    const boards = scene.isQuick ? BOARDS / 10 : BOARDS;
    const sockets = boards * SOCKETS_A_BOARD;
    return onOwnSite(scene, collectsGarbage, async (site, { figures, faults }) => {
      const maxFiles = await maxOpenFiles();
      if (maxFiles < sockets + OTHER_FILES) {
        faults.push(`it needs ulimit -n ${sockets + OTHER_FILES}, and has ${maxFiles}`);
        return;
      }
      // What a node needs once, whatever it serves.
      await closeAll(await openOnEach(site, { name: 'first', boards: AT_ONCE, each: 2 }));
      await delay(SETTLE_MS);
      const empty = await collectedKiB(site.pids);

      const openedAt = performance.now();
      const first = await openOnEach(site, { name: 'idle', boards, each: 1 });
      const oneEachMs = performance.now() - openedAt;
      await delay(SETTLE_MS);
      const withBoards = await collectedKiB(site.pids);

      const moreAt = performance.now();
      const more = await openOnEach(site, { name: 'idle', boards, each: SOCKETS_A_BOARD - 1 });
      figures['openingSeconds'] = (oneEachMs + performance.now() - moreAt) / 1_000;
      await delay(SETTLE_MS);
      const before = await cpuMs(site.pids);
      const idleMs = scene.isQuick ? IDLE_MS_QUICK : IDLE_MS;
      await delay(idleMs);
      figures['cpuShare'] = (((await cpuMs(site.pids)) - before) / idleMs) * 100;
      const grown = await residentTogetherKiB(site.pids);
      const held = await collectedKiB(site.pids);
      const socketKiB = (held - withBoards) / more.length;
      figures['socketKiB'] = socketKiB;
      figures['socketGrownKiB'] = (grown - withBoards) / more.length;
      figures['boardKiB'] = (withBoards - empty) / boards - socketKiB;
      const all = [...first, ...more];
      const gone = all.filter(({ isOpen }) => !isOpen).length;
      if (gone > 0)
        faults.push(`${gone} of ${all.length} sockets were closed while they were idle`);
      await closeAll(all);
    });
  },
};

/** Opens `each` sockets on every board. Who opens a board first fills it. */
async function openOnEach(
  site: Site,
  { name, boards, each }: { name: string; boards: number; each: number },
): Promise<BenchClient[]> {
  const clients: BenchClient[] = [];
  const count = boards * each;
  while (clients.length < count) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - clients.length) }, (_, at) => {
      const index = clients.length + at;
      // Of everybody a socket, as limits of a user are not what this is about.
      const address = site.at(0, `person ${name} ${each} ${index}`);
      return BenchClient.open(address, `bench/${name}-${index % boards}`);
    });
    const opened = await Promise.all(batch);
    if (each === 1) for (const client of opened) client.sendUpdate(someWidgets);
    clients.push(...opened);
  }
  return clients;
}

async function closeAll(clients: readonly BenchClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
}

const someWidgets = makeWidgets();

function makeWidgets(): Uint8Array {
  const doc = new Y.Doc();
  const widgets = doc.getMap('widgets');
  doc.transact(() => {
    for (let at = 0; at < WIDGETS_A_BOARD; at++) {
      const geom = { x: at, y: 10 * at, w: 4, h: 3 };
      widgets.set(`widget-${at}`, new Y.Map<unknown>(Object.entries({ type: 'note', geom })));
    }
  });
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return update;
}
