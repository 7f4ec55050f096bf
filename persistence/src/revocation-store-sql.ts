import type { Database } from './database.ts';
import type { Revocation, RevocationStore } from './revocation-store.ts';

interface Row {
  id: number;
  actor: string | null;
  token_id: string | null;
  board: string | null;
  issued_until_ms: number | null;
  until_ms: number | null;
  reason: string;
}

/** Any fixed number will do; it is the word "revo" in ASCII. */
const lockNumber = 0x7265766f;

const sql = {
  // Held until the commit is visible: else a reader could see an id and miss a smaller one for ever.
  lock: `SELECT pg_advisory_xact_lock(${lockNumber})`,

  forget: 'DELETE FROM revocations WHERE until <= now()',

  add: `
    INSERT INTO revocations (actor, token_id, board, issued_until, until, reason)
    VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($5::float8 / 1000), $6)`,

  list: `
    SELECT id, actor, token_id, board, reason,
      (date_part('epoch', issued_until) * 1000)::bigint AS issued_until_ms,
      (date_part('epoch', until) * 1000)::bigint AS until_ms
    FROM revocations
    WHERE id > $1 AND (until IS NULL OR until > now())
    ORDER BY id`,
};

/** The list in PostgreSQL, or in PGlite behind the same SQL. The database stays its caller's. */
export function createSqlRevocationStore(database: Database): RevocationStore {
  return {
    async add({ actor, tokenId, board, issuedUntil, until, reason }: Revocation) {
      const params = [actor, tokenId, board, issuedUntil, until, reason].map(
        (each) => each ?? null,
      );
      await database.transaction(async (transaction) => {
        await transaction.query('revocation-lock', sql.lock);
        await transaction.query('revocation-forget', sql.forget);
        await transaction.query('revocation-add', sql.add, params);
      });
    },

    async list(after) {
      const rows = await database.query<Row>('revocation-list', sql.list, [after]);
      return rows.map((row) => ({
        id: row.id,
        actor: row.actor ?? undefined,
        tokenId: row.token_id ?? undefined,
        board: row.board ?? undefined,
        issuedUntil: row.issued_until_ms ?? undefined,
        until: row.until_ms ?? undefined,
        reason: row.reason,
      }));
    },
  };
}
