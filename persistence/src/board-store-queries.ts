/**
 * The text protocol doubles a bytea's size, and one row is decoded in one go on the event loop; in
 * pieces of this size that takes a few milliseconds at most (a whole 10 MB value: 15 to 58 ms).
 */
const pieceBytes = 256 * 1024;

// Times as numbers: parsing dates was the largest part of reading a long log on the event loop.
// The series in the SELECT list: joined, the planner would memoize it by the bytes themselves.
const pieces = (table: string, kind: string, who: string, where: string) => `
  SELECT '${kind}' AS kind, seq, who, created_ms, piece,
    CASE WHEN octet_length(bytes) <= ${pieceBytes} THEN bytes
      ELSE substring(bytes FROM piece * ${pieceBytes} + 1 FOR ${pieceBytes}) END AS bytes
  FROM (
    SELECT v.seq, v.${who} AS who, v.bytes,
      (date_part('epoch', v.created_at) * 1000)::bigint AS created_ms,
      generate_series(0, greatest(octet_length(v.bytes) - 1, 0) / ${pieceBytes}) AS piece
    FROM ${table} v WHERE v.board = $1 AND ${where}
  ) AS in_pieces`;

const boardRow = `
  SELECT 'board' AS kind, head AS seq, epoch::text AS who, 0 AS created_ms, 0 AS piece, NULL::bytea AS bytes
  FROM boards WHERE id = $1`;

// A snapshot of another epoch is not this board's state: it counts as none.
const currentEpoch = 'v.epoch = (SELECT epoch FROM boards WHERE id = $1)';

/** One statement sees one moment: head, snapshot and log rows always fit together. */
const load = (withSnapshot: boolean) => {
  const snapshot = pieces('snapshots', 'snapshot', 'epoch::text', currentEpoch);
  const snapshotSeq = `SELECT v.seq FROM snapshots v WHERE v.board = $1 AND ${currentEpoch}`;
  const after = withSnapshot ? `coalesce((${snapshotSeq}), 0)` : '0';
  const updates = pieces('updates', 'update', 'actor', `v.seq > ${after}`);
  return [boardRow, ...(withSnapshot ? [snapshot] : []), updates].join(' UNION ALL ');
};

const tail = [boardRow, pieces('updates', 'update', 'actor', 'v.seq > $2')].join(' UNION ALL ');

/** The statements of the SQL board store; the tables are in `sql/`. */
export const sql = {
  ping: 'SELECT 1',

  head: 'SELECT id AS board, epoch::text AS epoch, head FROM boards WHERE id = $1',

  create: 'INSERT INTO boards (id) VALUES ($1) ON CONFLICT (id) DO NOTHING',

  load: load(true),

  loadLog: load(false),

  // $1 board, $2 seq.
  loadTail: tail,

  // $1 boards, $2 epochs, $3 heads.
  findChanged: `
    SELECT b.id AS board, b.epoch::text AS epoch, b.head
    FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS known(id, epoch, head)
    JOIN boards b ON b.id = known.id
    WHERE b.head <> known.head OR b.epoch <> known.epoch`,

  // $1 boards, $2 epochs, $3 rows of each; $4 place in $1, $5 actor, $6 length of each row, $7 all bytes.
  // Locking the boards in the order of their ids is what keeps two appenders from deadlocking.
  append: `
    WITH wanted AS (
      SELECT board, epoch, rows, place, sum(rows) OVER (ORDER BY place) - rows AS skipped
      FROM unnest($1::text[], $2::uuid[], $3::int[]) WITH ORDINALITY AS w(board, epoch, rows, place)
    ), locked AS MATERIALIZED (
      SELECT b.id, w.rows, w.place, w.skipped
      FROM boards b JOIN wanted w ON w.board = b.id AND w.epoch = b.epoch
      ORDER BY b.id
      FOR NO KEY UPDATE OF b
    ), advanced AS (
      UPDATE boards b SET head = b.head + locked.rows FROM locked WHERE b.id = locked.id
      RETURNING b.id, b.head, b.head - locked.rows AS base, locked.place, locked.skipped
    ), input AS (
      SELECT n, place, actor, length, sum(length) OVER (ORDER BY n) - length AS start
      FROM unnest($4::int[], $5::text[], $6::int[]) WITH ORDINALITY AS i(place, actor, length, n)
    ), written AS (
      INSERT INTO updates (board, seq, actor, bytes)
      SELECT a.id, a.base + i.n - a.skipped, i.actor,
        substring($7::bytea FROM i.start::int + 1 FOR i.length)
      FROM advanced a JOIN input i ON i.place = a.place
    )
    SELECT id AS board, base + 1 AS "firstSeq", head AS "lastSeq" FROM advanced`,

  // $1 board, $2 epoch, $3 actor, $4 bytes. What most commits are when there is little to do, for a
  // fraction of the statement above; locking one board cannot deadlock.
  appendOne: `
    WITH advanced AS (
      UPDATE boards SET head = head + 1 WHERE id = $1 AND epoch = $2::uuid RETURNING head
    )
    INSERT INTO updates (board, seq, actor, bytes)
    SELECT $1, head, $3, $4::bytea FROM advanced
    RETURNING board, seq AS "firstSeq", seq AS "lastSeq"`,

  // FOR KEY SHARE lets appends go on while megabytes are written, and holds the epoch still.
  putSnapshot: `
    WITH board AS (
      SELECT id FROM boards WHERE id = $1 AND epoch = $2::uuid AND head >= $3::bigint FOR KEY SHARE
    ), written AS (
      INSERT INTO snapshots AS s (board, epoch, seq, bytes)
      SELECT id, $2::uuid, $3::bigint, $4::bytea FROM board
      ON CONFLICT (board) DO UPDATE
      SET epoch = excluded.epoch, seq = excluded.seq, bytes = excluded.bytes, created_at = now()
      WHERE s.epoch <> excluded.epoch OR s.seq < excluded.seq
      RETURNING s.board
    )
    UPDATE boards SET snapshot_seq = $3::bigint FROM written WHERE id = written.board RETURNING id`,

  list: 'SELECT id FROM boards WHERE id > $1 ORDER BY id LIMIT $2',
};
