import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { eventually } from '../../test/support/wait.ts';
import type { Site } from '../contestants/contestant.ts';
import { BenchClient } from '../load/bench-client.ts';
import { BoardLoad } from '../load/board-load.ts';
import { makeBoard } from '../load/held-board.ts';
import { type Held, Joiner, join } from '../load/joiner.ts';
import { contentOf, contentOfUpdate } from '../load/large-board.ts';
import { runLoad } from '../load/load.ts';
import { findMarks, mark } from '../load/protocol.ts';
import { startUsage } from '../machine/usage.ts';
import { warmUp } from './editing.ts';
import { noteShares, onOwnSite, type Unfinished } from './own-site.ts';
import type { Scenario, Scene } from './scenario.ts';

const BOARD = 'bench/offline-return';
/** 1 MB. */
const SIZE = { widgets: 1_000, textBytes: 920 };
const EDITS = 10_000;
/** Of ten edits so many are letters typed into a text; the others move a widget. */
const TYPED_OF_TEN = 5;
const WITHIN_MS = 20_000;
/** Of somebody on another board, who is watched from a second before until the edits are everywhere. */
const BESIDE_PER_SECOND = 200;
const BESIDE_MS = 2_500;
const BEFORE_MS = 500;
const LAST_MARK = 7_654_321;

/** Somebody who worked without a network for long comes back, while others work on. */
export const offlineReturn: Scenario = {
  name: 'offline-return',
  about: `a client comes back to a board of 1 MB with ${EDITS.toLocaleString('en-US')} edits made offline, which reach the server as one SyncStep2; meanwhile somebody else edits another board ${BESIDE_PER_SECOND} times a second for ${BESIDE_MS / 1_000} s`,
  figures: [
    { key: 'syncedMs', title: 'synced', unit: 'ms', digits: 0 },
    { key: 'ackMs', title: 'acked', unit: 'ms', digits: 0 },
    { key: 'othersMs', title: 'another client has all', unit: 'ms', digits: 0 },
    { key: 'cpuMs', title: 'CPU', unit: 'ms', digits: 0 },
    { key: 'besideP99Ms', title: 'edits on another board: p99', unit: 'ms', digits: 1 },
    { key: 'besideMaxMs', title: 'longest', unit: 'ms', digits: 1 },
  ],
  contestants: ['tessera-postgres', 'hocuspocus', 'y-websocket'],
  rounds: 1,
  isQuick: false,
  run: (scene) => onOwnSite(scene, {}, (site, run) => comeBack(site, run, scene)),
};

async function comeBack(site: Site, run: Unfinished, { stage, isQuick }: Scene): Promise<void> {
  await warmUp(site, stage, isQuick);
  const made = await makeBoard(site, BOARD, SIZE);
  const { doc, held } = workOffline(made.doc);
  const reader = await BenchClient.open(site.at(0, 'watcher'), BOARD);
  const beside = await BoardLoad.open(site, 'bench/beside', { clients: 2, witnesses: 1 });
  beside.addWriters(1);
  const watching = runLoad(site, stage.services, [beside], {
    perSecond: BESIDE_PER_SECOND,
    warmMs: BEFORE_MS,
    measureMs: BESIDE_MS,
  });
  await delay(2 * BEFORE_MS);

  const usage = await startUsage(site, stage);
  const returned = await bringBack(site, held, reader);
  const used = await usage.end();
  const { local, faults } = await watching;
  Object.assign(run.figures, {
    ...returned.figures,
    cpuMs: used.serverMs,
    besideP99Ms: local.p99,
    besideMaxMs: local.max,
  });
  run.faults.push(...returned.faults, ...faults);
  noteShares(run, used);

  const joined = await join(site.at(0, 'newcomer'), BOARD, { withinMs: WITHIN_MS, keep: true });
  joined.leave();
  if (joined.update === undefined || contentOfUpdate(joined.update) !== contentOf(doc)) {
    run.faults.push('the board is not what was made of it offline');
  }
  returned.leave();
  await Promise.all([made.leave(), reader.close(), beside.close()]);
}

/** A copy of the board after the edits, and what its client holds. */
function workOffline(board: Y.Doc): { doc: Y.Doc; held: Held } {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(board));
  const online = Y.encodeStateVector(doc);
  const widgets = doc.getMap<Y.Map<unknown>>('widgets');
  let updates = 0;
  doc.on('update', () => {
    updates += 1;
  });
  for (let n = 0; n < EDITS - 1; n++) {
    const widget = widgets.get(`widget-${Math.floor(n / 10) % SIZE.widgets}`);
    const text = widget?.get('text');
    if (n % 10 < TYPED_OF_TEN && text instanceof Y.Text) text.insert(n % 10, 'x');
    else widget?.set('geom', { x: n % 200, y: n % 1_080, w: 4, h: 3 });
  }
  widgets.get('widget-0')?.set('last', mark(0, LAST_MARK));
  if (updates !== EDITS) throw new Error(`${updates} edits were made instead of ${EDITS}`);
  // Before the clock runs: what it takes the client is not what the server takes.
  const unseen = Y.encodeStateAsUpdate(doc, online);
  const held = {
    stateVector: Y.encodeStateVector(doc),
    lackedBy: (stateVector: Uint8Array) =>
      Buffer.compare(stateVector, online) === 0 ? unseen : Y.encodeStateAsUpdate(doc, stateVector),
  };
  return { doc, held };
}

/** Resolves once everything is acked and everywhere, or with faults when it takes too long. */
async function bringBack(
  site: Site,
  held: Held,
  reader: BenchClient,
): Promise<{ figures: Record<string, number>; faults: string[]; leave(): void }> {
  const from = performance.now();
  const figures: Record<string, number> = {};
  const faults: string[] = [];
  const note = (key: string) => {
    figures[key] ??= performance.now() - from;
  };
  reader.onUpdate = (frame) =>
    findMarks(frame, (_, index) => {
      if (index === LAST_MARK) note('othersMs');
    });
  const joiner = new Joiner(site.at(0, 'returner'), BOARD, {
    held,
    synced: () => note('syncedMs'),
    acked: () => note('ackMs'),
    closed: (reason) => faults.push(`the connection of who came back ended: ${reason}`),
  });
  const awaited = ['syncedMs', 'othersMs', ...(site.contestant.ack ? ['ackMs'] : [])];
  try {
    await eventually(
      () => awaited.every((key) => figures[key] !== undefined) || faults.length > 0,
      {
        timeoutMs: WITHIN_MS,
      },
    );
  } catch {
    const missing = awaited.filter((key) => figures[key] === undefined);
    faults.push(`after ${WITHIN_MS} ms there is no ${missing.join(', ')}`);
  }
  return { figures, faults: [...faults], leave: () => joiner.terminate() };
}
