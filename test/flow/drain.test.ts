import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createDatabase, startPostgres } from '../support/postgres.ts';
import { startProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import {
  type NodeProcess,
  startNodeOnPostgres,
  startNodeProcess,
  startTestNode,
  tokenFor,
} from '../support/tessera.ts';
import { finishes } from '../support/wait.ts';

describe('SIGTERM', () => {
  let node: NodeProcess;

  beforeAll(async () => {
    node = await startNodeProcess({
      DATABASE_URL: await createDatabase(),
      TESSERA_DRAIN_MS: '1000',
    });
  });

  afterAll(() => node.kill());

  it('commits and acks what is pending, closes clients with 1012 spread over time, and exits with 0', async () => {
    const clients = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        RawClient.open(node.url, `acme/drain-${index % 3}`, tokenFor(`actor-${index}`)),
      ),
    );
    const closedAt: number[] = [];
    for (const client of clients) {
      client.ws.once('close', () => closedAt.push(performance.now()));
      for (let i = 0; i < 20; i++) client.edit((doc) => doc.getArray('list').push([i]));
      await client.until(() => client.acks > 1, 'the first acks');
    }
    const stopped = node.stop();
    for (const client of clients) {
      expect(await client.untilClosed()).toMatchObject({
        code: 1012,
        reason: expect.stringMatching(/restarting/),
      });
      expect(client.acks).toBe(21);
    }
    expect(await stopped).toBe(0);
    const spread = Math.max(...closedAt) - Math.min(...closedAt);
    expect(spread).toBeGreaterThan(500);
  });
});

describe('SIGTERM while the database is there and does not answer', () => {
  it('ends the node all the same, with 1', async () => {
    const base = await createDatabase();
    const proxy = await startProxy({ port: Number(new URL(base).port) });
    const node = await startNodeProcess({
      DATABASE_URL: proxy.url(base),
      TESSERA_DRAIN_LIMIT_MS: '500',
    });
    try {
      const client = await RawClient.open(node.url, 'acme/silence', tokenFor());
      proxy.blackHole();
      client.edit((doc) => doc.getArray('list').push([1]));
      expect(await finishes(node.stop(), { timeoutMs: 30_000, what: 'the node to end' })).toBe(1);
      expect(client.acks).toBe(1);
    } finally {
      await node.kill();
      await proxy.close();
    }
  }, 60_000);
});

describe('closing a node', () => {
  it('refuses new sockets, says so in /readyz, and is the same for all callers', async () => {
    const node = await startNodeOnPostgres({ TESSERA_DRAIN_MS: '300' });
    const clients = [
      await RawClient.open(node.url, 'acme/a', tokenFor()),
      await RawClient.open(node.url, 'acme/b', tokenFor()),
    ];
    const closing = node.close();
    expect(node.close()).toBe(closing);
    const ready = await fetch(`${node.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ reasons: ['the node is shutting down'] });
    await clients[0]?.untilClosed();
    const late = new WebSocket(`${node.url.replace('http', 'ws')}/sync`);
    const refused = await new Promise<Error>((resolve) => late.once('error', resolve));
    expect(refused.message).toMatch(/503/);
    expect(await closing).toEqual({ unsaved: [] });
    for (const client of clients) await client.close();
  });

  it('does not wait for connections that say nothing, or half of something', async () => {
    const node = await startNodeOnPostgres();
    const { port } = new URL(node.url);
    const head = 'Host: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const beginnings = [
      '',
      'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n',
      `GET /no HTTP/1.1\r\n${head}`,
    ];
    const silent = beginnings.map((beginning) => {
      // It does not close its side because the node has closed the other.
      const connection = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
      connection.write(beginning);
      return connection;
    });
    await Promise.all(silent.map((connection) => once(connection, 'connect')));
    await fetch(`${node.url}/livez`);
    await finishes(node.close(), { what: 'the end of the node' });
    for (const connection of silent) connection.destroy();
  });

  it('gives up at its limit and names what was not saved', async () => {
    const postgres = await startPostgres();
    const node = await startTestNode({
      DATABASE_URL: await postgres.createDatabase(),
      TESSERA_DRAIN_LIMIT_MS: '1500',
    });
    const client = await RawClient.open(node.url, 'acme/unsaved', tokenFor());
    await postgres.stop();
    client.edit((doc) => doc.getMap('m').set('a', 1));
    await client.until(
      () => client.stateless.some((message) => message['state'] === 'delayed'),
      'the status says "delayed"',
    );
    expect(await node.close()).toEqual({ unsaved: ['acme/unsaved'] });
    expect(client.acks).toBe(1);
    await client.close();
    await postgres.close();
  });
});
