import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PGlite, type PGliteOptions, types } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import type { Param } from './database.ts';
import { SyncedNodeFs } from './pglite-fs.ts';

/** PGlite in this thread. Its WebAssembly blocks the thread while a statement runs. */
export interface PgliteEngine {
  /** An error without SQLSTATE means that the engine is broken: open another one. */
  query(sql: string, params: readonly Param[]): Promise<object[]>;
  script(sql: string): Promise<void>;
  close(): Promise<void>;
}

const startParams = [
  // -F turns fsync off.
  ...PGlite.defaultStartParams.filter((param) => param !== '-F'),
  // The other methods do not reach the file system.
  ...['-c', 'wal_sync_method=fsync'],
  // What has to be replayed after a crash, and the memory of an embedded node, stay small.
  ...['-c', 'max_wal_size=96MB', '-c', 'min_wal_size=32MB', '-c', 'shared_buffers=32MB'],
];

const options: PGliteOptions = {
  startParams,
  // The built-in conversions go byte by byte: seconds for some megabytes.
  parsers: { [types.BYTEA]: (hex: string) => new Uint8Array(Buffer.from(hex.slice(2), 'hex')) },
  serializers: { [types.BYTEA]: (bytes: Uint8Array) => `\\x${toBuffer(bytes).toString('hex')}` },
};

/** How PGlite says "the statement failed": the one exception that is not a broken engine. */
const statementFailed = 100;

/**
 * Opens the store in `folder`, making it if it is missing; without a folder, one in memory.
 * `syncFile` makes a file's content safe on disk.
 */
export async function openPgliteEngine(
  folder: string | undefined,
  syncFile?: (fd: number) => void,
): Promise<PgliteEngine> {
  if (folder !== undefined) await (existsSync(folder) ? syncChanged(folder) : create(folder));
  const db = await PGlite.create(
    folder === undefined ? options : { ...options, fs: new SyncedNodeFs(folder, syncFile) },
  );
  const throwIfBroken = watch(db);
  return {
    async query(sql, params) {
      const { rows } = await db.query<object>(sql, [...params]);
      throwIfBroken();
      return rows;
    },
    async script(sql) {
      await db.exec(sql);
      throwIfBroken();
    },
    close: () => db.close(),
  };
}

/** PGlite swallows exceptions that it does not know, such as a failed fsync, and reports success. */
function watch(db: PGlite): () => void {
  let failure: unknown;
  const engine = db.Module as unknown as { _PostgresMainLoopOnce(): void };
  const runOnce = engine._PostgresMainLoopOnce;
  engine._PostgresMainLoopOnce = () => {
    try {
      runOnce();
    } catch (error) {
      if ((error as { status?: unknown }).status !== statementFailed) failure ??= error;
      throw error;
    }
  };
  return () => {
    if (failure !== undefined) throw new Error(`PGlite broke: ${failure}`, { cause: failure });
  };
}

/** Under another name until it is whole, so that a killed process leaves no half-made store. */
async function create(folder: string): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const db = await PGlite.create({ ...options, fs: new NodeFS(unfinished) });
  await db.close();
  await syncChanged(unfinished);
  await rename(unfinished, folder);
  await syncPath(dirname(folder));
}

/**
 * Makes safe what a process wrote since the last time and may have been killed before it did;
 * `SyncedNodeFs` relies on it. To sync all 1,000 files takes seconds on a busy disk.
 */
async function syncChanged(folder: string): Promise<void> {
  const marker = join(folder, 'synced');
  const start = new Date();
  // Times of files lag behind the clock by some milliseconds.
  const since = existsSync(marker) ? (await stat(marker)).mtimeMs - 1_000 : 0;
  for (const file of await filesIn(folder)) {
    if ((await stat(file)).mtimeMs >= since) await syncPath(file);
  }
  await writeFile(marker, '');
  await utimes(marker, start, start);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name));
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
