import { beforeEach, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { BoardStore, StoredBoard } from './board-store.ts';
import { createMemoryBoardStore } from './board-store-memory.ts';
import { applyStoredBoard } from './load-board.ts';
import { buildSnapshot } from './snapshot.ts';
import { createLoggedDoc, editEverything, type LoggedDoc } from './test-board.ts';

let store: BoardStore;
let logged: LoggedDoc;

beforeEach(async () => {
  store = createMemoryBoardStore();
  logged = await createLoggedDoc(store, 'acme/sales');
});

async function load(): Promise<StoredBoard> {
  const stored = await store.load('acme/sales');
  if (stored === undefined) throw new Error('the board is missing');
  return stored;
}

async function addSnapshot(): Promise<void> {
  const stored = await load();
  await store.putSnapshot('acme/sales', stored.epoch, buildSnapshot(stored));
}

function readBack(stored: StoredBoard): Y.Doc {
  const doc = new Y.Doc();
  applyStoredBoard(doc, stored);
  return doc;
}

const failure = (stored: StoredBoard) => {
  try {
    readBack(stored);
  } catch (error) {
    return error;
  }
  return 'no error';
};

const unavailable = (detail: string) => ({
  code: 'board-unavailable',
  message: expect.stringContaining(`board acme/sales: ${detail}`),
});

it('rebuilds a board from its log, and from a snapshot and the log after it', async () => {
  editEverything(logged.doc, 60);
  await logged.save();
  const fromLog = readBack(await load());
  await addSnapshot();
  editEverything(logged.doc, 20);
  await logged.save();
  const stored = await load();
  expect(stored.snapshot).toBeDefined();
  const fromSnapshot = readBack(stored);
  for (const name of ['widgets', 'list'] as const) {
    const type = name === 'list' ? 'getArray' : 'getMap';
    expect(fromSnapshot[type](name).toJSON()).toEqual(logged.doc[type](name).toJSON());
  }
  expect(fromSnapshot.getText('notes').toDelta()).toEqual(logged.doc.getText('notes').toDelta());
  expect(fromLog.getText('notes').toString()).not.toBe('');
});

it('leaves an empty board empty', async () => {
  expect(readBack(await load()).share.size).toBe(0);
});

it('passes the origin on, in one transaction', async () => {
  editEverything(logged.doc, 5);
  await logged.save();
  const doc = new Y.Doc();
  const origins: unknown[] = [];
  doc.on('afterTransaction', (transaction: Y.Transaction) => origins.push(transaction.origin));
  applyStoredBoard(doc, await load(), 'the log');
  expect(origins).toEqual(['the log']);
});

it('accepts an update that leans on a later one of the log', async () => {
  editEverything(logged.doc, 5);
  const [first, second, ...rest] = logged.updates;
  const rows = [second, first, ...rest].map((bytes) => ({
    ...logged,
    actor: 'ann',
    bytes: bytes ?? new Uint8Array(),
  }));
  await store.append(rows);
  expect(
    readBack(await load())
      .getText('notes')
      .toString(),
  ).toBe(logged.doc.getText('notes').toString());
});

it('names a corrupt snapshot', async () => {
  editEverything(logged.doc, 5);
  await logged.save();
  const head = logged.updates.length;
  await store.putSnapshot('acme/sales', logged.epoch, { seq: head, bytes: Uint8Array.of(1, 2, 3) });
  expect(failure(await load())).toMatchObject(
    unavailable(`the snapshot at seq ${head} is corrupt`),
  );
});

it('names a snapshot that lacks what it builds on', async () => {
  const all = new Y.Doc();
  all.getArray('list').push([1]);
  const before = Y.encodeStateVector(all);
  all.getArray('list').push([2]);
  editEverything(logged.doc, 1);
  await logged.save();
  const bytes = Y.encodeStateAsUpdateV2(all, before);
  await store.putSnapshot('acme/sales', logged.epoch, { seq: 1, bytes });
  expect(failure(await load())).toMatchObject(
    unavailable('the snapshot at seq 1 is not a whole state'),
  );
});

it('names the seq of a corrupt update', async () => {
  editEverything(logged.doc, 3);
  await logged.save();
  const stored = await load();
  const broken = stored.updates.map((update) =>
    update.seq === 4 ? { ...update, bytes: update.bytes.subarray(0, 3) } : update,
  );
  expect(failure({ ...stored, updates: broken })).toMatchObject({
    ...unavailable('the update at seq 4 is corrupt'),
    cause: expect.any(Error),
  });
});

it('refuses a log that builds on updates that are not there', async () => {
  editEverything(logged.doc, 3);
  const [, ...withoutFirst] = logged.updates;
  await store.append(withoutFirst.map((bytes) => ({ ...logged, actor: 'ann', bytes })));
  const last = withoutFirst.length;
  expect(failure(await load())).toMatchObject(
    unavailable(`the log (seq 1 to ${last}) builds on updates that are not there`),
  );
});

it('refuses a deletion of something that is not there', async () => {
  const other = new Y.Doc();
  other.getText('notes').insert(0, 'abc');
  const before = Y.encodeStateVector(other);
  other.getText('notes').delete(0, 1);
  await store.append([{ ...logged, actor: 'ann', bytes: Y.encodeStateAsUpdate(other, before) }]);
  expect(failure(await load())).toMatchObject(unavailable('the log (seq 1 to 1) builds on'));
});

it('refuses gaps: in the log, after the snapshot, and before the head', async () => {
  editEverything(logged.doc, 3);
  await logged.save();
  const stored = await load();
  const { head, updates } = stored;
  const without = (seq: number) => ({ ...stored, updates: updates.filter((u) => u.seq !== seq) });
  expect(failure(without(2))).toMatchObject(unavailable('in its log, seq 1 is followed by seq 3'));
  expect(failure(without(1))).toMatchObject(unavailable('in its log, seq 0 is followed by seq 2'));
  expect(failure(without(head))).toMatchObject(
    unavailable(`its log ends at seq ${head - 1}, and its head is ${head}`),
  );
  const doubled = { ...stored, updates: updates.flatMap((u) => (u.seq === 2 ? [u, u] : [u])) };
  expect(failure(doubled)).toMatchObject(unavailable('in its log, seq 2 is followed by seq 2'));
});

it('gives up a board that takes too long', async () => {
  editEverything(logged.doc, 60);
  await logged.save();
  const stored = await load();
  const give = (maxMs: number) => () => applyStoredBoard(new Y.Doc(), stored, undefined, maxMs);
  expect(give(-1)).toThrow('board acme/sales: loading it takes more than -1 ms, at seq 32');
  expect(give(60_000)).not.toThrow();
});
