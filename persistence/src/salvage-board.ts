import * as Y from 'yjs';
import type { StoredBoard } from './board-store.ts';
import { elapsedMs } from './load-board.ts';

/** What can still be read of a board that cannot be loaded. */
export interface SalvagedBoard {
  /** A Yjs update, V1. */
  bytes: Uint8Array;
  /** The snapshot and rows of the log that are in it, and those that are not. */
  read: number;
  skipped: number;
}

/** Throws when it cannot be read: `check` before anything is changed. */
interface Part {
  check(): unknown;
  apply(doc: Y.Doc): void;
}

/** Of this thread's time: a board may be in quarantine for taking too long, and nobody else is served meanwhile. */
const MAX_SALVAGE_MS = 5_000;

/**
 * Merges the snapshot and every row of the log that Yjs can read, and leaves out the others and whatever
 * builds on them; nothing more after `maxMs`. For people to look at: it is not the board, and must never be stored.
 */
export function salvageBoard(
  { snapshot, updates }: StoredBoard,
  maxMs = MAX_SALVAGE_MS,
): SalvagedBoard {
  const start = process.threadCpuUsage();
  const parts: Part[] = updates.map(({ bytes }) => ({
    check: () => Y.decodeUpdate(bytes),
    apply: (doc) => Y.applyUpdate(doc, bytes),
  }));
  if (snapshot !== undefined) {
    parts.unshift({
      check: () => Y.decodeUpdateV2(snapshot.bytes),
      apply: (doc) => Y.applyUpdateV2(doc, snapshot.bytes),
    });
  }
  const good: Part[] = [];
  let doc = new Y.Doc();
  for (const part of parts) {
    if (elapsedMs(start) > maxMs) break;
    if (!succeeds(() => part.check())) continue;
    if (succeeds(() => part.apply(doc))) good.push(part);
    else {
      doc.destroy();
      doc = new Y.Doc();
      for (const { apply } of good) apply(doc);
    }
  }
  doc.store.pendingStructs = null;
  doc.store.pendingDs = null;
  const bytes = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return { bytes, read: good.length, skipped: parts.length - good.length };
}

/** Yjs and lib0 throw errors of any kind at bytes that are damaged. */
function succeeds(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}
