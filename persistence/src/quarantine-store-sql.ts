import type { Database } from './database.ts';
import type { QuarantinedBoard, QuarantineStore } from './quarantine-store.ts';

const current = `
  SELECT q.board, q.epoch::text AS epoch, q.reason, q.since
  FROM quarantine q JOIN boards b ON b.id = q.board AND b.epoch = q.epoch`;

const sql = {
  // FOR KEY SHARE holds the epoch still, as for snapshots.
  add: `
    WITH board AS (SELECT id FROM boards WHERE id = $1 AND epoch = $2::uuid FOR KEY SHARE)
    INSERT INTO quarantine AS q (board, epoch, reason) SELECT id, $2::uuid, $3 FROM board
    ON CONFLICT (board) DO UPDATE
    SET epoch = excluded.epoch, reason = excluded.reason, since = now()
    WHERE q.epoch <> excluded.epoch`,

  find: `${current} WHERE q.board = $1`,

  list: `${current} ORDER BY q.board`,

  release: 'DELETE FROM quarantine WHERE board = $1 AND epoch = $2::uuid RETURNING board',
};

/** The marks in PostgreSQL, or in PGlite behind the same SQL. The database stays its caller's. */
export function createSqlQuarantineStore(database: Database): QuarantineStore {
  const find = async (board: string): Promise<QuarantinedBoard | undefined> =>
    (await database.query<QuarantinedBoard>('quarantine-find', sql.find, [board]))[0];

  return {
    find,

    async add({ board, epoch, reason }) {
      await database.query('quarantine-add', sql.add, [board, epoch, reason]);
      // Read again rather than RETURNING: the first mark stays, and conflicts return nothing.
      return find(board);
    },

    list: () => database.query<QuarantinedBoard>('quarantine-list', sql.list),

    async release({ board, epoch }) {
      const params = [board, epoch];
      return (await database.query('quarantine-release', sql.release, params)).length > 0;
    },
  };
}
