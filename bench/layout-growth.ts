/**
 * How a board's Yjs document grows when the same few values are written again and again, for
 * each way to lay a widget out. `node bench/layout-growth.ts [writes]` prints the tables of
 * docs/decisions/0001-board-layout.md. Sizes are exact and repeat; heap varies by some percent.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as Y from 'yjs';

const writes = Number(process.argv[2] ?? 50_000);
const keys = Array.from({ length: 20 }, (_, index) => `option-${index}`);
const keysPerGroup = 5;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Layout {
  name: string;
  write(doc: Y.Doc, key: string, value: number): void;
  read(doc: Y.Doc, key: string): unknown;
}

type Json = Record<string, number>;

function nested(doc: Y.Doc, container: string): Y.Map<unknown> {
  const widgets = doc.getMap<Y.Map<unknown>>('widgets');
  let map = widgets.get(container);
  if (map === undefined) {
    map = new Y.Map();
    widgets.set(container, map);
  }
  return map;
}

const layouts: Layout[] = [
  {
    name: 'nested Y.Map, one key each',
    write: (doc, key, value) => nested(doc, 'w').set(key, value),
    read: (doc, key) => nested(doc, 'w').get(key),
  },
  {
    name: 'flat root map, `widget/key`',
    write: (doc, key, value) => doc.getMap('widgets').set(`w/${key}`, value),
    read: (doc, key) => doc.getMap('widgets').get(`w/${key}`),
  },
  {
    name: 'nested Y.Map, 4 groups of 5 values',
    write: (doc, key, value) => {
      const group = groupOf(key);
      const map = nested(doc, 'w');
      map.set(group, { ...(map.get(group) as Json | undefined), [key]: value });
    },
    read: (doc, key) => (nested(doc, 'w').get(groupOf(key)) as Json | undefined)?.[key],
  },
  {
    name: 'one JSON value per widget',
    write: (doc, key, value) => {
      const widgets = doc.getMap<Json>('widgets');
      widgets.set('w', { ...widgets.get('w'), [key]: value });
    },
    read: (doc, key) => doc.getMap<Json>('widgets').get('w')?.[key],
  },
  {
    name: 'key-value array (as YKeyValue)',
    write: (doc, key, value) => {
      const entries = doc.getArray<{ key: string; value: number }>('w');
      const at = entries.toArray().findIndex((entry) => entry.key === key);
      if (at >= 0) entries.delete(at);
      entries.push([{ key, value }]);
    },
    read: (doc, key) =>
      doc
        .getArray<{ key: string; value: number }>('w')
        .toArray()
        .findLast((entry) => entry.key === key)?.value,
  },
];

interface Writing {
  name: string;
  keyOf(write: number): string;
  writerOf(write: number): number;
}

const writings: Writing[] = [
  { name: 'one writer, keys in turn', keyOf: inTurn, writerOf: () => 0 },
  { name: 'ten writers in turn', keyOf: inTurn, writerOf: (write) => write % 10 },
  {
    name: 'ten writers, random keys',
    keyOf: (write) => keys[hash(write) % keys.length] ?? '',
    writerOf: (write) => hash(write + 1e6) % 10,
  },
  {
    // What people do: drag one slider for a second, then somebody moves another one.
    name: 'ten writers, 50 writes to a key at a time',
    keyOf: (write) => keys[hash(Math.floor(write / 50)) % keys.length] ?? '',
    writerOf: (write) => hash(Math.floor(write / 50) + 1e6) % 10,
  },
];

function inTurn(write: number): string {
  return keys[write % keys.length] ?? '';
}

function groupOf(key: string): string {
  return `group-${Math.floor(keys.indexOf(key) / keysPerGroup)}`;
}

/** The same "random" numbers on every run (the finaliser of MurmurHash3). */
function hash(n: number): number {
  let h = n + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Client ids that sort the same on every run, as sizes depend on them a little. */
const clientIds = Array.from({ length: 10 }, (_, index) => 1_000_000_007 + index * 104_729_000);

function documentWrittenBy(writing: Writing, write: (doc: Y.Doc, n: number) => void): Y.Doc {
  const doc = new Y.Doc();
  for (let n = 0; n < writes; n++) {
    // Writers take turns, each having seen everything before: one document that changes its
    // client id makes the same structs as ten that exchange updates.
    doc.clientID = clientIds[writing.writerOf(n)] ?? 0;
    doc.transact(() => write(doc, n));
  }
  return doc;
}

interface Size {
  v1: number;
  v2: number;
  structs: number;
  heap: number;
}

function sizeOf(doc: Y.Doc): Size {
  const v1 = Y.encodeStateAsUpdate(doc).length;
  const snapshot = Y.encodeStateAsUpdateV2(doc);
  doc.destroy();
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const loaded = new Y.Doc();
  Y.applyUpdateV2(loaded, snapshot);
  collectGarbage();
  const heap = Math.max(0, process.memoryUsage().heapUsed - before);
  let structs = 0;
  for (const list of loaded.store.clients.values()) structs += list.length;
  return { v1, v2: snapshot.length, structs, heap };
}

/** Whether two people who change different keys at once both find their change afterwards. */
function mergesPerKey(layout: Layout): string {
  const [a, b] = [new Y.Doc(), new Y.Doc()];
  layout.write(a, 'option-0', 0);
  layout.write(a, 'option-19', 0);
  Y.applyUpdate(b, Y.encodeStateAsUpdate(a));
  // A pair of neighbours and a pair far apart: grouping keeps the second and loses the first.
  const pairs = [
    ['option-0', 'option-1'],
    ['option-0', 'option-19'],
  ] as const;
  const kept = pairs.filter(([mine, yours], round) => {
    layout.write(a, mine, round + 1);
    layout.write(b, yours, round + 1);
    Y.applyUpdate(b, Y.encodeStateAsUpdate(a));
    Y.applyUpdate(a, Y.encodeStateAsUpdate(b));
    return layout.read(a, mine) === round + 1 && layout.read(a, yours) === round + 1;
  });
  return kept.length === pairs.length ? 'yes' : kept.length === 0 ? 'no' : 'between groups';
}

function row(...cells: (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function sizeCells({ v1, v2, structs, heap }: Size): string[] {
  const count = (n: number) => n.toLocaleString('en-US');
  return [count(v1), count(v2), count(structs), `${(heap / 2 ** 20).toFixed(1)} MiB`];
}

console.log(`\n${keys.length} keys × ${writes.toLocaleString('en-US')} writes\n`);
row('layout', 'writers', 'V1 bytes', 'V2 bytes', 'structs', 'heap', 'merge per key');
row('---', '---', '---:', '---:', '---:', '---:', '---');
for (const layout of layouts) {
  for (const writing of writings) {
    const doc = documentWrittenBy(writing, (target, n) =>
      layout.write(target, writing.keyOf(n), n),
    );
    row(layout.name, writing.name, ...sizeCells(sizeOf(doc)), mergesPerKey(layout));
  }
}

const frames = 60;
console.log(`\ndrags of ${frames} frames, each of another of 20 widgets, ${writes} frames\n`);
row('where the position goes', 'writers', 'V1 bytes', 'V2 bytes', 'structs', 'heap');
row('---', '---', '---:', '---:', '---:', '---:');
const positions: [string, (doc: Y.Doc, widget: string, n: number) => void][] = [
  [
    'x and y apart, in the widget',
    (doc, widget, n) => {
      nested(doc, widget).set('x', n);
      nested(doc, widget).set('y', n + 1);
    },
  ],
  [
    '`geom` as one value, in the widget',
    (doc, widget, n) => nested(doc, widget).set('geom', { x: n, y: n + 1, w: 4, h: 3 }),
  ],
  [
    'one value each, in a root map `layout`',
    (doc, widget, n) => doc.getMap('layout').set(widget, { x: n, y: n + 1, w: 4, h: 3 }),
  ],
];
for (const [name, drag] of positions) {
  for (const writers of [1, 10]) {
    const writing: Writing = {
      name: writers === 1 ? 'one writer' : 'ten writers in turn',
      keyOf: (n) => keys[hash(Math.floor(n / frames)) % keys.length] ?? '',
      writerOf: (n) => Math.floor(n / frames) % writers,
    };
    const doc = documentWrittenBy(writing, (target, n) => drag(target, writing.keyOf(n), n));
    row(name, writing.name, ...sizeCells(sizeOf(doc)));
  }
}
