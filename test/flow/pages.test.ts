import type { TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeOnPostgres } from '../support/tessera.ts';

describe('the pages of a node', () => {
  let node: TesseraNode;

  beforeAll(async () => {
    node = await startNodeOnPostgres();
  });

  afterAll(() => node.close());

  async function get(path: string, headers: Record<string, string> = {}) {
    const answer = await fetch(node.url + path, { headers, redirect: 'manual' });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }

  it.each(['dashboard', 'quickstart', 'offline-field-notes'])(
    'have %s in a folder',
    async (name) => {
      const redirect = await get(`/examples/${name}`);
      expect(redirect.status).toBe(301);
      expect(redirect.headers.get('location')).toBe(`/examples/${name}/`);
      const page = await get(`/examples/${name}/`);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(page.headers.get('cache-control')).toBe('no-cache');
      const [, asset] = /"\.\/(assets\/[^"]+)"/.exec(page.text) ?? [];
      const answer = await get(`/examples/${name}/${asset}`);
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    },
  );

  it('may be framed by the node itself if they are examples, and by nobody else', async () => {
    for (const [path, frame, ancestors] of [
      ['/examples/quickstart/', 'SAMEORIGIN', "'self'"],
      ['/examples/offline-field-notes/phones.html', 'SAMEORIGIN', "'self'"],
      ['/', 'DENY', "'none'"],
      ['/examples/nowhere/', 'DENY', "'none'"],
    ] as const) {
      const { headers } = await get(path);
      expect({ path, frame: headers.get('x-frame-options') }).toEqual({ path, frame });
      expect(headers.get('content-security-policy')).toContain(`frame-ancestors ${ancestors}`);
    }
  });

  it('give the SDK to pages of the origins that are let in, and only to them', async () => {
    const allowed = await get('/sdk/client.js', { origin: 'http://localhost:5173' });
    expect(allowed.status).toBe(200);
    expect(allowed.headers.get('content-type')).toMatch(/javascript/);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
    // Its name stays when it changes, so each visit asks whether it has.
    expect(allowed.headers.get('cache-control')).toBe('no-cache');
    const etag = allowed.headers.get('etag') ?? '';
    const again = { 'if-none-match': etag, 'cache-control': 'max-age=0' };
    expect((await get('/sdk/client.js', again)).status).toBe(304);
    const refused = await get('/sdk/client.js', { origin: 'https://elsewhere.example' });
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('are nothing but what was built', async () => {
    for (const path of [
      '/examples/',
      '/examples/quickstart/../../package.json',
      '/examples/quickstart/%2e%2e/package.json',
      '/sdk/..%2f..%2fpackage.json',
      '/.env',
    ]) {
      expect({ path, status: (await get(path)).status }).toEqual({ path, status: 404 });
    }
  });

  it('name the same development guest by the same name', async () => {
    const guest = async (query: string) =>
      (JSON.parse((await get(`/dev/token?board=demo/x${query}`)).text) as { actor: string }).actor;
    expect(await guest('&name=Ada')).toBe('guest-ada');
    expect(await guest('&name=Ada')).toBe(await guest('&name=Ada'));
    expect(await guest('')).toMatch(/^guest-[a-z]+-\d{4}$/);
  });
});
