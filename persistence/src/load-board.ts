import { TesseraError } from '@tessera/model';
import * as Y from 'yjs';
import type { StoredBoard } from './board-store.ts';

/** Of this thread's time; 10 MB take 0.3 s. Once is bad enough: what throws is not loaded again. */
const MAX_LOAD_MS = 20_000;

/**
 * Fills an empty document with a stored board, in one Yjs transaction.
 * @throws TesseraError `board-unavailable`, naming the board and what is wrong with it, unless the
 * document is whole. What is in the document by then is of no use: throw it away.
 */
export function applyStoredBoard(
  doc: Y.Doc,
  stored: StoredBoard,
  origin?: unknown,
  maxMs = MAX_LOAD_MS,
): void {
  const { board, snapshot, updates } = stored;
  const gap = findGap(stored);
  if (gap !== undefined) throw unavailable(board, gap);
  const start = process.threadCpuUsage();
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
        // Looking at the clock takes as long as a third of a small update.
        const isLarge = bytes.byteLength > 1_024 || seq % 32 === 0;
        if (isLarge && elapsedMs(start) > maxMs) {
          throw unavailable(board, `loading it takes more than ${maxMs} ms, at seq ${seq}`);
        }
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

/** Of this thread's time, since what `process.threadCpuUsage()` said. */
export function elapsedMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(since);
  return (user + system) / 1000;
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
