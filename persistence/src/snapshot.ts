import * as Y from 'yjs';
import type { Snapshot, StoredBoard } from './board-store.ts';
import { applyStoredBoard } from './load-board.ts';

/**
 * The board's state at its head. It goes through a document with garbage collection, so that the
 * content of what was deleted is gone; merging the updates as bytes would keep all of it.
 * Takes seconds for a large board: on a server, `SnapshotThread` does it.
 * @throws TesseraError `board-unavailable` when the board is not whole.
 */
export function buildSnapshot(stored: StoredBoard): Snapshot {
  const doc = new Y.Doc({ gc: true });
  try {
    applyStoredBoard(doc, stored);
    return { seq: stored.head, bytes: Y.encodeStateAsUpdateV2(doc) };
  } finally {
    doc.destroy();
  }
}
