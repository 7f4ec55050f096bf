import { expect, it } from 'vitest';
import type { StoredBoard } from './board-store.ts';
import { packBoard, unpackBoard } from './packed-board.ts';

const update = (seq: number, ...bytes: number[]) => ({
  seq,
  actor: 'ann',
  createdAt: new Date(5),
  bytes: Uint8Array.from(bytes),
});

const board: StoredBoard = {
  board: 'acme/sales',
  epoch: 'e',
  head: 9,
  snapshot: { seq: 6, bytes: Uint8Array.of(1, 2, 3) },
  updates: [update(7, 4), update(8), update(9, 5, 6)],
};

it.each([
  ['a snapshot and updates', board],
  ['no snapshot', { ...board, snapshot: undefined }],
  ['nothing', { ...board, snapshot: undefined, updates: [] }],
])('comes out as it went in, but for who and when: %s', (_case, stored) => {
  const packed = structuredClone(packBoard(stored));
  const anonymous = stored.updates.map((u) => ({ ...u, actor: '', createdAt: new Date(0) }));
  expect(unpackBoard(packed)).toEqual({ ...stored, updates: anonymous });
});

it('is a copy: giving it away leaves the board as it is', () => {
  const { bytes } = packBoard(board);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  expect(board.snapshot?.bytes).toEqual(Uint8Array.of(1, 2, 3));
});
