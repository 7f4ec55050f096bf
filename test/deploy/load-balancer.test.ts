import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { freePort } from '../support/postgres-cluster.ts';
import { stockHocuspocus, stockYWebsocket } from '../support/providers.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { type NodeProcess, startNodeProcess, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const BOARDS = Array.from({ length: 20 }, (_, index) => `acme/board-${index}`);

const NAMES = ['node-1', 'node-2'] as const;
type Name = (typeof NAMES)[number];

let postgres: Postgres;
let redis: Redis;
let ports: Record<Name, number>;
let environment: Record<string, string>;
const nodes = new Map<Name, NodeProcess>();
let balancer: Balancer;
let leaving: (() => unknown)[] = [];

async function startNode(name: Name): Promise<void> {
  const env = { ...environment, TESSERA_NODE_ID: name, PORT: String(ports[name]) };
  nodes.set(name, await startNodeProcess(env));
}

function node(name: Name): NodeProcess {
  const running = nodes.get(name);
  if (running === undefined) throw new Error(`${name} was not started`);
  return running;
}

function isRunning(name: Name): boolean {
  const { exitCode, signalCode } = node(name).process;
  return exitCode === null && signalCode === null;
}

function routed(board: string): string {
  return `/sync?board=${encodeURIComponent(board)}`;
}

async function open(board: string, path = routed(board)): Promise<RawClient> {
  const client = await RawClient.open(balancer.url, board, tokenFor(), path);
  leaving.push(() => client.close());
  return client;
}

function nodeOf(client: RawClient): unknown {
  return client.stateless.find(({ type }) => type === 'hello')?.['node'];
}

/** A board whose clients are led to the node while both are up. */
async function boardOn(name: Name): Promise<string> {
  for (const board of BOARDS) {
    const client = await open(board);
    if (nodeOf(client) === name) return board;
  }
  throw new Error(`none of ${BOARDS.length} boards is on ${name}`);
}

/** Stock clients of both protocols on the board, by way of the balancer, synced. */
async function stockClients(board: string) {
  const hocuspocus = stockHocuspocus(balancer.url, board, tokenFor(), undefined, routed(board));
  const yWebsocket = stockYWebsocket(balancer.url, board, tokenFor());
  leaving.push(hocuspocus.destroy, yWebsocket.destroy);
  await eventually(() => hocuspocus.provider.isSynced && yWebsocket.provider.synced);
  return { hocuspocus, yWebsocket };
}

/** One writes what the other reads, in both directions. */
async function expectToWorkTogether(
  { hocuspocus, yWebsocket }: Awaited<ReturnType<typeof stockClients>>,
  word: string,
): Promise<void> {
  hocuspocus.doc.getMap('m').set('hocuspocus', word);
  yWebsocket.doc.getMap('m').set('y-websocket', word);
  const both = { hocuspocus: word, 'y-websocket': word };
  await eventually(
    () => {
      expect(hocuspocus.doc.getMap('m').toJSON()).toEqual(both);
      expect(yWebsocket.doc.getMap('m').toJSON()).toEqual(both);
      return !hocuspocus.provider.hasUnsyncedChanges;
    },
    { what: `both to have "${word}", saved` },
  );
}

/** Until the balancer's checks have seen so many nodes ready. */
async function untilReady(count: number): Promise<void> {
  await eventually(
    async () => {
      const text = await (await fetch(balancer.metricsUrl)).text();
      expect(text).toMatch(
        new RegExp(`^haproxy_backend_active_servers\\{proxy="nodes"\\} ${count}$`, 'm'),
      );
      return true;
    },
    { what: `${count} nodes to be ready` },
  );
}

beforeAll(async () => {
  postgres = await startPostgres();
  redis = await startRedis();
  ports = { 'node-1': await freePort(), 'node-2': await freePort() };
  environment = {
    DATABASE_URL: await postgres.createDatabase(),
    REDIS_URL: redis.url,
    TESSERA_DRAIN_MS: '1000',
  };
  await Promise.all(NAMES.map(startNode));
  balancer = await startBalancer([ports['node-1'], ports['node-2']]);
});

// Whatever became of them in the test before.
beforeEach(async () => {
  await Promise.all(NAMES.filter((name) => !isRunning(name)).map(startNode));
  await untilReady(2);
});

