import type { Appended, BoardHead, BoardStore, NewUpdate, StoredBoard } from './board-store.ts';
import { sql } from './board-store-queries.ts';
import type { Database } from './database.ts';

interface Piece {
  kind: 'board' | 'snapshot' | 'update';
  seq: number;
  /** The epoch on the board's row, the actor on an update's. */
  who: string;
  created_at: Date;
  piece: number;
  bytes: Uint8Array | null;
}

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

    async append(updates) {
      if (updates.length === 0) return [];
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
function assemble(board: string, pieces: Piece[]): StoredBoard | undefined {
  pieces.sort((a, b) => ranks[a.kind] - ranks[b.kind] || a.seq - b.seq || a.piece - b.piece);
  const [head, ...rest] = pieces;
  if (head === undefined) return undefined;
  const { who: epoch, seq } = head;
  const stored: StoredBoard = { board, epoch, head: seq, snapshot: undefined, updates: [] };
  for (const value of wholeValues(rest)) {
    const bytes = concatenate(value.map((piece) => piece.bytes ?? new Uint8Array()));
    const { kind, seq, who: actor, created_at: createdAt } = value[0];
    if (kind === 'snapshot') stored.snapshot = { seq, bytes };
    else stored.updates.push({ seq, actor, createdAt, bytes });
  }
  return stored;
}

/** Puts the pieces of one value together: they follow each other and share kind and seq. */
function wholeValues(pieces: Piece[]): [Piece, ...Piece[]][] {
  const values: [Piece, ...Piece[]][] = [];
  for (const piece of pieces) {
    const current = values.at(-1);
    if (current?.[0].kind === piece.kind && current[0].seq === piece.seq) current.push(piece);
    else values.push([piece]);
  }
  return values;
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
