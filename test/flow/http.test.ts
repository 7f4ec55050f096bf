import type { TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { startNodeOnPostgres } from '../support/tessera.ts';

describe('HTTP', () => {
  let node: TesseraNode;
  let production: TesseraNode;

  beforeAll(async () => {
    node = await startNodeOnPostgres();
    production = await startNodeOnPostgres({ NODE_ENV: 'production' });
  });

  afterAll(async () => {
    await node.close();
    await production.close();
  });

  it('tells that the node lives and is ready', async () => {
    expect(await (await fetch(`${node.url}/livez`)).json()).toEqual({ status: 'alive' });
    const ready = await fetch(`${node.url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ status: 'ready', reasons: [] });
  });

  it('answers mistakes with a problem document', async () => {
    for (const [path, status, detail] of [
      ['/nowhere?secret=1', 404, 'there is nothing at GET /nowhere'],
      ['/dev/token?board=a%20b', 400, /is not a board id/],
      ['/%', 400, /./],
    ] as const) {
      const response = await fetch(node.url + path);
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toMatch(/application\/problem\+json/);
      expect(await response.json()).toMatchObject({
        status,
        detail: expect.stringMatching(detail),
      });
    }
  });

  it('hands out development tokens that open the board', async () => {
    const response = await fetch(`${node.url}/dev/token?board=demo/x`);
    const { token, board, actor, url } = (await response.json()) as Record<string, string>;
    expect({ board, url }).toEqual({
      board: 'demo/x',
      url: `${node.url.replace('http', 'ws')}/sync`,
    });
    expect(actor).toMatch(/^guest-/);
    await (await RawClient.open(node.url, 'demo/x', token ?? '')).close();
  });

  it('does neither that nor serve a page in production', async () => {
    for (const path of [
      '/',
      '/examples/quickstart/',
      '/sdk/client.js',
      '/dev/token?board=demo/x',
    ]) {
      expect((await fetch(production.url + path)).status).toBe(404);
    }
    expect(() => production.developmentToken('demo/x')).toThrow(/for development/);
  });
});
