import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { JwksServer, makeSigningKey } from '../support/jwks.ts';
import { createDatabase } from '../support/postgres.ts';
import { freePort } from '../support/postgres-cluster.ts';
import { stockYWebsocket } from '../support/providers.ts';
import { RawClient } from '../support/raw-client.ts';
import { removeFolder, SECRET, temporaryFolder, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const main = fileURLToPath(new URL('../../server/bin/tessera.js', import.meta.url));
const REDIS_PASSWORD = 'redis-password-nobody-may-read';
const JWKS_PASSWORD = 'jwks-password-nobody-may-read';

/** Everything a node in production writes at the lowest level, on both of its streams. */
async function startTalkativeNode(env: Record<string, string>) {
  const port = await freePort();
  const child = spawn(process.execPath, [main, 'serve'], {
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      LOG_LEVEL: 'trace',
      PORT: String(port),
      TESSERA_JWT_SECRET: SECRET,
      TESSERA_DRAIN_MS: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      written += text;
    });
  }
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => (await fetch(`${url}/livez`)).ok, { timeoutMs: 20_000 });
  return {
    url,
    written: () => written,
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The text as it is, and as it looks when bytes are logged one by one. */
function shapesOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify([...bytes]).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
  ];
}

describe('the logs of a node that says everything', () => {
  let node: Awaited<ReturnType<typeof startTalkativeNode>>;
  let jwks: JwksServer;
  let databaseUrl: string;
  let folder: string;

  beforeAll(async () => {
    databaseUrl = await createDatabase();
    folder = await temporaryFolder();
    jwks = await JwksServer.start([]);
    jwks.isAway = true;
    node = await startTalkativeNode({
      DATABASE_URL: databaseUrl,
      TESSERA_DATA_DIR: folder,
      REDIS_URL: `redis://user:${REDIS_PASSWORD}@127.0.0.1:${await freePort()}`,
      TESSERA_JWKS_URL: `${jwks.url}?key=${JWKS_PASSWORD}`,
    });
  });

  afterAll(async () => {
    await node.stop();
    await jwks.close();
    await removeFolder(folder);
  });

  it('have no token and no secret in them, whatever clients do', async () => {
    const secrets = [SECRET, REDIS_PASSWORD, JWKS_PASSWORD];
    const password = new URL(databaseUrl).password;
    if (password !== '') secrets.push(password);
    const token = (actor: string, ...more: [expiresInS?: number]) => {
      const made = tokenFor(actor, [{ board: 'acme/*', access: 'write' }], ...more);
      // Its signature is what nobody may see: the rest can be guessed.
      secrets.push(made.split('.')[2] ?? '', made);
      return made;
    };
    const stranger = makeSigningKey('ES256', 'unknown');
    const strangers = stranger.sign({ sub: 'ada', grants: [] });
    const forged = jwt.sign({ sub: 'ada', grants: [] }, 'y'.repeat(40), { expiresIn: 60 });
    secrets.push(strangers, forged);

    const welcome = await RawClient.open(node.url, 'acme/board', token('ada'));
    welcome.authenticate(token('ada', 700));
    const y = stockYWebsocket(node.url, 'acme/board', token('yvonne'));
    await eventually(() => y.provider.synced);
    y.destroy();

    const refusals: [board: string, token: string][] = [
      ['other/board', token('not granted')],
      ['acme/board', token('expired', -60)],
      ['acme/board', forged],
      ['acme/board', strangers],
      ['acme/board', `${token('cut')}x`],
      ['acme/board', token('long').repeat(200)],
      ['acme/board', `x.${token('no header')}`],
    ];
    for (const [board, shown] of refusals) {
      const client = new RawClient(node.url, board);
      await client.opened();
      client.authenticate(shown);
      await client.untilClosed();
    }
    welcome.authenticate(forged);
    await welcome.untilClosed();

    const port = Number(new URL(node.url).port);
    const shown = token('in the URL');
    for (const bytes of [
      `GET /yjs/acme/board?token=${shown} HTTP/1.1\r\nHost: node\r\nBad Header\r\n\r\n`,
      `GET /yjs/acme/board?token=${shown} HTTP/9.9\r\n\r\n`,
      `GET /yjs/acme/board?token=${shown} HTTP/1.1\r\nHost: node\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
      `GET /yjs/acme/board?token=${shown} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n`,
      `GET /v1/%?token=${shown} HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer ${shown}\r\nConnection: close\r\n\r\n`,
      `GET /yjs/acme/board?token=${shown} HTTP/1.1\r\nHost: node\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 7\r\n\r\n`,
    ]) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined); // reset by a node that has heard enough
      socket.resume().write(bytes);
      await once(socket, 'close');
    }
    const sockets: [path: string, headers: Record<string, string>][] = [
      [`/yjs/acme/board?token=${shown}`, { origin: 'https://evil.example' }],
      [`/yjs/a%20b?token=${shown}`, {}],
      [`/nowhere?token=${shown}`, {}],
    ];
    for (const [path, headers] of sockets) {
      const ws = new WebSocket(`${node.url.replace('http', 'ws')}${path}`, { headers });
      ws.on('error', () => undefined); // refused, as it should be
      await new Promise((resolve) => ws.on('close', resolve));
    }
    await node.stop();

    const written = node.written();
    // It did say what happened.
    for (const said of ['"ready"', 'opening failed', '"refused"', 'another origin', 'wire']) {
      expect(written).toContain(said);
    }
    for (const secret of new Set(secrets)) {
      for (const shape of shapesOf(secret)) {
        const at = written.indexOf(shape);
        expect(at === -1 ? '' : written.slice(Math.max(0, at - 300), at + 40)).toBe('');
      }
    }
  });
});
