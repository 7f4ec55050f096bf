import { randomUUID } from 'node:crypto';
import type { BoardStore, NewUpdate, Snapshot, StoredUpdate } from './board-store.ts';

interface Board {
  epoch: string;
  snapshot: Snapshot | undefined;
  updates: StoredUpdate[];
}

/** A log that ends with the process: for unit tests. */
export function createMemoryBoardStore(): BoardStore {
  const boards = new Map<string, Board>();

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
      return board && { board: id, epoch: board.epoch, head: board.updates.length };
    },

    async load(id, { ignoreSnapshot = false } = {}) {
      const board = boards.get(id);
      if (board === undefined) return undefined;
      const snapshot = ignoreSnapshot ? undefined : board.snapshot;
      return {
        board: id,
        epoch: board.epoch,
        head: board.updates.length,
        snapshot: snapshot && { seq: snapshot.seq, bytes: snapshot.bytes.slice() },
        updates: board.updates
          .slice(snapshot?.seq ?? 0)
          .map((update) => ({ ...update, bytes: update.bytes.slice() })),
      };
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