afterEach(async () => {
  await Promise.all(leaving.map((leave) => leave()));
  leaving = [];
});

afterAll(async () => {
  await balancer.close();
  await Promise.all([...nodes.values()].map((running) => running.kill()));
  await redis.close();
  await postgres.close();
});

describe('behind the load balancer', () => {
  it('has all clients of a board on one node, whatever they speak, and boards on both nodes', async () => {
    const places = new Map<string, unknown>();
    for (const board of BOARDS) {
      const [first, second] = [await open(board), await open(board)];
      places.set(board, nodeOf(first));
      expect(nodeOf(second)).toBe(nodeOf(first));
      const yWebsocket = stockYWebsocket(balancer.url, board, tokenFor());
      await eventually(() => yWebsocket.provider.synced);
      yWebsocket.destroy();
    }
    expect(new Set(places.values())).toEqual(new Set(['node-1', 'node-2']));
    for (const [board, place] of places) {
      const line = ` nodes/${place} `;
      await eventually(
        () => balancer.log.some((text) => text.endsWith(`/yjs/${board}`) && text.includes(line)),
        { what: `a y-websocket client of ${board} on ${place}` },
      );
    }
  });

  it('spreads sockets that name no board over both nodes', async () => {
    const clients = await Promise.all(BOARDS.map((board) => open(board, '/sync')));
    expect(new Set(clients.map(nodeOf))).toEqual(new Set(['node-1', 'node-2']));
  });

  it('joins clients of a board that are on different nodes', async () => {
    const board = 'acme/everywhere';
    const clients = await Promise.all(BOARDS.map(() => open(board, '/sync')));
    expect(new Set(clients.map(nodeOf))).toEqual(new Set(['node-1', 'node-2']));
    for (const [index, client] of clients.entries()) {
      client.edit((doc) => doc.getMap('m').set(String(index), true));
    }
    for (const client of clients) {
      await client.until(() => client.doc.getMap('m').size === clients.length, 'all edits');
    }
  });

  it('writes no token into its log', async () => {
    const { yWebsocket } = await stockClients('acme/secrets');
    yWebsocket.destroy();
    await eventually(() => balancer.log.some((line) => line.includes('/yjs/acme/secrets')));
    expect(balancer.log.join('\n')).not.toMatch(/token|eyJ/);
  });

  it('keeps the metrics of the nodes inside', async () => {
    expect((await fetch(`${node('node-1').url}/metrics`)).status).toBe(200);
    for (const path of ['/metrics', '/metrics?a=b', '/%6detrics']) {
      expect((await fetch(`${balancer.url}${path}`)).status).toBe(404);
    }
  });

  it('moves the clients of a node that is stopped, refuses none meanwhile, and gives its boards back', async () => {
    const board = await boardOn('node-1');
    const clients = await stockClients(board);
    await expectToWorkTogether(clients, 'before');
    const stopped = node('node-1').stop();
    await eventually(async () => (await fetch(`${node('node-1').url}/readyz`)).status === 503);
    // The balancer's checks see it only a little later.
    for (let opened = 0; opened < 20; opened++) {
      expect(nodeOf(await open(board))).toBe('node-2');
    }
    expect(await stopped).toBe(0);
    await expectToWorkTogether(clients, 'on the other node');
    await startNode('node-1');
    await untilReady(2);
    expect(nodeOf(await open(board))).toBe('node-1');
  });

  it('moves the clients of a node that is killed, with the edits they made meanwhile', async () => {
    const board = await boardOn('node-1');
    const clients = await stockClients(board);
    await expectToWorkTogether(clients, 'before');
    await node('node-1').kill();
    await eventually(() => !clients.yWebsocket.provider.wsconnected);
    await expectToWorkTogether(clients, 'made while offline');
    expect(nodeOf(await open(board))).toBe('node-2');
  });

  it('leaves clients where they are when no node is ready, and says 503 to new ones', async () => {
    const client = await open('acme/stays');
    await postgres.stop();
    await untilReady(0);
    expect((await fetch(`${balancer.url}/readyz`)).status).toBe(503);
    client.edit((doc) => doc.getMap('m').set('made', 'while the database is away'));
    await postgres.start();
    await client.until(() => client.acks === 2, 'the ack of the edit');
    await untilReady(2);
  });
});
