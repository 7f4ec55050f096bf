import { join, resolve } from 'node:path';
import { TesseraError } from '@tessera/model';
import { lockDataDir } from './data-dir-lock.ts';
import type { Database, Param, Queryable } from './database.ts';
import { PgliteThread } from './pglite-thread.ts';

export interface PgliteOptions {
  /** After this a statement counts as failed, and the engine as broken. Default 60,000. */
  answerTimeoutMs?: number;
}

/**
 * PostgreSQL inside this process (PGlite), with its files in `dataDir`, or in memory for `memory://`.
 * It runs in a worker thread, as its WebAssembly would block the event loop. One process may use a
 * folder at a time. Should the engine break, the next call starts it anew from its files.
 * @throws TesseraError `bad-setting` when another process uses the folder or the files cannot be used.
 */
export async function openPgliteDatabase(
  dataDir: string,
  { answerTimeoutMs = 60_000 }: PgliteOptions = {},
): Promise<Database> {
  const inMemory = dataDir === 'memory://';
  const unlock = inMemory ? async () => undefined : await lockDataDir(resolve(dataDir));
  const thread = new PgliteThread(
    inMemory ? undefined : join(resolve(dataDir), 'pglite'),
    answerTimeoutMs,
  );
  try {
    await thread.ask({ kind: 'script', sql: 'SELECT 1' });
  } catch (cause) {
    await thread.close();
    await unlock();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const detail = `the store in ${dataDir} cannot be opened (${reason}): is the disk writable, and are the files whole?`;
    throw new TesseraError('bad-setting', detail, { cause });
  }

  const statements: Queryable = {
    async query<Row extends object>(_name: string, sql: string, params: readonly Param[] = []) {
      return (await thread.ask({ kind: 'query', sql, params })) as Row[];
    },
    async script(sql) {
      await thread.ask({ kind: 'script', sql });
    },
  };

  // There is one connection: while a transaction has it, everybody else waits.
  let turn: Promise<unknown> = Promise.resolve();
  let closed: Promise<void> | undefined;
  return {
    async query<Row extends object>(name: string, sql: string, params: readonly Param[] = []) {
      await turn;
      return statements.query<Row>(name, sql, params);
    },

    async script(sql) {
      await turn;
      await statements.script(sql);
    },

    transaction(work) {
      const result = turn.then(async () => {
        await statements.script('BEGIN');
        try {
          const done = await work(statements);
          await statements.script('COMMIT');
          return done;
        } catch (error) {
          // An engine that broke or was closed has rolled back by itself.
          await statements.script('ROLLBACK').catch(() => undefined);
          throw error;
        }
      });
      // The next in turn does not care how this one ended.
      turn = result.catch(() => undefined);
      return result;
    },

    close() {
      closed ??= turn.then(() => thread.close()).then(unlock);
      return closed;
    },
  };
}
