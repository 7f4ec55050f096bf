import type { BoardStore } from './board-store.ts';
import type { QuarantinedBoard, QuarantineStore } from './quarantine-store.ts';

/** Marks that end with the process: for unit tests. Epochs are those of the boards in `boards`. */
export function createMemoryQuarantineStore(boards: Pick<BoardStore, 'open'>): QuarantineStore {
  const marks = new Map<string, QuarantinedBoard>();

  const find = async (board: string): Promise<QuarantinedBoard | undefined> => {
    const mark = marks.get(board);
    if (mark === undefined) return undefined;
    const head = await boards.open(board, { create: false });
    return head?.epoch === mark.epoch ? { ...mark } : undefined;
  };

  return {
    find,

    async add({ board, epoch, reason }) {
      const head = await boards.open(board, { create: false });
      if (head?.epoch === epoch && marks.get(board)?.epoch !== epoch) {
        marks.set(board, { board, epoch, reason, since: new Date() });
      }
      return find(board);
    },

    async list() {
      const ids = [...marks.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const found = await Promise.all(ids.map(find));
      return found.filter((mark) => mark !== undefined);
    },

    async release({ board, epoch }) {
      return marks.get(board)?.epoch === epoch && marks.delete(board);
    },
  };
}
