import { Document } from '@hocuspocus/server';
import { afterEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { LiveBoard } from './live-board.ts';

const open: LiveBoard[] = [];
afterEach(() => {
  for (const board of open.splice(0)) board.close();
});

function load(): LiveBoard {
  const document = new Document('acme/x');
  const board = new LiveBoard(
    document,
    { board: 'acme/x', epoch: 'e', head: 0 },
    { readLog: async () => undefined, tellNodes: () => undefined, failed: () => undefined },
  );
  open.push(board);
  return board;
}

const nothing = Y.encodeStateVector(new Y.Doc());

test('who joins with nothing shares one encoding, until the board changes', () => {
  const live = load();
  const { document } = live;
  document.getMap('m').set('a', 1);
  const first = live.stateSince(nothing);
  expect(live.stateSince(nothing)).toBe(first);
  document.getMap('m').set('a', 2);
  const second = live.stateSince(nothing);
  expect(second).not.toBe(first);
  const joined = new Y.Doc();
  Y.applyUpdate(joined, second);
  expect(joined.getMap('m').toJSON()).toEqual({ a: 2 });
});

test('who has something gets the rest only', () => {
  const board = load();
  board.document.getText('t').insert(0, 'long '.repeat(1_000));
  const known = Y.encodeStateVector(board.document);
  board.document.getText('t').insert(0, 'more');
  expect(board.stateSince(known).byteLength).toBeLessThan(100);
  expect(board.stateSince(nothing).byteLength).toBeGreaterThan(5_000);
});
