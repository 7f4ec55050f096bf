import { parentPort, workerData } from 'node:worker_threads';
import type { Param } from './database.ts';
import { openPgliteEngine } from './pglite-engine.ts';

/** What the main thread asks of the worker, one after the other. */
export type PgliteRequest =
  | { id: number; kind: 'query'; sql: string; params: readonly Param[] }
  | { id: number; kind: 'script'; sql: string }
  | { id: number; kind: 'close' };

/** `fatal`: the engine is broken and the worker ends; the log on disk is as the last commit left it. */
export type PgliteResponse =
  | { id: number; rows: object[] }
  | { id: number; error: { message: string; code: string | undefined }; fatal: boolean };

const { folder } = workerData as { folder: string | undefined };
const engine = openPgliteEngine(folder);
// A failure to open is the answer to every request; this keeps it from ending the process first.
engine.catch(() => undefined);

parentPort?.on('message', async (request: PgliteRequest) => {
  try {
    const rows = await run(request);
    post({ id: request.id, rows }, transferable(rows));
  } catch (error) {
    const { message, code } = error as { message: string; code?: unknown };
    const sqlState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
    post({ id: request.id, error: { message, code: sqlState }, fatal: sqlState === undefined });
  }
  if (request.kind === 'close') parentPort?.close();
});

async function run(request: PgliteRequest): Promise<object[]> {
  const { query, script, close } = await engine;
  if (request.kind === 'query') return query(request.sql, request.params);
  await (request.kind === 'script' ? script(request.sql) : close());
  return [];
}

function post(response: PgliteResponse, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(response, transfer);
}

function transferable(rows: object[]): ArrayBuffer[] {
  return rows.flatMap((row) =>
    Object.values(row)
      .filter((value) => value instanceof Uint8Array)
      .map((bytes) => bytes.buffer as ArrayBuffer),
  );
}
