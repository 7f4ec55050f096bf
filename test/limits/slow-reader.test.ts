import { afterAll, beforeAll, expect, test } from 'vitest';
import { metric } from '../support/metrics.ts';
import { createDatabase } from '../support/postgres.ts';
import { RawClient } from '../support/raw-client.ts';
import { type NodeProcess, startNodeProcess, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

/** Each of them is sent what all others write: with 50 the load takes minutes, most of it in the clients. */
const WRITERS = Number(process.env['WRITERS'] ?? 10);
const EDIT_BYTES = 10_000;
const ROUNDS = 100_000_000 / EDIT_BYTES / WRITERS;
const board = 'acme/slow-reader';

let node: NodeProcess;

beforeAll(async () => {
  node = await startNodeProcess({ DATABASE_URL: await createDatabase() });
});
afterAll(() => node.stop());

const residentBytes = () => metric(node.url, 'process_resident_memory_bytes');

test('a reader that stalls while others write 100 MB costs the node no memory, and converges when it wakes', async () => {
  const open = (actor: string) => RawClient.open(node.url, board, tokenFor(actor));
  const writers = await Promise.all(Array.from({ length: WRITERS }, (_, n) => open(`writer-${n}`)));
  const readers = [await open('reader'), await open('sleeper')];
  const [reader, sleeper] = readers;
  if (reader === undefined || sleeper === undefined) throw new Error('two were opened');

  let edits = 0;
  let peak = 0;
  /** 100 MB of edits; resolves to how far the memory of the node went up meanwhile. */
  const produce = async (): Promise<number> => {
    const before = await residentBytes();
    peak = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const acks = writers.map((writer) => writer.acks);
      for (const [n, writer] of writers.entries()) {
        edits += 1;
        const value = `${edits} `.padEnd(EDIT_BYTES, 'x');
        writer.edit((doc) => doc.getMap('values').set(`${n}`, value));
      }
      await Promise.all(
        writers.map((writer, n) => writer.until(() => writer.acks > (acks[n] ?? 0), 'its ack')),
      );
      if (round % 10 === 9) peak = Math.max(peak, await residentBytes());
    }
    return peak - before;
  };
  const usual = await produce();

  sleeper.ws.pause();
  const stalled = await produce();
  const slow = await metric(node.url, 'tessera_slow_readers_total');
  console.log(
    `memory: ${mib(usual)} MiB more with readers that read, ${mib(stalled)} MiB with one that does not`,
  );
  expect(slow).toBeGreaterThan(0);
  expect(stalled - Math.max(0, usual)).toBeLessThan(32 * 1024 * 1024);
  expect(sleeper.closed).toBeUndefined();

  let received = 0;
  sleeper.ws.on('message', (data: Buffer) => (received += data.byteLength));
  sleeper.ws.resume();
  const contentOf = (client: RawClient) => client.doc.getMap('values').toJSON();
  await eventually(() => JSON.stringify(contentOf(sleeper)) === JSON.stringify(contentOf(reader)), {
    timeoutMs: 20_000,
  });
  console.log(
    `the sleeper caught up with ${mib(received)} MiB of ${(WRITERS * ROUNDS * EDIT_BYTES) / 1e6} MB`,
  );
  expect(received).toBeLessThan((WRITERS * ROUNDS * EDIT_BYTES) / 4);
  reader.edit((doc) => doc.getMap('values').set('after', 1));
  await sleeper.until(() => sleeper.doc.getMap('values').has('after'), 'what comes after');
  await Promise.all([...writers, ...readers].map((client) => client.close()));
}, 240_000);

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
