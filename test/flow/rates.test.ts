import type { TesseraNode } from '@tessera/server';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { metric } from '../support/metrics.ts';
import { createDatabase } from '../support/postgres.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis.ts';
import { startNodeOnPostgres, startTestNode, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const clients: RawClient[] = [];
const sockets: WebSocket[] = [];
const nodes: TesseraNode[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

async function start(env: Record<string, string>): Promise<TesseraNode> {
  const node = await startNodeOnPostgres(env);
  nodes.push(node);
  return node;
}

async function open(node: TesseraNode, actor: string, board = 'acme/rates'): Promise<RawClient> {
  const client = await RawClient.open(node.url, board, tokenFor(actor));
  clients.push(client);
  return client;
}

const push = (client: RawClient, count: number) => {
  for (let n = 0; n < count; n += 1) client.edit((doc) => doc.getArray('list').push([n]));
};
const lengthOf = (client: RawClient) => client.doc.getArray('list').length;

/** What becomes of a connection that shows nothing: open, or the HTTP status that refuses it. */
function connect({ url }: TesseraNode): Promise<number | 'open'> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/sync`);
  sockets.push(socket);
  return new Promise((resolve) => {
    socket.once('open', () => resolve('open'));
    socket.once('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
    socket.on('error', () => undefined); // of the refused ones, when they are terminated
  });
}

describe('a client that sends too fast', () => {
  it("is slowed down, loses nothing, and is in nobody else's way", async () => {
    const node = await start({ TESSERA_MAX_FRAMES_PER_SECOND: '1000' });
    const [fast, other] = [await open(node, 'fast'), await open(node, 'other')];
    const acked = fast.acks;
    push(fast, 5_000);
    await eventually(async () => (await metric(node.url, 'tessera_held_back_total')) > 0);
    const before = other.acks;
    push(other, 1);
    await other.until(() => other.acks > before, 'the ack of who is not too fast');
    expect(fast.acks - acked).toBeLessThan(5_000);
    await fast.until(() => fast.acks - acked === 5_000, 'all acks', 20_000);
    await other.until(() => lengthOf(other) === 5_001, 'all edits');
  });

  it('and leaves right after has all of it saved', async () => {
    const node = await start({});
    const [leaving, other] = [await open(node, 'ann'), await open(node, 'bob')];
    push(leaving, 1_500);
    leaving.ws.close();
    await other.until(() => lengthOf(other) === 1_500, 'all edits');
  });

  it('counts with the other connections of its user, on the other nodes too', async () => {
    const redis = await startRedis();
    const env = {
      DATABASE_URL: await createDatabase(),
      REDIS_URL: redis.url,
      TESSERA_MAX_USER_FRAMES_PER_SECOND: '300',
    };
    const [one, two] = [await startTestNode(env), await startTestNode(env)];
    nodes.push(one, two);
    const pair = [await open(one, 'ann', 'acme/one'), await open(two, 'ann', 'acme/two')];
    const heldBack = async () =>
      (await metric(one.url, 'tessera_held_back_total')) +
      (await metric(two.url, 'tessera_held_back_total'));
    // Each of them keeps within the limit.
    await eventually(async () => {
      for (const client of pair) push(client, 200);
      return (await heldBack()) > 0;
    });

    // Without the Redis each node counts for itself, and goes on.
    await redis.stop();
    const [client] = pair;
    if (client === undefined) throw new Error('two were opened');
    const acked = client.acks;
    push(client, 1);
    await client.until(() => client.acks > acked, 'an ack while the Redis is away', 20_000);
    await redis.close();
  });
});

describe('too many', () => {
  it('boards on one connection close it with 4529 and the reason', async () => {
    const node = await start({ TESSERA_MAX_BOARDS_PER_SOCKET: '2' });
    const client = await open(node, 'ann');
    for (const board of ['acme/b', 'acme/c']) {
      client.frame(0, () => undefined, board);
    }
    const { code, reason } = await client.untilClosed();
    expect([code, reason]).toEqual([4529, expect.stringContaining('2 boards are open')]);
    expect(await metric(node.url, 'tessera_closed_total', 'code="too-fast"')).toBe(1);
  });

  it('connections of a user close the newest with 4529, and leave the others alone', async () => {
    const node = await start({ TESSERA_MAX_SOCKETS_PER_USER: '2' });
    const [first, second] = [await open(node, 'ann'), await open(node, 'ann', 'acme/b')];
    const third = new RawClient(node.url, 'acme/c');
    clients.push(third);
    await third.opened();
    third.authenticate(tokenFor('ann'));
    const { code, reason } = await third.untilClosed();
    expect([code, reason]).toEqual([4529, expect.stringContaining('ann has too many')]);
    await open(node, 'bob');
    expect([first.closed, second.closed]).toEqual([undefined, undefined]);
    expect(await metric(node.url, 'tessera_refused_sockets_total', 'user')).toBe(1);
    await second.close();
    await eventually(async () => (await metric(node.url, 'tessera_sockets_open')) < 4);
    await open(node, 'ann', 'acme/c');
  });

  it('connections from one address are refused with 429, and without a token with 503', async () => {
    const node = await start({ TESSERA_MAX_SOCKETS_PER_ADDRESS: '3' });
    const answers = await Promise.all(Array.from({ length: 5 }, () => connect(node)));
    expect(answers.sort()).toEqual([429, 429, 'open', 'open', 'open']);
    for (const socket of sockets.splice(0)) socket.terminate();
    await eventually(async () => (await connect(node)) === 'open');

    const strict = await start({ TESSERA_MAX_TOKENLESS_SOCKETS: '2' });
    const known = await open(strict, 'ann');
    expect(await Promise.all([1, 2].map(() => connect(strict)))).toEqual(['open', 'open']);
    expect(await connect(strict)).toBe(503);
    expect(known.closed).toBeUndefined();
    expect(await metric(strict.url, 'tessera_refused_sockets_total', 'tokenless')).toBe(1);
  });
});
