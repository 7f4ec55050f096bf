import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  Appended,
  BoardHead,
  BoardStore,
  LogTail,
  NewUpdate,
  StoredBoard,
} from './board-store.ts';
import { sql } from './board-store-queries.ts';
import type { Database } from './database.ts';

interface Piece {
  kind: 'board' | 'snapshot' | 'update';
  seq: number;
  /** The epoch on the board's row, the actor on an update's. */
  who: string;
  created_ms: number;
  piece: number;
  bytes: Uint8Array | null;
}

/** Making so many rows into updates takes some 2 ms; between them others have their turn. */
const rowsInOneGo = 5_000;

const ranks = { board: 0, snapshot: 1, update: 2 };

/** Where the log lives in production: PostgreSQL, or PGlite behind the same SQL. Owns the database. */
export function createSqlBoardStore(database: Database): BoardStore {
  return {
    async open(board, { create }) {
      const found = await database.query<BoardHead>('board-head', sql.head, [board]);
      if (found[0] !== undefined || !create) return found[0];
      await database.query('board-create', sql.create, [board]);
      // Read again rather than RETURNING: whoever lost the race to create gets the winner's row.
      return (await database.query<BoardHead>('board-head', sql.head, [board]))[0];
    },

    async load(board, { ignoreSnapshot = false } = {}) {
      const pieces = ignoreSnapshot
        ? await database.query<Piece>('board-load-log', sql.loadLog, [board])
        : await database.query<Piece>('board-load', sql.load, [board]);
      return assemble(board, pieces);
    },

    async loadTail(board, after) {
      const rows = await database.query<Piece>('board-load-tail', sql.loadTail, [board, after]);
      const stored = await assemble(board, rows);
      return stored && tailOf(stored);
    },

    async findChanged(known) {
      if (known.length === 0) return [];
      return database.query<BoardHead>('board-find-changed', sql.findChanged, [
        known.map(({ board }) => board),
        known.map(({ epoch }) => epoch),
        known.map(({ head }) => head),
      ]);
    },

    async append(updates) {
      const [first, ...others] = updates;
      if (first === undefined) return [];
      if (others.length === 0) {
        const { board, epoch, actor, bytes } = first;
        const params = [board, epoch, actor, bytes];
        return database.query<Appended>('board-append-one', sql.appendOne, params);
      }
      const { wanted, rows } = groupByBoard(updates);
      return database.query<Appended>('board-append', sql.append, [
        wanted.map(([first]) => first.board),
        wanted.map(([first]) => first.epoch),
        wanted.map((group) => group.length),
        wanted.flatMap((group, index) => group.map(() => index + 1)),
        rows.map((row) => row.actor),
        rows.map((row) => row.bytes.byteLength),
        concatenate(rows.map((row) => row.bytes)),
      ]);
    },

    async putSnapshot(board, epoch, { seq, bytes }) {
      const params = [board, epoch, seq, bytes];
      return (await database.query('board-put-snapshot', sql.putSnapshot, params)).length > 0;
    },

    async list(after, limit) {
      const rows = await database.query<{ id: string }>('board-list', sql.list, [after, limit]);
      return rows.map((row) => row.id);
    },

    async ping() {
      await database.query('ping', sql.ping);
    },

    close: () => database.close(),
  };
}

type Group = [NewUpdate, ...NewUpdate[]];

/** One group for each board and epoch, and all rows in the order of the groups. */
function groupByBoard(updates: readonly NewUpdate[]): { wanted: Group[]; rows: NewUpdate[] } {
  const groups = Map.groupBy(updates, ({ board, epoch }) => `${board} ${epoch}`);
  const wanted = [...groups.values()] as Group[]; // groupBy makes no empty group
  return { wanted, rows: wanted.flat() };
}

/** Makes a board of its rows; they come in any order, as UNION ALL promises none. */
async function assemble(board: string, pieces: Piece[]): Promise<StoredBoard | undefined> {
  pieces.sort((a, b) => ranks[a.kind] - ranks[b.kind] || a.seq - b.seq || a.piece - b.piece);
  const [head] = pieces;
  if (head === undefined) return undefined;
  const stored: StoredBoard = {
    board,
    epoch: head.who,
    head: head.seq,
    snapshot: undefined,
    updates: [],
  };
  let end = 1;
  for (let start = 1; start < pieces.length; start = end) {
    while (isSameValue(pieces[start], pieces[end])) end += 1;
    const { kind, seq, who: actor, created_ms: createdMs } = pieces[start] as Piece; // below the length
    const bytes = joinPieces(pieces, start, end);
    if (kind === 'snapshot') stored.snapshot = { seq, bytes };
    else stored.updates.push({ seq, actor, createdAt: new Date(createdMs), bytes });
    // Zero right after the snapshot, which takes as long as many rows.
    if (stored.updates.length % rowsInOneGo === 0) await nextTurn();
  }
  return stored;
}

function tailOf({ board, epoch, head, updates }: StoredBoard): LogTail {
  return { board, epoch, head, updates };
}

function isSameValue(a: Piece | undefined, b: Piece | undefined): boolean {
  return a !== undefined && a.kind === b?.kind && a.seq === b.seq;
}

function joinPieces(pieces: Piece[], start: number, end: number): Uint8Array {
  const only = end - start === 1 ? pieces[start] : undefined;
  if (only?.bytes) return only.bytes;
  return concatenate(pieces.slice(start, end).map((piece) => piece.bytes ?? new Uint8Array()));
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
