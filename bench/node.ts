/**
 * What a node on PostgreSQL costs when idle and how fast it is up: `node bench/node.ts`.
 * Each figure is the median of several runs; the same PostgreSQL serves all of them.
 */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import * as Y from 'yjs';
import { startPostgres } from '../test/support/postgres.ts';
import { RawClient } from '../test/support/raw-client.ts';
import { startNodeProcess, tokenFor } from '../test/support/tessera.ts';

const RUNS = 5;
const BOARD = 'bench/big';
const BOARD_MIB = 10;

const postgres = await startPostgres();
const DATABASE_URL = await postgres.createDatabase();

/** A board of many widgets whose snapshot has about `BOARD_MIB`. */
async function storeBigBoard(): Promise<number> {
  const doc = new Y.Doc();
  const widgets = doc.getMap('widgets');
  doc.transact(() => {
    for (let index = 0; index < 10_000; index++) {
      const widget = new Y.Map();
      widget.set('type', 'note');
      widget.set('text', new Y.Text(`${index} `.repeat((BOARD_MIB * 2 ** 20) / 10_000 / 5)));
      widgets.set(`widget-${index}`, widget);
    }
  });
  const bytes = Y.encodeStateAsUpdateV2(doc);
  const database = new pg.Client({ connectionString: DATABASE_URL });
  await database.connect();
  await database.query('INSERT INTO boards (id, head, snapshot_seq) VALUES ($1, 1, 1)', [BOARD]);
  await database.query(
    `INSERT INTO updates (board, seq, actor, bytes) VALUES ($1, 1, 'bench', $2)`,
    [BOARD, Y.encodeStateAsUpdate(doc)],
  );
  await database.query(
    'INSERT INTO snapshots (board, epoch, seq, bytes) SELECT id, epoch, 1, $2 FROM boards WHERE id = $1',
    [BOARD, Buffer.from(bytes)],
  );
  await database.end();
  return bytes.byteLength / 2 ** 20;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}

// Creates the schema and fills the compile cache.
await (await startNodeProcess({ DATABASE_URL })).stop();
const boardMiB = await storeBigBoard();
const figures = { readyMs: [] as number[], residentMiB: [] as number[], loadMs: [] as number[] };
for (let run = 0; run < RUNS; run++) {
  let node: Awaited<ReturnType<typeof startNodeProcess>> | undefined;
  figures.readyMs.push(
    await timed(async () => {
      node = await startNodeProcess({ DATABASE_URL });
    }),
  );
  if (node === undefined) throw new Error('the node did not start');
  const { url } = node;
  const status = await readFile(`/proc/${node.process.pid}/status`, 'utf8');
  figures.residentMiB.push(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
  figures.loadMs.push(
    await timed(async () => {
      const client = new RawClient(url, BOARD);
      await client.opened();
      client.authenticate(tokenFor());
      await client.until(() => client.stateless.length > 0, 'the greeting of the loaded board');
      client.ws.terminate();
    }),
  );
  await node.stop();
}
console.log(`ready after start, warm:      ${median(figures.readyMs).toFixed(0)} ms`);
console.log(`resident memory, idle:        ${median(figures.residentMiB).toFixed(0)} MiB`);
console.log(
  `load of a ${boardMiB.toFixed(1)} MiB snapshot:  ${median(figures.loadMs).toFixed(0)} ms`,
);
await postgres.close();
process.exit();
