import { once } from 'node:events';
import { connect } from 'node:net';
import type { TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { RawClient } from '../support/raw-client.ts';
import { SECRET, startNodeOnPostgres, tokenFor } from '../support/tessera.ts';

/** What a node answers to an upgrade: 101, or the status and the reason it refuses with. */
async function upgrade(node: TesseraNode, path: string, headers: Record<string, string> = {}) {
  const ws = new WebSocket(`${node.url.replace('http', 'ws')}${path}`, { headers });
  const answer = Promise.withResolvers<{ status: number; detail: string }>();
  ws.on('error', () => undefined); // what follows an answer that is no 101
  ws.on('open', () => answer.resolve({ status: 101, detail: '' }));
  ws.on('unexpected-response', (_request, response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    response.on('end', () => {
      const { detail } = JSON.parse(body) as { detail: string };
      answer.resolve({ status: response.statusCode ?? 0, detail });
    });
  });
  const answered = await answer.promise;
  ws.terminate();
  return answered;
}

/** What a node sends back for these bytes, until it closes the connection or has switched protocols. */
async function answerTo(node: TesseraNode, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(node.url).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    if (text.startsWith('HTTP/1.1 101')) socket.destroy();
  });
  // A node that has heard enough resets the rest.
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

const paths = ['/sync', `/yjs/acme/board?token=${tokenFor()}`] as const;
const LISTED = 'https://app.example.org';

describe('origins', () => {
  let development: TesseraNode;
  let production: TesseraNode;
  let listing: TesseraNode;
  let open: TesseraNode;

  beforeAll(async () => {
    const production1 = { NODE_ENV: 'production' };
    [development, production, listing, open] = await Promise.all([
      startNodeOnPostgres(),
      startNodeOnPostgres(production1),
      startNodeOnPostgres({
        ...production1,
        TESSERA_ALLOWED_ORIGINS: `https://other.example, ${LISTED}`,
      }),
      startNodeOnPostgres({ ...production1, TESSERA_ALLOWED_ORIGINS: '*' }),
    ]);
  });

  afterAll(() => Promise.all([development, production, listing, open].map((node) => node.close())));

  const cases: [which: string, origin: string | undefined, allowedBy: string[]][] = [
    ['a program, which names none', undefined, ['development', 'production', 'listing', 'open']],
    ['a page of the same host', 'SAME', ['development', 'production', 'listing', 'open']],
    ['a page of this machine', 'http://localhost:5173', ['development', 'open']],
    ['a page on the list', LISTED, ['listing', 'open']],
    ['a page of another scheme than the one on the list', 'http://app.example.org', ['open']],
    ['a page below one on the list', 'https://evil.app.example.org', ['open']],
    ['a page that begins like one on the list', `${LISTED}.evil.example`, ['open']],
    ['a host that begins like this machine', 'http://localhost.evil.example', ['open']],
    ['a page without an origin', 'null', ['open']],
    ['nonsense', 'nonsense', ['open']],
  ];

  it.each(cases)('of %s are let in where they may be: %s', async (_which, given, allowedBy) => {
    const nodes = { development, production, listing, open };
    for (const [name, node] of Object.entries(nodes)) {
      const origin = given === 'SAME' ? node.url : given;
      const headers: Record<string, string> = origin === undefined ? {} : { origin };
      const isAllowed = allowedBy.includes(name);
      for (const path of paths) {
        const { status, detail } = await upgrade(node, path, headers);
        expect({ name, path, status }).toEqual({ name, path, status: isAllowed ? 101 : 403 });
        if (!isAllowed) expect(detail).toMatch(/may not connect: see TESSERA_ALLOWED_ORIGINS/);
      }
      const response = await fetch(`${node.url}/livez`, { headers });
      expect(response.headers.get('access-control-allow-origin')).toBe(
        isAllowed && origin !== undefined ? origin : null,
      );
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it('may send tokens as headers over HTTP when they are on the list', async () => {
    const ask = (origin: string) =>
      fetch(`${listing.url}/v1/anything`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'authorization',
        },
      });
    const { headers } = await ask(LISTED);
    expect(headers.get('access-control-allow-origin')).toBe(LISTED);
    expect(headers.get('access-control-allow-methods')).toContain('PUT');
    expect(headers.get('access-control-allow-headers')).toContain('authorization');
    const refused = await ask('https://evil.example');
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('what HTTP requests may be', () => {
  let node: TesseraNode;

  beforeAll(async () => {
    node = await startNodeOnPostgres();
  });

  afterAll(() => node.close());

  it('answers with headers that keep pages in their place', async () => {
    for (const path of ['/', '/livez', '/nowhere']) {
      const { headers } = await fetch(node.url + path);
      expect(headers.get('content-security-policy')).toMatch(/default-src 'self'/);
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('strict-transport-security')).toBeNull();
    }
  });

  it('refuses a URL of more than 8 KiB with 414, and on sockets one of more than 20 KiB', async () => {
    const response = await fetch(`${node.url}/livez?${'x'.repeat(9_000)}`);
    expect(response.status).toBe(414);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('8192') });
    expect(await upgrade(node, `/sync?${'x'.repeat(21_000)}`)).toEqual({
      status: 414,
      detail: 'more than 20480 characters',
    });
  });

  it('has room for the longest token in the URL of a y-websocket client', async () => {
    const long = tokenFor('ada', [
      { board: '**', access: 'write' },
      ...Array.from({ length: 200 }, (_, index) => ({
        board: `acme/some-board-${index}`,
        access: 'read' as const,
      })),
    ]);
    expect(long.length).toBeGreaterThan(12_000);
    const client = new WebSocket(`${node.url.replace('http', 'ws')}/yjs/acme/long?token=${long}`);
    await once(client, 'message');
    client.terminate();
    await once(client, 'close');
  });

  it('refuses headers of more than 32 KiB with 431', async () => {
    const large = `GET /livez HTTP/1.1\r\nHost: node\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`;
    expect(await answerTo(node, large)).toMatch(/^HTTP\/1\.1 431 .*application\/problem\+json/s);
  });

  it('gives up on a client that does not finish its headers, with 408', async () => {
    const answer = await answerTo(node, 'GET /livez HTTP/1.1\r\nHost: no');
    expect(answer).toMatch(/^HTTP\/1\.1 408 .*cannot be read/s);
  });

  it('refuses what is no HTTP with 400', async () => {
    expect(await answerTo(node, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('survives upgrades to addresses that cannot be', async () => {
    for (const path of ['//', '/\\', 'http://[', '*', '/yjs/%', '/sync/../..']) {
      const lines = [
        `GET ${path} HTTP/1.1`,
        'Host: node',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
      ];
      const answer = await answerTo(node, `${lines.join('\r\n')}\r\n\r\n`);
      // One names a board that is none, which is said by a close code.
      expect({ path, answer }).toMatchObject({ answer: expect.stringMatching(/ (400|404|101) /) });
    }
    await (await RawClient.open(node.url, 'acme/alive', tokenFor())).close();
  });

  it('keeps its secret to itself', async () => {
    for (const path of ['/', '/livez', '/readyz', '/metrics', '/dev/token?board=a']) {
      expect(await (await fetch(node.url + path)).text()).not.toContain(SECRET);
    }
  });
});
