import { createMemoryBoardStore } from '../../persistence/src/board-store-memory.ts';
import { Journal } from '../../persistence/src/journal.ts';
import { Editor, largeBoard } from './board.ts';
import type { MicroGroup } from './micro.ts';

const BOARDS = 100;
const WRITERS = 10;
const EDITS = BOARDS * WRITERS;

/** Group commit, on a store in memory: what PostgreSQL takes is not in it. */
export async function journalMicros(): Promise<MicroGroup> {
  const store = createMemoryBoardStore();
  const updates = new Editor(largeBoard()).take(EDITS);
  const edits = await Promise.all(
    updates.map(async (bytes, n) => {
      const board = `bench/board-${n % BOARDS}`;
      const head = await store.open(board, { create: true });
      return { board, epoch: head?.epoch ?? '', actor: `writer-${Math.floor(n / BOARDS)}`, bytes };
    }),
  );
  const ignore = () => undefined;
  const events = { committed: ignore, refused: ignore, health: ignore, pressure: ignore };
  const journal = new Journal(store, events);
  return {
    name: `journal, in memory: CPU, ${BOARDS} boards × ${WRITERS} writers in a commit`,
    micros: [
      {
        name: 'append, and its share of the commit',
        times: EDITS,
        waits: true,
        async run() {
          for (const edit of edits) journal.append(edit);
          await journal.drained();
        },
      },
      {
        name: 'the same, and the gate of its ack',
        times: EDITS,
        waits: true,
        async run() {
          let acked = 0;
          for (const edit of edits) {
            journal.append(edit);
            journal.whenSaved(edit.board, () => {
              acked += 1;
            });
          }
          await journal.drained();
          if (acked !== EDITS) throw new Error(`${acked} of ${EDITS} acks came`);
        },
      },
    ],
    close: () => journal.close(),
  };
}
