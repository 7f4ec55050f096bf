import { randomUUID } from 'node:crypto';
import type { BoardHead, BoardStore, NewUpdate, Snapshot, StoredUpdate } from './board-store.ts';

interface Board {
  epoch: string;
  snapshot: Snapshot | undefined;
  updates: StoredUpdate[];
}

/** A log that ends with the process: for unit tests. */
export function createMemoryBoardStore(): BoardStore {
  const boards = new Map<string, Board>();

  const headOf = (id: string, { epoch, updates }: Board): BoardHead => ({
    board: id,
    epoch,
    head: updates.length,
  });

  const updatesAfter = (board: Board, seq: number): StoredUpdate[] =>
    board.updates.slice(seq).map((update) => ({ ...update, bytes: update.bytes.slice() }));

  const append = (board: Board, updates: NewUpdate[]) => {
    for (const { actor, bytes } of updates) {
      const seq = board.updates.length + 1;
      board.updates.push({ seq, actor, createdAt: new Date(), bytes: bytes.slice() });
    }
  };

  return {
    async open(id, { create }) {
      let board = boards.get(id);
      if (board === undefined && create) {
        board = { epoch: randomUUID(), snapshot: undefined, updates: [] };
        boards.set(id, board);
      }
      return board && headOf(id, board);
    },

    async load(id, { ignoreSnapshot = false } = {}) {
      const board = boards.get(id);
      if (board === undefined) return undefined;
      const snapshot = ignoreSnapshot ? undefined : board.snapshot;
      return {
        ...headOf(id, board),
        snapshot: snapshot && { seq: snapshot.seq, bytes: snapshot.bytes.slice() },
        updates: updatesAfter(board, snapshot?.seq ?? 0),
      };
    },

    async loadTail(id, after) {
      const board = boards.get(id);
      return board && { ...headOf(id, board), updates: updatesAfter(board, after) };
    },

    async findChanged(known) {
      return known.flatMap(({ board: id, epoch, head }) => {
        const board = boards.get(id);
        if (board === undefined) return [];
        return board.epoch !== epoch || board.updates.length !== head ? headOf(id, board) : [];
      });
    },

    async append(updates) {
      return [...Map.groupBy(updates, (update) => update.board)].flatMap(([id, group]) => {
        const board = boards.get(id);
        const fitting = group.filter((update) => update.epoch === board?.epoch);
        if (board === undefined || fitting.length === 0) return [];
        const firstSeq = board.updates.length + 1;
        append(board, fitting);
        return [{ board: id, firstSeq, lastSeq: board.updates.length }];
      });
    },

    async putSnapshot(id, epoch, { seq, bytes }) {
      const board = boards.get(id);
      if (board?.epoch !== epoch || seq > board.updates.length) return false;
      if (board.snapshot !== undefined && board.snapshot.seq >= seq) return false;
      board.snapshot = { seq, bytes: bytes.slice() };
      return true;
    },

    async list(after, limit) {
      const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
      const ids = [...boards.keys()].filter((id) => byBytes(id, after) > 0);
      return ids.sort(byBytes).slice(0, limit);
    },

    ping: async () => undefined,

    close: async () => undefined,
  };
}
