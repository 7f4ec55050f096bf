/** What a statement takes. Arrays become PostgreSQL arrays, bytes become `bytea`. */
export type Param = string | number | Uint8Array | readonly string[] | readonly number[] | null;

/** Runs SQL: a connection pool, or one transaction of it. */
export interface Queryable {
  /**
   * Runs one statement and returns its rows: `bigint` as number, `bytea` as Uint8Array, `timestamptz` as Date.
   * `name` is unique to the SQL text: the server plans it once per connection, and errors carry it.
   */
  query<Row extends object>(name: string, sql: string, params?: readonly Param[]): Promise<Row[]>;
  /** Runs several statements without parameters or time limit: migrations. */
  script(sql: string): Promise<void>;
}

/**
 * A PostgreSQL dialect somewhere: a server, or PGlite inside this process.
 * When it cannot be reached, calls throw TesseraError `database-away`; a statement it rejects throws
 * the database's own error, with its SQLSTATE as `code`.
 */
export interface Database extends Queryable {
  /** Commits what `work` did through its argument, or rolls all of it back when it throws. */
  transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T>;
  /** Idempotent. What is running may finish; later calls throw. */
  close(): Promise<void>;
}
