import { generateKeyPairSync } from 'node:crypto';
import type { TesseraNode } from '@tessera/server';
import jwt from 'jsonwebtoken';
import * as encoding from 'lib0/encoding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stockHocuspocus, stockYWebsocket } from '../support/providers.ts';
import { RawClient } from '../support/raw-client.ts';
import { SECRET, startNodeOnPostgres, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();

describe('access', () => {
  let node: TesseraNode;

  beforeAll(async () => {
    node = await startNodeOnPostgres({ TESSERA_JWT_PUBLIC_KEY: publicKey });
    const writer = await RawClient.open(node.url, 'acme/board', tokenFor('writer'));
    writer.edit((doc) => doc.getMap('m').set('content', 'there'));
    await writer.until(() => writer.acks === 2, 'the ack');
    await writer.close();
  });

  afterAll(() => node.close());

  async function refusedWith(token: string, board = 'acme/board') {
    const client = new RawClient(node.url, board);
    await client.opened();
    client.authenticate(token);
    const { code, reason } = await client.untilClosed();
    return { code, reason, denied: client.permissionDenied };
  }

  it('takes tokens signed with the secret or the private key, and no others', async () => {
    const claims = { sub: 'ada', grants: [{ board: '**', access: 'write' }] };
    const signed = jwt.sign(claims, pair.privateKey, { algorithm: 'ES256', expiresIn: 60 });
    await (await RawClient.open(node.url, 'acme/board', signed)).close();
    // The public key used as a shared secret: the classic confusion of algorithms.
    const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
    const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const payload = signed.split('.')[1];
    for (const [token, problem] of [
      ['', /a token is missing/],
      ['nonsense', /no JWT signed with HS256, ES256/],
      [jwt.sign(claims, 'another secret of 32 characters or so', { expiresIn: 60 }), /signature/],
      [jwt.sign(claims, SECRET, { algorithm: 'HS512', expiresIn: 60 }), /no JWT signed with/],
      [`${header}.${payload}.${signed.split('.')[2]}`, /signature/],
      [`${unsigned}.${payload}.`, /no JWT signed with/],
      [tokenFor('ada', [{ board: '**', access: 'write' }], -60), /expired/],
      [jwt.sign({ sub: 'ada', grants: [] }, SECRET), /not valid.*exp/],
      [jwt.sign({ sub: 'ada', grants: 'all' }, SECRET, { expiresIn: 60 }), /not valid.*grants/],
    ] as const) {
      const refused = await refusedWith(token);
      expect(refused.code).toBe(4401);
      expect(refused.denied).toMatch(problem);
    }
  });

  it('refuses boards that are not granted with 4403', async () => {
    const { code, denied } = await refusedWith(
      tokenFor('ada', [{ board: 'acme/other', access: 'write' }]),
    );
    expect(code).toBe(4403);
    expect(denied).toMatch(/acme\/board to ada/);
  });

  it('lets readers read, and neither applies nor acks what they send', async () => {
    const token = tokenFor('reader', [{ board: 'acme/*', access: 'read' }]);
    const reader = await RawClient.open(node.url, 'acme/board', token);
    expect(reader.doc.getMap('m').get('content')).toBe('there');
    reader.edit((doc) => doc.getMap('m').set('content', 'changed'));
    await reader.until(() => reader.refusals === 1, 'the refusal');
    reader.sync(
      1,
      reader.makeUpdate((doc) => doc.getMap('m').set('content', 'again')),
    );
    await reader.until(() => reader.refusals === 2, 'the refusal');
    const other = await RawClient.open(node.url, 'acme/board', tokenFor('writer'));
    expect(other.doc.getMap('m').get('content')).toBe('there');
    await Promise.all([reader.close(), other.close()]);
  });

  it('closes a y-websocket reader that edits, since its protocol cannot say no', async () => {
    const token = tokenFor('reader', [{ board: 'acme/*', access: 'read' }]);
    const reader = stockYWebsocket(node.url, 'acme/board', token);
    await eventually(() => reader.doc.getMap('m').get('content') === 'there');
    const closed = new Promise<{ code: number }>((resolve) => {
      reader.provider.on('connection-close', (event: { code: number } | null) => {
        if (event) resolve(event);
      });
    });
    reader.doc.getMap('m').set('content', 'changed');
    expect((await closed).code).toBe(4403);
    reader.destroy();
  });

  it('tells a reader of a board that does not exist 4404, and makes it for a writer', async () => {
    const token = tokenFor('reader', [{ board: '**', access: 'read' }]);
    expect((await refusedWith(token, 'acme/new')).code).toBe(4404);
    await (await RawClient.open(node.url, 'acme/new', tokenFor('writer'))).close();
    await (await RawClient.open(node.url, 'acme/new', token)).close();
  });

  it('refuses one board of a socket and keeps the others', async () => {
    const client = await RawClient.open(
      node.url,
      'acme/board',
      tokenFor('ada', [{ board: 'acme/board', access: 'write' }]),
    );
    client.frame(
      2,
      (encoder) => {
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarString(encoder, 'nonsense');
      },
      'acme/other',
    );
    client.edit((doc) => doc.getMap('m').set('still', 'here'));
    await client.until(() => client.acks === 2, 'the ack');
    expect(client.closed).toBeUndefined();
    await client.close();
  });

  it('shows nobody who is there without presence, in either protocol', async () => {
    const grants = [{ board: '**', access: 'read' as const, presence: false }];
    const watchers = [
      stockHocuspocus(node.url, 'acme/board', tokenFor('agent', grants)),
      stockYWebsocket(node.url, 'acme/board', tokenFor('exporter', grants)),
    ];
    for (const { awareness } of watchers) awareness?.setLocalStateField('mood', 'hidden');
    const seen = stockHocuspocus(node.url, 'acme/board', tokenFor('ada'));
    seen.awareness?.setLocalStateField('mood', 'seen');
    const visitor = stockHocuspocus(
      node.url,
      'acme/board',
      tokenFor('visitor', [{ board: '**', access: 'read' }]),
    );
    visitor.awareness?.setLocalStateField('mood', 'curious');
    const moods = (awareness: typeof seen.awareness) =>
      [...(awareness?.getStates().values() ?? [])].map((state) => state['mood']).sort();
    await eventually(() => moods(seen.awareness).join() === 'curious,seen');
    for (const { awareness } of watchers) {
      await eventually(() => moods(awareness).join() === 'curious,hidden,seen');
    }
    expect(moods(seen.awareness)).toEqual(['curious', 'seen']);
    for (const client of [...watchers, seen, visitor]) client.destroy();
  });

  it('changes the rights of a live connection with a new token, and ends it with a bad one', async () => {
    const client = await RawClient.open(node.url, 'acme/board', tokenFor('ada'));
    client.authenticate(tokenFor('ada', [{ board: 'acme/*', access: 'read' }]));
    client.edit((doc) => doc.getMap('m').set('downgraded', true));
    await client.until(() => client.refusals + client.acks === 2, 'an answer');
    client.edit((doc) => doc.getMap('m').set('downgraded', 'yes'));
    await client.until(() => client.refusals >= 1, 'the refusal');
    client.authenticate('nonsense');
    expect((await client.untilClosed()).code).toBe(4401);
  });
});
