import { TesseraError } from '@tessera/model';
import pg from 'pg';
import { isAwayState } from './away-state.ts';
import type { Database, Param, Queryable } from './database.ts';

export interface PgOptions {
  /** How long to wait for a connection, new or from the pool. Default 5,000. */
  connectTimeoutMs?: number;
  /** After this a statement counts as failed and its connection is dropped. Default 15,000. */
  statementTimeoutMs?: number;
  /** Connections at most. Default 10. */
  maxConnections?: number;
}

/** Scripts are migrations: as long as they take. (A timer's longest time.) */
const noTimeoutMs = 2 ** 31 - 1;

const ignore = () => undefined;

const INT8 = 20;
const oldestVersion = 15;

/**
 * A pool of connections to PostgreSQL. Results stay in the text protocol: in pg 8.23 `binary: true`
 * decodes every field as UTF-8, which destroys bytea.
 * @throws TesseraError `bad-setting` when the server cannot be used, saying why and what to do.
 */
export async function openPgDatabase(url: string, options: PgOptions = {}): Promise<Database> {
  const { connectTimeoutMs = 5_000, statementTimeoutMs = 15_000, maxConnections = 10 } = options;
  const place = placeOf(url);
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'tessera',
    max: maxConnections,
    // The first edit after a quiet time does not wait for a connection.
    min: 1,
    connectionTimeoutMillis: connectTimeoutMs,
    // The server gives up first and so frees its locks; the client's own limit is for a silent server.
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser: typeParser },
  });
  // A server that restarts ends idle connections too; without a listener that would end the process.
  pool.on('error', ignore);

  try {
    await refuseOldServer(pool);
  } catch (cause) {
    await pool.end();
    if (cause instanceof TesseraError) throw cause;
    throw new TesseraError('bad-setting', startupFailure(cause, place), { cause });
  }

  const onPool = queryable(pool, place);
  let closed: Promise<void> | undefined;
  return {
    ...onPool,

    async transaction(work) {
      const client = await pool.connect().catch((error) => {
        throw explain(error, place);
      });
      // While it is checked out the pool does not listen; the running statement rejects as well.
      client.on('error', ignore);
      try {
        await client.query('BEGIN');
        const result = await work(queryable(client, place));
        await client.query('COMMIT');
        client.off('error', ignore);
        client.release();
        return result;
      } catch (error) {
        // Ending the connection rolls back whatever state it is in.
        client.release(true);
        throw explain(error, place);
      }
    },

    close() {
      closed ??= pool.end();
      return closed;
    },
  };
}

function queryable(runner: pg.Pool | pg.PoolClient, place: string): Queryable {
  return {
    async query<Row extends object>(name: string, text: string, params: readonly Param[] = []) {
      try {
        return (await runner.query<Row>({ name, text, values: [...params] })).rows;
      } catch (error) {
        throw explain(error, place);
      }
    },

    async script(text) {
      try {
        // The types of pg miss query_timeout here, which its client reads.
        const config: pg.QueryConfig & { query_timeout: number } = {
          text,
          query_timeout: noTimeoutMs,
        };
        await runner.query(config);
      } catch (error) {
        throw explain(error, place);
      }
    },
  };
}

function typeParser(oid: number, format?: 'text' | 'binary') {
  // Seqs and counts stay far below 2^53.
  if (oid === INT8) return Number;
  return pg.types.getTypeParser(oid, format as 'text');
}

async function refuseOldServer(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS version`,
  );
  const version = rows[0]?.version ?? 0;
  if (version < oldestVersion) {
    const detail = `DATABASE_URL names a PostgreSQL ${version}, and Tessera needs ${oldestVersion} or newer: upgrade it`;
    throw new TesseraError('bad-setting', detail);
  }
}

function explain(error: unknown, place: string): unknown {
  if (error instanceof TesseraError || error instanceof TypeError) return error;
  if (error instanceof pg.DatabaseError && !isAwayState(error.code)) return error;
  // Whatever does not come from the server is about reaching it: sockets, timeouts, a closed pool.
  return new TesseraError('database-away', `PostgreSQL at ${place}: ${reasonOf(error)}`, {
    cause: error,
  });
}

function startupFailure(error: unknown, place: string): string {
  const reason = reasonOf(error);
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ECONNREFUSED') {
    return `DATABASE_URL is set but refused the connection (ECONNREFUSED ${place}): is PostgreSQL running?`;
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `DATABASE_URL names a host that cannot be found (${code} ${place}): check its spelling`;
  }
  if (code.startsWith('28')) {
    return `DATABASE_URL was refused by PostgreSQL at ${place} (${reason}): check its user and password`;
  }
  if (code === '3D000') {
    return `DATABASE_URL names a database that is not there (${reason} at ${place}): create it, or correct the name`;
  }
  return `DATABASE_URL is set but PostgreSQL at ${place} cannot be used (${reason}): check the address and the server`;
}

/** The server's address for messages: never the user or the password. */
function placeOf(url: string): string {
  let parsed: URL | undefined;
  try {
    parsed = new URL(url);
  } catch {
    // Not a URL at all: the error below says what one looks like.
  }
  if (parsed === undefined || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new TesseraError(
      'bad-setting',
      'DATABASE_URL is not a PostgreSQL address: it looks like postgres://user:password@host:5432/database',
    );
  }
  return `${parsed.hostname || 'localhost'}:${parsed.port || '5432'}`;
}

function reasonOf(error: unknown): string {
  // Node joins the failures of all addresses of a host in an AggregateError without a message.
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
