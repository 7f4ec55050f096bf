/**
 * What it costs to hold boards to their limits and widgets to their schemas: `node --expose-gc bench/content.ts`.
 * One board of 1,000 charts; each edit sets one key of one of them. Medians of several rounds, in turns.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWidget, setState } from '@tessera/model';
import * as Y from 'yjs';
import { WriteGuard } from '../server/src/auth/write-guard.ts';
import { ContentRules } from '../server/src/content/board-content.ts';
import { loadWidgetSchemas } from '../server/src/content/load-schemas.ts';
import { EditFilter } from '../server/src/socket/edit-filter.ts';
import { SyncType } from '../server/src/socket/frames.ts';
import { applyUpdate } from '../server/src/sync/door.ts';

const WIDGETS = 1_000;
const EDITS = 4_000;
const ROUNDS = 7;
const MiB = 1024 * 1024;

const chart = {
  type: 'object',
  properties: {
    title: { type: 'string', maxLength: 200 },
    value: { type: 'number' },
    series: {
      type: 'array',
      items: { type: 'object', properties: { color: { type: 'string' } }, required: ['color'] },
    },
  },
  required: ['title'],
};
const folder = await mkdtemp(join(tmpdir(), 'tessera-bench-'));
await writeFile(join(folder, 'chart.json'), JSON.stringify(chart));
const schemas = await loadWidgetSchemas(folder);
await rm(folder, { recursive: true });

const board = new Y.Doc();
for (let n = 0; n < WIDGETS; n += 1) {
  const series = Array.from({ length: 5 }, (_, at) => ({
    color: `#00000${at}`,
    name: `line ${at}`,
  }));
  const state = { title: `chart ${n}`, value: 0, series };
  createWidget(board, { id: `w-${n}`, type: 'chart', version: 1, state });
}
const start = Y.encodeStateAsUpdate(board);

/** The edits of one client, as they come. */
const edits: Uint8Array[] = [];
const client = new Y.Doc();
Y.applyUpdate(client, start);
client.on('update', (bytes: Uint8Array) => edits.push(bytes));
for (let n = 0; n < EDITS; n += 1) setState(client, `w-${(n * 7) % WIDGETS}`, { value: n + 1 });

const permit = { guard: new WriteGuard({ access: 'write' }) };
const filter = new EditFilter({ protocol: 'hocuspocus', countRefused: () => undefined });
const limits = { maxBytes: 64 * MiB, maxWidgets: 10_000, refused: () => undefined };
const kinds = {
  'no limits': undefined,
  limits: new ContentRules(limits),
  'limits and schemas': new ContentRules({ ...limits, schemas }),
};

function liveBoard(rules: ContentRules | undefined) {
  const document = new Y.Doc();
  Y.applyUpdate(document, start);
  // As every board on a node has: the journal.
  document.on('update', () => undefined);
  const content = rules?.of(document);
  const take = (bytes: Uint8Array): boolean => {
    let isWhole = true;
    applyUpdate(
      document,
      bytes,
      undefined,
      content &&
        ((decoded) => {
          const update = { syncType: SyncType.update, bytes, decoded };
          const { taken, rejection } = filter.judge(update, { document, content }, permit);
          isWhole = rejection === undefined;
          return taken;
        }),
    );
    return isWhole;
  };
  return { document, take };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const perEdit = new Map<string, number[]>();
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, rules] of Object.entries(kinds)) {
    const { take } = liveBoard(rules);
    take(edits[0] as Uint8Array); // which measures the board, and copies it
    const startedAt = performance.now();
    for (const bytes of edits.slice(1)) take(bytes);
    const us = ((performance.now() - startedAt) / (EDITS - 1)) * 1_000;
    if (round > 0) perEdit.set(name, [...(perEdit.get(name) ?? []), us]);
  }
}

const refusals: number[] = [];
const { document, take } = liveBoard(kinds['limits and schemas']);
for (let n = 0; n < 50; n += 1) {
  const other = new Y.Doc();
  Y.applyUpdate(other, Y.encodeStateAsUpdate(document));
  other.on('update', (bytes: Uint8Array) => {
    const startedAt = performance.now();
    if (take(bytes)) throw new Error('it was taken');
    refusals.push(performance.now() - startedAt);
  });
  setState(other, 'w-1', { title: n });
}

const heap = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};
const memory = (rules: ContentRules | undefined): number => {
  const before = heap();
  const all = Array.from({ length: 5 }, () => liveBoard(rules));
  for (const one of all) one.take(edits[0] as Uint8Array);
  return (heap() - before) / all.length / MiB;
};

console.log(`${WIDGETS} widgets, ${(start.byteLength / MiB).toFixed(2)} MiB encoded`);
for (const [name, values] of perEdit) {
  console.log(
    `an edit, ${name}: ${median(values).toFixed(1)} µs (${Math.min(...values).toFixed(1)} at best)`,
  );
}
console.log(`an edit that is refused: ${median(refusals).toFixed(1)} ms`);
const [without, withCopy] = [memory(kinds.limits), memory(kinds['limits and schemas'])];
console.log(
  `a board in memory: ${without.toFixed(1)} MiB, with schemas ${withCopy.toFixed(1)} MiB`,
);
