import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metric } from '../support/metrics.ts';
import { type Nodes, startNodes } from '../support/nodes.ts';
import { createDatabase } from '../support/postgres.ts';
import type { TcpProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { expectSound, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const SAME_WITHIN_MS = 2_000;
const EDIT_EVERY_MS = 20;

interface Way {
  name: string;
  begin(proxy: TcpProxy): unknown;
  end(proxy: TcpProxy): Promise<void>;
}

const ways: Way[] = [
  { name: 'cut', begin: (proxy) => proxy.cut(), end: (proxy) => proxy.restore() },
  { name: 'silent', begin: (proxy) => proxy.blackHole(), end: (proxy) => proxy.restore() },
  {
    name: 'silent, then cut',
    begin: (proxy) => proxy.blackHole(),
    end: (proxy) => proxy.restore({ held: 'reset' }),
  },
];

/** A board that somebody writes to on one node and somebody reads on another. */
interface Pair {
  name: string;
  writer: RawClient;
  reader: RawClient;
  edits: number;
}

describe('nodes that lose Redis, each in its own way, beside one that does not', () => {
  let redis: Redis;
  let databaseUrl: string;
  let nodes: Nodes;
  const losers: { way: Way; url: string; proxy: TcpProxy }[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    databaseUrl = await createDatabase();
    nodes = await startNodes({ count: 1 + ways.length, databaseUrl, redisUrls: [redis.url] });
    for (const [index, way] of ways.entries()) {
      const { url, redis: proxy } = nodes.all[index + 1] ?? {};
      if (url !== undefined && proxy !== undefined) losers.push({ way, url, proxy });
    }
  });

  afterAll(async () => {
    await nodes.stop();
    await redis.close();
    await expectSound(databaseUrl);
  });

  /** Each direction on a board of its own, so that no edit of one tells of what the other missed. */
  async function openPairs(test: string): Promise<Pair[]> {
    const home = nodes.urls[0] ?? '';
    const all = losers.flatMap(({ way: { name }, url }) => [
      { name: `told to a node that is ${name}`, from: home, to: url },
      { name: `told by a node that is ${name}`, from: url, to: home },
    ]);
    return Promise.all(
      all.map(async ({ name, from, to }, index) => {
        const board = `acme/${test}-${index}`;
        const writer = await RawClient.open(from, board, tokenFor('ada'));
        const reader = await RawClient.open(to, board, tokenFor('bob'));
        return { name, writer, reader, edits: 0 };
      }),
    );
  }

  function edit(pairs: Pair[]): void {
    for (const pair of pairs) {
      pair.edits += 1;
      pair.writer.edit((doc) => doc.getArray('items').push([pair.edits]));
    }
  }

  it.for([
    { name: '5 s', forMs: 5_000 },
    { name: '300 ms, which may go unnoticed', forMs: 300 },
  ])(
    'are where they should be within 2 s of the end of $name, without another edit',
    async ({ forMs }) => {
      const linked = () =>
        Promise.all(nodes.urls.map((url) => metric(url, 'tessera_fanout_peers'))).then((peers) =>
          peers.every((count) => count === ways.length),
        );
      await eventually(linked, { what: 'all nodes to hear each other' });
      const pairs = await openPairs(`missed-${forMs}`);
      for (const { way, proxy } of losers) await way.begin(proxy);
      const pace = setInterval(() => edit(pairs), EDIT_EVERY_MS);
      await delay(forMs);
      clearInterval(pace);
      // The last of them a moment before the end, and in the log: nothing but the wire could tell of it.
      edit(pairs);
      for (const { writer, edits } of pairs) {
        await writer.until(() => writer.acks === edits + 1, 'all acks');
      }
      const missing = ({ reader, edits }: Pair) => edits - reader.doc.getArray('items').length;
      const missed = pairs.map(missing);
      expect(Math.min(...missed)).toBeGreaterThan(0);
      await Promise.all(losers.map(({ way, proxy }) => way.end(proxy)));

      const endedAt = performance.now();
      const took = await Promise.all(
        pairs.map(async ({ name, reader, edits }) => {
          const hasAll = () => reader.doc.getArray('items').length === edits;
          await reader.until(hasAll, `what was ${name}`, SAME_WITHIN_MS);
          return Math.round(performance.now() - endedAt);
        }),
      );
      for (const [index, { name, edits }] of pairs.entries()) {
        console.log(
          `${forMs} ms, ${name}: ${missed[index]} of ${edits} missing, there after ${took[index]} ms`,
        );
      }
      await Promise.all(pairs.flatMap(({ writer, reader }) => [writer.close(), reader.close()]));
    },
  );
});
