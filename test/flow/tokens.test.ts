import { createHmac } from 'node:crypto';
import { createClient, defineWidget } from '@tessera/client';
import { memoryStore } from '@tessera/client/offline';
import type { TesseraNode } from '@tessera/server';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { JwksServer, makeSigningKey } from '../support/jwks.ts';
import { stockHocuspocus } from '../support/providers.ts';
import { startProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { SECRET, startNodeOnPostgres, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const AUDIENCE = 'tessera';
const ISSUER = 'https://login.example.org';
const grants = [{ board: '**', access: 'write' }];
const claims = { sub: 'ada', grants, aud: AUDIENCE, iss: ISSUER };
const fixed = makeSigningKey('RS256', 'fixed');
const remoteRsa = makeSigningKey('RS256', 'rsa');
const remoteEc = makeSigningKey('ES256', 'ec');
const stranger = makeSigningKey('ES256', 'ec');
const SKEW_S = 60;

const nowS = () => Math.floor(Date.now() / 1000);
const hs256 = (changed: object = {}, options: jwt.SignOptions = {}) =>
  jwt.sign({ ...claims, ...changed }, SECRET, { expiresIn: 60, ...options });

/** The token under another header; its signature no longer fits unless it is made anew. */
function withHeader(token: string, header: object): string {
  const [, payload, signature] = token.split('.');
  const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');
  return `${encoded}.${payload}.${signature}`;
}

/** Signed with HS256, and with what everybody may know as the secret: jsonwebtoken would refuse to. */
function signedWithPublic(key: string, kid?: string): string {
  const [header, payload] = jwt
    .sign(claims, SECRET, { expiresIn: 60, ...(kid !== undefined && { keyid: kid }) })
    .split('.');
  const signature = createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url');
  return `${header}.${payload}.${signature}`;
}

describe('tokens, with a secret, a PEM and a JWK Set at once', () => {
  let jwks: JwksServer;
  let node: TesseraNode;

  beforeAll(async () => {
    jwks = await JwksServer.start([remoteRsa, remoteEc]);
    node = await startNodeOnPostgres({
      TESSERA_JWT_PUBLIC_KEY: fixed.publicPem,
      TESSERA_JWKS_URL: jwks.url,
      TESSERA_JWT_AUDIENCE: AUDIENCE,
      TESSERA_JWT_ISSUER: ISSUER,
      TESSERA_JWT_MAX_LIFETIME_S: '3600',
    });
    await eventually(() => jwks.requests === 1);
  });

  afterAll(async () => {
    await node.close();
    await jwks.close();
  });

  async function refusedWith(token: string) {
    const client = new RawClient(node.url, 'acme/board');
    await client.opened();
    client.authenticate(token);
    const { code, reason } = await client.untilClosed();
    return { code, reason, denied: client.permissionDenied };
  }

  it.each([
    ['the secret', () => hs256()],
    ['the PEM', () => fixed.sign(claims)],
    ['an RSA key of the set', () => remoteRsa.sign(claims)],
    ['an EC key of the set', () => remoteEc.sign(claims)],
    ['the only RSA key of the set, without a kid', () => withoutKid(remoteRsa)],
    ['several audiences, of which one is ours', () => hs256({ aud: ['other', AUDIENCE] })],
    ['a clock that is 3 s ahead', () => hs256({ iat: nowS() + 3, nbf: nowS() + 3 })],
    ['an exp that passed 2 s ago', () => expiring(-2)],
  ] as const)('lets in who comes with %s', async (_what, makeToken) => {
    await (await RawClient.open(node.url, 'acme/board', makeToken())).close();
  });

  function expiring(inS: number) {
    return jwt.sign({ ...claims, iat: nowS() + inS - 1, exp: nowS() + inS }, SECRET);
  }

  function notJson() {
    const [header] = hs256().split('.');
    const payload = Buffer.from('a secret, no JSON').toString('base64url');
    const signature = createHmac('sha256', SECRET)
      .update(`${header}.${payload}`)
      .digest('base64url');
    return `${header}.${payload}.${signature}`;
  }

  function withoutKid({ privateKey }: typeof remoteRsa) {
    return jwt.sign(claims, privateKey, { algorithm: 'RS256', expiresIn: 60 });
  }

  it.each<[what: string, makeToken: () => string, reason: RegExp]>([
    // What the header says never decides how a key is used.
    ['HS256 with the PEM as the secret', () => signedWithPublic(fixed.publicPem), /signature/],
    [
      'HS256 with a key of the set as the secret',
      () => signedWithPublic(JSON.stringify(remoteRsa.jwk), 'rsa'),
      /signature/,
    ],
    ['no algorithm', () => withHeader(hs256(), { alg: 'none' }), /no JWT signed with/],
    ['no algorithm, differently written', () => withHeader(hs256(), { alg: 'nOnE' }), /no JWT/],
    ['HS512', () => hs256({}, { algorithm: 'HS512' }), /no JWT signed with HS256, RS256, ES256/],
    [
      'RS256 in the header, and the kid of an EC key',
      () => withHeader(remoteEc.sign(claims), { alg: 'RS256', kid: 'ec' }),
      /its key is not for RS256/,
    ],
    [
      'ES256 in the header, and the kid of an RSA key',
      () => withHeader(remoteRsa.sign(claims), { alg: 'ES256', kid: 'rsa' }),
      /its key is not for ES256/,
    ],
    ['the kid of a key that did not sign it', () => stranger.sign(claims), /signature/],
    ['another secret', () => jwt.sign(claims, 'x'.repeat(32), { expiresIn: 60 }), /signature/],
    [
      'extensions it says must be understood',
      () => withHeader(hs256(), { alg: 'HS256', crit: ['exp'] }),
      /extensions/,
    ],
    ['a payload that is no JSON', () => notJson(), /it is no JWT/],
    ['16 KiB and more', () => hs256({ name: 'x'.repeat(13_000) }), /has 1\d{4} characters/],
    ['another audience', () => hs256({ aud: 'other' }), /jwt audience invalid/],
    ['no audience', () => hs256({ aud: undefined }), /jwt audience invalid/],
    ['another issuer', () => remoteEc.sign({ ...claims, iss: 'me' }), /jwt issuer invalid/],
    ['no exp', () => jwt.sign(claims, SECRET), /exp/],
    ['an exp that has passed', () => expiring(-SKEW_S), /has expired/],
    ['an nbf still to come', () => hs256({ nbf: nowS() + SKEW_S }), /not active/],
    ['an iat still to come', () => hs256({ iat: nowS() + SKEW_S }), /issued in the future/],
    ['too long a life', () => hs256({}, { expiresIn: 7200 }), /lives for 7200 s, and 3600 s/],
    ['a jti that cannot be stored', () => hs256({ jti: 'a\0b' }), /jti/],
  ])('refuses with 4401 and the reason who comes with %s', async (_what, makeToken, reason) => {
    const { code, denied } = await refusedWith(makeToken());
    expect(code).toBe(4401);
    expect(denied).toMatch(reason);
  });

  it('does not let a flood of unknown keys through to the server of the keys', async () => {
    const before = jwks.requests;
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        refusedWith(remoteEc.sign(claims, { keyid: `unknown-${index}` })),
      ),
    );
    expect(jwks.requests - before).toBeLessThanOrEqual(1);
    // Either the set was just read and does not have it, or the client may try again later.
    for (const { code, reason } of answers) {
      expect([4401, 1013]).toContain(code);
      expect(reason).toMatch(/ no key "unknown-/);
    }
  });
});

describe('keys that change and a server of keys that is away', () => {
  let jwks: JwksServer;
  let node: TesseraNode;

  beforeAll(async () => {
    jwks = await JwksServer.start([remoteEc]);
    jwks.isAway = true;
    node = await startNodeOnPostgres({ TESSERA_JWKS_URL: jwks.url });
  });

  afterAll(async () => {
    await node.close();
    await jwks.close();
  });

  it('starts without it, and takes tokens as soon as it is there', async () => {
    await eventually(() => jwks.requests === 1);
    const client = new RawClient(node.url, 'acme/board');
    await client.opened();
    client.authenticate(remoteEc.sign(claims));
    expect(await client.untilClosed()).toMatchObject({
      code: 1013,
      reason: expect.stringContaining('HTTP 503'),
    });
    jwks.isAway = false;
    // As stock clients do: they connect again by themselves.
    const stock = stockHocuspocus(node.url, 'acme/board', remoteEc.sign(claims));
    await eventually(() => stock.provider.isSynced, { timeoutMs: 25_000 });
    stock.destroy();
  });

  it('keeps an open connection whose newer token cannot be checked yet', async () => {
    const client = await RawClient.open(node.url, 'acme/board', remoteEc.sign(claims));
    jwks.isAway = true;
    client.authenticate(makeSigningKey('ES256', 'newer').sign(claims));
    client.edit((doc) => doc.getMap('m').set('goes', 'on'));
    await client.until(() => client.acks === 2, 'the ack');
    client.authenticate('nonsense');
    expect((await client.untilClosed()).code).toBe(4401);
    jwks.isAway = false;
  });
});

describe('tokens on open connections', () => {
  let node: TesseraNode;

  beforeAll(async () => {
    node = await startNodeOnPostgres({ TESSERA_JWT_LEEWAY_S: '1' });
  });

  afterAll(() => node.close());

  it('closes an idle connection with 4401 when its token expires and no other comes', async () => {
    const token = tokenFor('ada', undefined, 2);
    const client = await RawClient.open(node.url, 'acme/idle', token);
    const { code, reason } = await client.untilClosed();
    expect({ code, reason }).toEqual({ code: 4401, reason: 'the token has expired' });
    const { exp = 0 } = jwt.decode(token) as jwt.JwtPayload;
    // Not before the leeway is over, within which the token could still be shown.
    expect(Date.now()).toBeGreaterThanOrEqual((exp + 1) * 1000);
  });

  it('closes an idle y-websocket connection so, too', async () => {
    const url = `${node.url.replace('http', 'ws')}/yjs/acme/idle`;
    const ws = new WebSocket(`${url}?token=${tokenFor('ada', undefined, 2)}`);
    const closed = Promise.withResolvers<number>();
    ws.on('close', closed.resolve);
    expect(await closed.promise).toBe(4401);
  });

  it('keeps a connection that shows a newer token, and lets it edit', async () => {
    const first = tokenFor('ada', undefined, 2);
    const client = await RawClient.open(node.url, 'acme/refresh', first);
    client.authenticate(tokenFor('ada', undefined, 600));
    const { exp = 0 } = jwt.decode(first) as jwt.JwtPayload;
    // A tick of the heartbeat after the first one's end.
    await eventually(() => Date.now() > (exp + 5) * 1000);
    client.edit((doc) => doc.getMap('m').set('still', 'here'));
    await client.until(() => client.acks === 2, 'the ack');
    await client.close();
  });

  it('takes the right to write from a live connection without dropping it', async () => {
    const client = await RawClient.open(node.url, 'acme/less', tokenFor('ada'));
    client.edit((doc) => doc.getMap('m').set('written', true));
    await client.until(() => client.acks === 2, 'the ack');
    client.authenticate(tokenFor('ada', [{ board: 'acme/*', access: 'read' }]));
    await client.until(() => client.stateless.some(({ type }) => type === 'access'), 'the news');
    client.edit((doc) => doc.getMap('m').set('written', 'again'));
    await client.until(() => client.refusals === 1, 'the refusal');
    const reader = await RawClient.open(node.url, 'acme/less', tokenFor('bob'));
    reader.edit((doc) => doc.getMap('m').set('by', 'bob'));
    await client.until(() => client.doc.getMap('m').get('by') === 'bob', 'what others write');
    expect(reader.doc.getMap('m').get('written')).toBe(true);
    expect(client.closed).toBeUndefined();
    await Promise.all([client.close(), reader.close()]);
  });
});

describe('an SDK client whose token expires while it is offline', () => {
  it('comes back with a fresh one, and loses no edit', async () => {
    const node = await startNodeOnPostgres({ TESSERA_JWT_LEEWAY_S: '0' });
    const network = await startProxy({ port: Number(new URL(node.url).port) });
    const Note = defineWidget({ type: 'note', version: 1, state: z.object({ n: z.number() }) });
    const shown: string[] = [];
    const url = `${network.url(node.url).replace('http', 'ws').replace(/\/$/, '')}/sync`;
    const client = createClient({
      url,
      store: memoryStore(),
      token: () => {
        shown.push(tokenFor('ada', undefined, shown.length === 0 ? 2 : 600));
        return shown.at(-1) ?? '';
      },
    });
    const board = client.board('acme/expired-offline');
    board.title = 'online';
    await board.saved();
    await network.cut();
    await eventually(() => board.status.state === 'offline');
    for (let n = 0; n < 100; n++) board.widgets.create(Note, { n });
    const { exp = 0 } = jwt.decode(shown[0] ?? '') as jwt.JwtPayload;
    await eventually(() => Date.now() > (exp + 1) * 1000, { what: 'the token to expire' });
    expect(board.status.unsaved).toBe(100);
    await network.restore();
    await board.saved();
    expect(shown.length).toBeGreaterThan(1);
    expect(board.status).toMatchObject({ state: 'saved', unsaved: 0 });
    const direct = `${node.url.replace('http', 'ws')}/sync`;
    const other = createClient({ url: direct, token: tokenFor('bob') });
    const seen = other.board('acme/expired-offline');
    await eventually(() => seen.widgets.list(Note).length === 100);
    expect(seen.widgets.list(Note).map(({ state }) => state?.n)).toEqual(
      board.widgets.list(Note).map(({ state }) => state?.n),
    );
    await Promise.all([client.close(), other.close()]);
    await node.close();
    await network.close();
  });
});
