/**
 * How long compacting a 10 MB board keeps the event loop from anything else, and how long it takes.
 * `node persistence/bench/compaction.ts [postgres://…]`; without an address on PGlite in memory.
 */

import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import * as Y from 'yjs';
import { createSqlBoardStore } from '../src/board-store-sql.ts';
import { Compactor } from '../src/compaction.ts';
import { applyStoredBoard } from '../src/load-board.ts';
import { migrate } from '../src/migrate.ts';
import { openDatabase } from '../src/open-database.ts';

const targetBytes = 10 * 1024 * 1024;
const laterUpdates = 5_000;

const database = await openDatabase({ databaseUrl: process.argv[2], dataDir: 'memory://' });
await migrate(database);
const store = createSqlBoardStore(database);

/**
 * Runs the work and says how long it took, and the longest time in which a 1 ms timer could not run:
 * by the clock, and by this thread's CPU time, which other processes do not disturb.
 */
async function measure<T>(what: string, work: () => Promise<T>): Promise<T> {
  const cpuMs = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let last = performance.now();
  let lastCpu = cpuMs();
  let longestMs = 0;
  let longestCpuMs = 0;
  const tick = () => {
    const [now, nowCpu] = [performance.now(), cpuMs()];
    longestMs = Math.max(longestMs, now - last - 1);
    longestCpuMs = Math.max(longestCpuMs, nowCpu - lastCpu);
    [last, lastCpu] = [now, nowCpu];
  };
  const timer = setInterval(tick, 1);
  const start = last;
  const result = await work();
  const tookMs = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(timer);
  const blocked = `${longestMs.toFixed(1)} ms, ${longestCpuMs.toFixed(1)} ms of CPU`;
  console.log(`${what}: ${tookMs.toFixed(0)} ms, event loop blocked for at most ${blocked}`);
  return result;
}

/** Each a widget with a state of some 130 bytes, set by one client. */
function makeUpdates(count: number, from: number): { updates: Uint8Array[]; stateBytes: number } {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  const widgets = doc.getMap<Y.Map<unknown>>('widgets');
  for (let i = from; i < from + count; i++) {
    const [title, note] = [randomUUID(), randomUUID()];
    widgets.set(`widget-${i}`, new Y.Map(Object.entries({ title, note, geom: { x: i, y: i } })));
  }
  return { updates, stateBytes: Y.encodeStateAsUpdateV2(doc).byteLength };
}

const board = `bench/${randomUUID()}`;
const head = await store.open(board, { create: true });
if (head === undefined) throw new Error('the store did not make a board');
const append = async (updates: Uint8Array[]) => {
  const rows = updates.map((bytes) => ({ ...head, actor: 'bench', bytes }));
  for (let i = 0; i < rows.length; i += 2_000) await store.append(rows.slice(i, i + 2_000));
};

const compactor = new Compactor(store, { onFailure: (_board, error) => console.error(error) });
// In steps of what calls for a new snapshot at the latest.
let widgetCount = 0;
for (let stateBytes = 0; stateBytes < targetBytes; widgetCount += 20_000) {
  const made = makeUpdates(20_000, widgetCount);
  stateBytes += made.stateBytes;
  await append(made.updates);
  await measure(`snapshot of ${widgetCount} widgets and 20,000 updates`, () =>
    compactor.compact(board),
  );
}
for (let round = 0; round < 5; round++) {
  await append(makeUpdates(laterUpdates, round * laterUpdates).updates);
  await measure(`snapshot of 10 MB and ${laterUpdates} updates`, () => compactor.compact(board));
}
const stored = await measure('reading the board', () => store.load(board));
if (stored?.snapshot === undefined) throw new Error('there is no snapshot');
console.log(`the snapshot has ${stored.snapshot.bytes.byteLength} bytes`);
const next = { seq: stored.snapshot.seq + 1, bytes: stored.snapshot.bytes };
await append(makeUpdates(1, 0).updates);
await measure('writing the snapshot', () => store.putSnapshot(board, stored.epoch, next));
await measure('reading the board', () => store.load(board));
await measure('making a document of it (always in one go)', async () =>
  applyStoredBoard(new Y.Doc(), stored),
);
await compactor.close();
await database.close();
