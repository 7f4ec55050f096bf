import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { metric } from '../support/metrics.ts';
import { createDatabase } from '../support/postgres.ts';
import { RawClient } from '../support/raw-client.ts';
import { type NodeProcess, startNodeProcess, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const FLOOD_MS = 4_000;
const FLOOD_PER_SECOND = 10_000;
const JOINERS = Number(process.env['JOINERS'] ?? 100);
const BOARD_BYTES = 4_000_000;

let node: NodeProcess;
const open: RawClient[] = [];

beforeAll(async () => {
  node = await startNodeProcess({
    DATABASE_URL: await createDatabase(),
    TESSERA_MAX_SOCKETS_PER_ADDRESS: '700',
  });
});
afterAll(async () => {
  await Promise.all(open.map((client) => client.close()));
  await node.stop();
});

async function join(actor: string, board: string): Promise<RawClient> {
  const client = await RawClient.open(node.url, board, tokenFor(actor));
  open.push(client);
  return client;
}

/** Somebody who edits all the time, and how long each edit takes until it is acked. */
class Bystander {
  readonly delays: number[] = [];
  readonly #client: RawClient;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(client: RawClient) {
    this.#client = client;
  }

  start(): void {
    this.#stopped = false;
    this.delays.length = 0;
    this.#running = this.#run();
  }

  async stop(): Promise<{ p50: number; p99: number }> {
    this.#stopped = true;
    await this.#running;
    const sorted = this.delays.toSorted((a, b) => a - b);
    const at = (share: number) =>
      Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
    return { p50: at(0.5), p99: at(0.99) };
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const { acks } = this.#client;
      const from = performance.now();
      this.#client.edit((doc) => doc.getMap('m').set('n', n));
      await this.#client.until(() => this.#client.acks > acks, 'an ack', 20_000);
      this.delays.push(performance.now() - from);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function whileItRuns(bystander: Bystander, storm: () => Promise<void>) {
  bystander.start();
  await storm();
  return bystander.stop();
}

test('a flood from one user, a storm of connections and one of joiners leave the others saved, and all recovers', async () => {
  const bystander = new Bystander(await join('bystander', 'acme/calm'));
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const quiet = await whileItRuns(bystander, () => pause(FLOOD_MS));

  const flooder = await join('flooder', 'acme/flood');
  const flood = await whileItRuns(bystander, async () => {
    for (let sent = 0, from = performance.now(); performance.now() - from < FLOOD_MS; ) {
      for (; sent < ((performance.now() - from) / 1_000) * FLOOD_PER_SECOND; sent += 1) {
        flooder.edit((doc) => doc.getMap('m').set('n', sent));
      }
      await pause(5);
    }
  });
  expect(await metric(node.url, 'tessera_held_back_total')).toBeGreaterThan(0);
  await flooder.close();

  const sockets: WebSocket[] = [];
  const answers: (number | 'open')[] = [];
  const connections = await whileItRuns(bystander, async () => {
    for (let n = 0; n < 2_000; n += 1) {
      const socket = new WebSocket(`${node.url.replace('http', 'ws')}/sync`);
      socket.once('open', () => answers.push('open'));
      socket.once('unexpected-response', (_request, { statusCode = 0 }) =>
        answers.push(statusCode),
      );
      socket.on('error', () => undefined); // of the refused ones, when they are terminated
      sockets.push(socket);
    }
    await eventually(() => answers.length === 2_000, { timeoutMs: 20_000 });
  });
  expect(answers.filter((answer) => answer === 'open').length).toBeLessThanOrEqual(700);
  expect(new Set(answers)).toEqual(new Set(['open', 429]));
  for (const socket of sockets) socket.terminate();
  await eventually(async () => (await metric(node.url, 'tessera_sockets_open')) < 5);

  const author = await join('author', 'acme/large');
  author.edit((doc) => {
    for (let n = 0; n < 400; n += 1) doc.getMap('m').set(`${n}`, 'x'.repeat(BOARD_BYTES / 400));
  });
  await author.until(() => author.acks > 1, 'the ack of the large board', 20_000);
  const resident = () => metric(node.url, 'process_resident_memory_bytes');
  const before = await resident();
  const times: number[] = [];
  const joins = await whileItRuns(bystander, async () => {
    const from = performance.now();
    await Promise.all(
      Array.from({ length: JOINERS }, async (_, n) => {
        const client = new RawClient(node.url, 'acme/large', new Y.Doc());
        open.push(client);
        await client.opened();
        client.authenticate(tokenFor(`joiner-${n}`));
        client.step1();
        await client.until(() => client.synced, 'the board', 60_000);
        times.push(performance.now() - from);
      }),
    );
  });
  const grown = (await resident()) - before;
  for (const client of open.slice(-JOINERS)) expect(client.doc.getMap('m').size).toBe(400);

  const after = await whileItRuns(bystander, () => pause(1_000));
  console.log('ack of a bystander, p50 and p99 in ms', { quiet, flood, connections, joins, after });
  console.log(
    `${JOINERS} joiners of ${BOARD_BYTES / 1e6} MB: the last after ${Math.round(Math.max(...times))} ms, memory +${Math.round(grown / 2 ** 20)} MiB`,
  );
}, 180_000);
