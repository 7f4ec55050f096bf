import { expect, it } from 'vitest';
import * as Y from 'yjs';
import type { StoredBoard } from './board-store.ts';
import { salvageBoard } from './salvage-board.ts';

/** A board of one row for each key, by as many people. */
function boardOf(...keys: string[]): StoredBoard {
  const updates = keys.map((key, index) => {
    const doc = new Y.Doc();
    doc.getMap('content').set(key, index + 1);
    const bytes = Y.encodeStateAsUpdate(doc);
    return { seq: index + 1, actor: key, createdAt: new Date(0), bytes };
  });
  return { board: 'acme/x', epoch: 'one', head: keys.length, snapshot: undefined, updates };
}

function ruined(stored: StoredBoard, ...seqs: number[]): StoredBoard {
  const updates = stored.updates.map((update) =>
    seqs.includes(update.seq) ? { ...update, bytes: Uint8Array.of(222, 173) } : update,
  );
  return { ...stored, updates };
}

function salvaged(stored: StoredBoard) {
  const { bytes, read, skipped } = salvageBoard(stored);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, bytes);
  return { content: doc.getMap('content').toJSON(), read, skipped };
}

it('reads all there is of a board that is whole, and of one with gaps', () => {
  const board = boardOf('a', 'b', 'c');
  expect(salvaged(board)).toEqual({ content: { a: 1, b: 2, c: 3 }, read: 3, skipped: 0 });
  const gappy = { ...board, head: 9, updates: board.updates.filter(({ seq }) => seq !== 2) };
  expect(salvaged(gappy)).toEqual({ content: { a: 1, c: 3 }, read: 2, skipped: 0 });
});

it('leaves out rows that cannot be read, and a snapshot that cannot', () => {
  const board = ruined(boardOf('a', 'b', 'c', 'd'), 2, 3);
  expect(salvaged(board)).toEqual({ content: { a: 1, d: 4 }, read: 2, skipped: 2 });
  const snapshot = { seq: 0, bytes: Uint8Array.of(1, 2, 3) };
  expect(salvaged({ ...board, snapshot })).toEqual({
    content: { a: 1, d: 4 },
    read: 2,
    skipped: 3,
  });
});

it('reads a snapshot that is whole', () => {
  const doc = new Y.Doc();
  doc.getMap('content').set('old', true);
  const snapshot = { seq: 1, bytes: Y.encodeStateAsUpdateV2(doc) };
  expect(salvaged({ ...ruined(boardOf('a', 'b'), 2), snapshot })).toEqual({
    content: { old: true, a: 1 },
    read: 2,
    skipped: 1,
  });
});

it('leaves out what builds on rows that cannot be read', () => {
  const doc = new Y.Doc();
  const rows: Uint8Array[] = [];
  doc.on('update', (bytes: Uint8Array) => rows.push(bytes));
  for (const [index, key] of ['a', 'b', 'c'].entries()) doc.getMap('content').set(key, index + 1);
  const board = boardOf('a', 'b', 'c');
  const updates = board.updates.map((update, index) => ({
    ...update,
    bytes: rows[index] ?? update.bytes,
  }));
  expect(salvaged(ruined({ ...board, updates }, 2)).content).toEqual({ a: 1 });
});

it('goes on after a row on which Yjs fails halfway', () => {
  const board = boardOf('a', 'b', 'c');
  // A character and, after it, one that leans on itself.
  const halfway = Uint8Array.of(1, 2, 1, 0, 4, 1, 1, 116, 1, 120, 132, 1, 1, 1, 121, 0);
  expect(() => Y.applyUpdate(new Y.Doc(), halfway)).toThrow();
  const updates = board.updates.map((update) =>
    update.seq === 2 ? { ...update, bytes: halfway } : update,
  );
  const doc = new Y.Doc();
  Y.applyUpdate(doc, salvageBoard({ ...board, updates }).bytes);
  expect([...doc.share.keys()]).toEqual(['content']);
  expect(salvaged({ ...board, updates })).toEqual({ content: { a: 1, c: 3 }, read: 2, skipped: 1 });
});

it('stops reading when it has taken too long', () => {
  const { read, skipped } = salvageBoard(boardOf('a', 'b'), -1);
  expect([read, skipped]).toEqual([0, 2]);
});
