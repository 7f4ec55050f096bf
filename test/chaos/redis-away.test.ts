import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metric, readiness } from '../support/metrics.ts';
import { type Nodes, startNodes } from '../support/nodes.ts';
import { createDatabase } from '../support/postgres.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { expectSound, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';
import { outageMs } from './extent.ts';

const BOARD = 'acme/redis-away';
const CONVERGES_WITHIN_MS = 2_000;
/** Heads are compared every 5 s in any case: what arrives faster than this came over the wire. */
const BY_WIRE_WITHIN_MS = 1_000;

describe(`two nodes, while Redis is gone for ${outageMs / 1000} s`, () => {
  let redis: Redis;
  let databaseUrl: string;
  let nodes: Nodes;
  let clients: RawClient[];
  let edits = 0;

  beforeAll(async () => {
    redis = await startRedis();
    databaseUrl = await createDatabase();
    nodes = await startNodes({ count: 2, databaseUrl, redisUrls: [redis.url] });
    clients = await Promise.all(
      nodes.urls.map((url, index) => RawClient.open(url, BOARD, tokenFor(`actor-${index}`))),
    );
    await eventually(() => areAll('ready'), { what: 'all nodes to be ready' });
  });

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await nodes.stop();
    await redis.close();
    await expectSound(databaseUrl);
  });

  /** How long it takes an edit of either client to the other, in turns. */
  async function crossMs(limitMs: number): Promise<number> {
    edits += 1;
    const [writer, reader] = edits % 2 ? clients : clients.toReversed();
    if (writer === undefined || reader === undefined) throw new Error('it takes two');
    const item = `edit ${edits}`;
    const startedAt = performance.now();
    writer.edit((doc) => doc.getArray('items').push([item]));
    const arrived = () => reader.doc.getArray('items').toArray().includes(item);
    await reader.until(arrived, `${item} at the other node`, limitMs);
    return performance.now() - startedAt;
  }

  async function areAll(status: string): Promise<boolean> {
    const answers = await Promise.all(nodes.urls.map(readiness));
    return answers.every((answer) => answer.status === status);
  }

  function countUpdates(): Promise<number[]> {
    const names = ['tessera_fanout_published_total', 'tessera_fanout_received_total'];
    return Promise.all(
      nodes.urls.flatMap((url) => names.map((name) => metric(url, name, 'type="updates"'))),
    );
  }

  it('clients on both go on and see each edit within 2 s, and readiness names Redis', {
    timeout: outageMs + 30_000,
  }, async () => {
    await crossMs(CONVERGES_WITHIN_MS);
    await redis.stop();
    const goneAt = performance.now();
    const delays: number[] = [];
    let unready = 0;
    while (performance.now() - goneAt < outageMs) {
      delays.push(await crossMs(CONVERGES_WITHIN_MS));
      const answers = await Promise.all(nodes.urls.map(readiness));
      for (const { http } of answers) if (http !== 200) unready += 1;
      if (delays.length === 5) {
        for (const { status, reasons } of answers) {
          expect(status).toBe('degraded');
          expect(reasons.join()).toMatch(/redis/i);
        }
      }
      await delay(50);
    }
    console.log(
      `Redis away: ${delays.length} edits, the slowest took ${Math.round(Math.max(...delays))} ms`,
    );
    expect(unready).toBe(0);
  });

  it('edits go by wire again once it is back, without a restart', async () => {
    await redis.start();
    const backAt = performance.now();
    await eventually(() => areAll('ready'), { what: 'all nodes to be ready again' });
    const readyMs = Math.round(performance.now() - backAt);
    const before = await countUpdates();
    const delays: number[] = [];
    for (let i = 0; i < 20; i++) delays.push(await crossMs(BY_WIRE_WITHIN_MS));
    console.log(
      `Redis back: ready after ${readyMs} ms, the slowest edit took ${Math.round(Math.max(...delays))} ms`,
    );
    const after = await countUpdates();
    for (const [index, count] of after.entries()) expect(count).toBeGreaterThan(before[index] ?? 0);
  });
});
