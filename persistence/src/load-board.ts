import { TesseraError } from '@tessera/model';
import * as Y from 'yjs';
import type { StoredBoard } from './board-store.ts';

/**
 * Fills an empty document with a stored board, in one Yjs transaction.
 * @throws TesseraError `board-unavailable`, naming the board and what is wrong with it, unless the
 * document is whole. What is in the document by then is of no use: throw it away.
 */
export function applyStoredBoard(doc: Y.Doc, stored: StoredBoard, origin?: unknown): void {
  const { board, snapshot, updates } = stored;
  const gap = findGap(stored);
  if (gap !== undefined) throw unavailable(board, gap);
  Y.transact(
    doc,
    () => {
      if (snapshot !== undefined) {
        attempt(board, `the snapshot at seq ${snapshot.seq}`, () =>
          Y.applyUpdateV2(doc, snapshot.bytes, origin),
        );
        // A snapshot is whole by itself; an update may lean on a later one of the same commit.
        if (isPending(doc)) {
          throw unavailable(board, `the snapshot at seq ${snapshot.seq} is not a whole state`);
        }
      }
      for (const { seq, bytes } of updates) {
        attempt(board, `the update at seq ${seq}`, () => Y.applyUpdate(doc, bytes, origin));
      }
    },
    origin,
  );
  if (isPending(doc)) {
    const place = updates.length === 0 ? '' : ` (seq ${updates[0]?.seq} to ${updates.at(-1)?.seq})`;
    throw unavailable(board, `the log${place} builds on updates that are not there`);
  }
}

/** What keeps the seqs from being dense from the snapshot, or the start, to the head; `undefined` if nothing. */
export function findGap({ head, snapshot, updates }: StoredBoard): string | undefined {
  let last = snapshot?.seq ?? 0;
  for (const { seq } of updates) {
    if (seq !== last + 1) return `in its log, seq ${last} is followed by seq ${seq}`;
    last = seq;
  }
  return last === head ? undefined : `its log ends at seq ${last}, and its head is ${head}`;
}

function isPending(doc: Y.Doc): boolean {
  return doc.store.pendingStructs !== null || doc.store.pendingDs !== null;
}

function attempt(board: string, what: string, apply: () => void): void {
  try {
    apply();
  } catch (cause) {
    throw unavailable(board, `${what} is corrupt`, cause);
  }
}

function unavailable(board: string, problem: string, cause?: unknown): TesseraError {
  const detail = `board ${board}: ${problem}`;
  return new TesseraError('board-unavailable', detail, cause === undefined ? {} : { cause });
}
