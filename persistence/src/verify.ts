import { isDeepStrictEqual } from 'node:util';
import * as Y from 'yjs';
import type { BoardStore, StoredBoard } from './board-store.ts';
import { applyStoredBoard, findGap } from './load-board.ts';
import { visibleContent } from './visible-content.ts';

/** What is wrong with a board, in plain words; nothing when the list is empty. */
export interface BoardReport {
  board: string;
  problems: string[];
}

const pageSize = 500;

/** Replays a board from its log alone and from its snapshot, and compares the two. */
export async function verifyBoard(
  store: Pick<BoardStore, 'load'>,
  board: string,
): Promise<BoardReport> {
  const stored = await store.load(board);
  const whole = await store.load(board, { ignoreSnapshot: true });
  if (stored === undefined || whole === undefined) {
    return { board, problems: ['there is no such board'] };
  }
  // Reset between the two reads: they are about different documents.
  if (stored.epoch !== whole.epoch) return verifyBoard(store, board);
  return { board, problems: compare(stored, upTo(whole, stored.head)) };
}

/** Verifies every board, in the order of their ids; `onBoard` gets each report as it is made. */
export async function verifyAll(
  store: Pick<BoardStore, 'load' | 'list'>,
  onBoard: (report: BoardReport) => void,
): Promise<void> {
  let after = '';
  for (;;) {
    const boards = await store.list(after, pageSize);
    for (const board of boards) onBoard(await verifyBoard(store, board));
    const last = boards.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

/** The board as it was at `head`: it may have grown between the reads. */
function upTo(whole: StoredBoard, head: number): StoredBoard {
  return { ...whole, head, updates: whole.updates.filter(({ seq }) => seq <= head) };
}

function compare(stored: StoredBoard, whole: StoredBoard): string[] {
  const gap = findGap(whole);
  if (gap !== undefined) return [gap];
  const problems: string[] = [];
  const fromLog = replay(whole, 'replaying the whole log', problems);
  const fromSnapshot = replay(stored, 'loading the snapshot and the log after it', problems);
  if (fromLog !== undefined && fromSnapshot !== undefined) {
    const differences = differencesOf(fromLog, fromSnapshot);
    const seq = stored.snapshot?.seq ?? 0;
    problems.push(
      ...differences.map((what) => `log and snapshot (at seq ${seq}) differ in ${what}`),
    );
  }
  fromLog?.destroy();
  fromSnapshot?.destroy();
  return problems;
}

function replay(stored: StoredBoard, how: string, problems: string[]): Y.Doc | undefined {
  const doc = new Y.Doc();
  try {
    applyStoredBoard(doc, stored);
    return doc;
  } catch (error) {
    problems.push(`${how} failed: ${(error as Error).message}`);
    return undefined;
  }
}

/** Not their bytes: equal documents may be cut into structs differently. */
function differencesOf(a: Y.Doc, b: Y.Doc): string[] {
  const same = {
    'which updates they contain (state vector)': isDeepStrictEqual(
      Y.decodeStateVector(Y.encodeStateVector(a)),
      Y.decodeStateVector(Y.encodeStateVector(b)),
    ),
    'what is deleted': Y.equalDeleteSets(
      Y.createDeleteSetFromStructStore(a.store),
      Y.createDeleteSetFromStructStore(b.store),
    ),
    'visible content': isDeepStrictEqual(visibleContent(a), visibleContent(b)),
  };
  return Object.entries(same).flatMap(([what, equal]) => (equal ? [] : [what]));
}
