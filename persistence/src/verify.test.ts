import { beforeEach, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { BoardStore, StoredBoard } from './board-store.ts';
import { createMemoryBoardStore } from './board-store-memory.ts';
import { buildSnapshot } from './snapshot.ts';
import { createLoggedDoc, editEverything, type LoggedDoc } from './test-board.ts';
import { type BoardReport, verifyAll, verifyBoard } from './verify.ts';
import { visibleContent } from './visible-content.ts';

let store: BoardStore;
let logged: LoggedDoc;

beforeEach(async () => {
  store = createMemoryBoardStore();
  logged = await createLoggedDoc(store, 'acme/sales');
  editEverything(logged.doc, 40);
  await logged.save();
});

const putSnapshotOf = (doc: Y.Doc, seq: number) =>
  store.putSnapshot('acme/sales', logged.epoch, { seq, bytes: Y.encodeStateAsUpdateV2(doc) });

/** The snapshot of everything but the newest update, altered. */
async function putAlteredSnapshot(alter: (doc: Y.Doc) => void): Promise<void> {
  const doc = new Y.Doc();
  for (const update of logged.updates) Y.applyUpdate(doc, update);
  alter(doc);
  await putSnapshotOf(doc, logged.updates.length);
}

const problems = async (from: Pick<BoardStore, 'load'> = store) =>
  (await verifyBoard(from, 'acme/sales')).problems;

/** The store, but its answers altered. */
const altered = (alter: (stored: StoredBoard, whole: boolean) => StoredBoard) => ({
  async load(board: string, options?: { ignoreSnapshot?: boolean }) {
    const stored = await store.load(board, options);
    return stored && alter(stored, options?.ignoreSnapshot === true);
  },
});

it('finds nothing wrong with a board, with or without a snapshot, however it was cut', async () => {
  expect(await problems()).toEqual([]);
  const stored = await store.load('acme/sales');
  const middle = Math.floor(logged.updates.length / 2);
  const half = { ...(stored as StoredBoard), head: middle };
  half.updates = half.updates.slice(0, middle);
  await store.putSnapshot('acme/sales', logged.epoch, buildSnapshot(half));
  expect(await problems()).toEqual([]);
  await store.putSnapshot('acme/sales', logged.epoch, buildSnapshot(stored as StoredBoard));
  expect(await problems()).toEqual([]);
});

it('finds a snapshot that lacks an update', async () => {
  const doc = new Y.Doc();
  for (const update of logged.updates.slice(0, -1)) Y.applyUpdate(doc, update);
  await putSnapshotOf(doc, logged.updates.length);
  expect(await problems()).toContainEqual(
    expect.stringMatching(/^log and snapshot \(at seq \d+\) differ in which updates they contain/),
  );
});

it('finds a snapshot that lacks a deletion', async () => {
  const before = logged.updates.length;
  logged.doc.getText('notes').delete(0, 3);
  await logged.save();
  const doc = new Y.Doc();
  for (const update of logged.updates.slice(0, before)) Y.applyUpdate(doc, update);
  await putSnapshotOf(doc, before + 1);
  expect(await problems()).toEqual([
    `log and snapshot (at seq ${before + 1}) differ in what is deleted`,
    `log and snapshot (at seq ${before + 1}) differ in visible content`,
  ]);
});

it('finds content that differs although all clocks are equal', async () => {
  const make = (value: string) => {
    const doc = new Y.Doc();
    doc.clientID = 7;
    doc.getMap('widgets').set('title', value);
    return doc;
  };
  const head = await store.open('acme/twin', { create: true });
  const bytes = Y.encodeStateAsUpdate(make('a'));
  await store.append([{ ...logged, ...head, actor: 'ann', bytes }]);
  await store.putSnapshot('acme/twin', head?.epoch ?? '', {
    seq: 1,
    bytes: Y.encodeStateAsUpdateV2(make('b')),
  });
  expect((await verifyBoard(store, 'acme/twin')).problems).toEqual([
    'log and snapshot (at seq 1) differ in visible content',
  ]);
});

it('finds a snapshot with more in it than the log', async () => {
  await putAlteredSnapshot((doc) => doc.getMap('widgets').set('extra', 1));
  expect(await problems()).toHaveLength(2);
});

it('finds a snapshot that cannot be read, and a log that cannot', async () => {
  const seq = logged.updates.length;
  await store.putSnapshot('acme/sales', logged.epoch, { seq, bytes: Uint8Array.of(1) });
  expect(await problems()).toEqual([
    expect.stringContaining('loading the snapshot and the log after it failed: '),
  ]);
  const corrupt = altered((stored) => ({
    ...stored,
    snapshot: undefined,
    updates: stored.updates.map((u) => (u.seq === 3 ? { ...u, bytes: Uint8Array.of(1) } : u)),
  }));
  expect(await problems(corrupt)).toContainEqual(
    expect.stringMatching(/^replaying the whole log failed: .*the update at seq 3 is corrupt/),
  );
});

it('finds a gap in the log that the snapshot hides', async () => {
  await putAlteredSnapshot(() => undefined);
  const gappy = altered((stored) => ({
    ...stored,
    updates: stored.updates.filter(({ seq }) => seq !== 2),
  }));
  expect(await problems(gappy)).toEqual(['in its log, seq 1 is followed by seq 3']);
});

it('does not mind updates that arrive while it reads', async () => {
  const growing = {
    async load(board: string, options?: { ignoreSnapshot?: boolean }) {
      const stored = await store.load(board, options);
      editEverything(logged.doc, 1);
      await logged.save();
      return stored;
    },
  };
  expect(await problems(growing)).toEqual([]);
});

it('starts again when the board is reset while it reads', async () => {
  let reads = 0;
  const reset = altered((stored) => {
    reads += 1;
    return reads === 1 ? { ...stored, epoch: 'the old one' } : stored;
  });
  expect(await problems(reset)).toEqual([]);
  expect(reads).toBe(4);
});

it('says that there is no such board', async () => {
  expect(await verifyBoard(store, 'acme/unknown')).toEqual({
    board: 'acme/unknown',
    problems: ['there is no such board'],
  });
});

it('goes through all boards, page by page', async () => {
  const ids = Array.from({ length: 1_203 }, (_, i) => `many/${String(i).padStart(5, '0')}`);
  for (const id of ids) await store.open(id, { create: true });
  const reports: BoardReport[] = [];
  await verifyAll(store, (report) => reports.push(report));
  expect(reports.map(({ board }) => board)).toEqual(['acme/sales', ...ids]);
  expect(reports.flatMap((report) => report.problems)).toEqual([]);
});

it('sees all that readers see: text and formats, nested types, values, subdocuments', () => {
  const doc = new Y.Doc();
  doc.getText('text').insert(0, 'ab');
  doc.getText('text').insert(1, 'X');
  doc.getText('text').format(0, 1, { bold: true });
  doc.getText('text').insertEmbed(3, { image: 1 });
  doc.getMap('map').set('inner', new Y.Map([['key', 1]]));
  doc.getMap('map').set('gone', 1);
  doc.getMap('map').delete('gone');
  doc.getMap('map').set('sub', new Y.Doc({ guid: 'other' }));
  expect(visibleContent(doc)).toEqual({
    text: {
      list: [
        { format: 'bold', value: true },
        { text: 'a' },
        { format: 'bold', value: null },
        { text: 'Xb' },
        { image: 1 },
      ],
      map: {},
    },
    map: {
      list: [],
      map: {
        inner: { type: expect.any(String), list: [], map: { key: 1 } },
        sub: { document: 'other' },
      },
    },
  });
});
