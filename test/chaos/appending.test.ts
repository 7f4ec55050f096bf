import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { gapsOf, onDatabase } from '../support/log.ts';
import { type Nodes, startNodes } from '../support/nodes.ts';
import { createDatabase } from '../support/postgres.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis.ts';
import { expectSound, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const BOARDS = Array.from({ length: 10 }, (_, index) => `acme/shared-${index}`);
const WRITERS_PER_BOARD_AND_NODE = 3;
const DURATION_MS = 6_000;
const EDIT_EVERY_MS = 8;

/** The boards in one order on one node and the other way round on the other, which is how to deadlock. */
function openWriters(nodes: Nodes): Promise<RawClient[]> {
  const writers = nodes.urls.flatMap((url, index) =>
    (index === 0 ? BOARDS : BOARDS.toReversed()).flatMap((board) =>
      Array.from({ length: WRITERS_PER_BOARD_AND_NODE }, (_, place) =>
        RawClient.open(url, board, tokenFor(`actor-${place}`)),
      ),
    ),
  );
  return Promise.all(writers);
}

/** Of this database alone. */
async function countDeadlocks(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ deadlocks: number }>(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  return rows[0]?.deadlocks ?? Number.NaN;
}

it('two nodes that append to the same boards number them 1, 2, 3 … at every moment', {
  timeout: 60_000,
}, async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.close());
  const databaseUrl = await createDatabase();
  const nodes = await startNodes({ count: 2, databaseUrl, redisUrls: [redis.url] });
  onTestFinished(async () => void (await nodes.stop()));
  const writers = await openWriters(nodes);
  onTestFinished(async () => void (await Promise.all(writers.map((writer) => writer.close()))));
  let edits = 0;
  const pace = setInterval(() => {
    edits += 1;
    for (const writer of writers) writer.edit((doc) => doc.getArray('items').push([edits]));
  }, EDIT_EVERY_MS);
  onTestFinished(() => clearInterval(pace));

  await onDatabase(databaseUrl, async (client) => {
    const startedAt = performance.now();
    let looks = 0;
    const faults: unknown[] = [];
    while (performance.now() - startedAt < DURATION_MS) {
      faults.push(...(await gapsOf(client)));
      looks += 1;
      await delay(5);
    }
    clearInterval(pace);
    await eventually(() => writers.every(({ acks }) => acks === edits + 1), { what: 'all acks' });
    const total = edits * (writers.length / BOARDS.length);
    await eventually(() => writers.every(({ doc }) => doc.getArray('items').length === total), {
      what: 'all edits at all writers',
    });
    faults.push(...(await gapsOf(client)));
    const { rows } = await client.query('SELECT min(head), max(head) FROM boards');
    const deadlocks = await countDeadlocks(client);
    console.log({ edits: edits * writers.length, looks, heads: rows[0], deadlocks });
    expect(faults).toEqual([]);
    expect(deadlocks).toBe(0);
    expect(looks).toBeGreaterThan(10);
  });
  await expectSound(databaseUrl);
});
