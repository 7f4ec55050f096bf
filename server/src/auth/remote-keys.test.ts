import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JwksServer, makeSigningKey } from '../../../test/support/jwks.ts';
import { eventually } from '../../../test/support/wait.ts';
import { RemoteKeys, type RemoteKeysTimes } from './remote-keys.ts';

const old = makeSigningKey('ES256', 'old');
const next = makeSigningKey('ES256', 'next');
const log = { warn: () => undefined, info: () => undefined };

describe('the keys of a JWK Set', () => {
  let server: JwksServer;
  let keys: RemoteKeys;

  beforeEach(async () => {
    server = await JwksServer.start([old]);
  });

  afterEach(async () => {
    keys.close();
    await server.close();
  });

  async function start(times: Partial<RemoteKeysTimes>): Promise<void> {
    keys = new RemoteKeys({ url: server.url, log, times });
    await eventually(() => server.requests === 1);
  }

  const find = (kid: string) => keys.find({ alg: 'ES256', kid });

  it('finds a key added later, when a token with it comes', async () => {
    await start({ coolDownMs: 0 });
    server.keys = [old, next];
    expect((await find('next')).export({ format: 'jwk' })).toMatchObject({ x: next.jwk['x'] });
    expect(server.requests).toBe(2);
    await find('old');
    expect(server.requests).toBe(2);
  });

  it('asks once for many unknown keys at a time, and not again until the cool-down is over', async () => {
    await start({ coolDownMs: 300 });
    await eventually(() => find('old'));
    const flood = () =>
      Promise.allSettled(Array.from({ length: 50 }, (_, index) => find(`unknown-${index}`)));
    for (const result of await flood()) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'keys-away' } });
    }
    expect(server.requests).toBe(1);
    await eventually(async () => (await flood()) && server.requests === 2);
    await flood();
    expect(server.requests).toBe(2);
  });

  it('cools down after a failure as well', async () => {
    server.isAway = true;
    await start({ coolDownMs: 60_000 });
    for (let index = 0; index < 20; index++) {
      await expect(find('old')).rejects.toMatchObject({
        code: 'keys-away',
        message: expect.stringContaining('HTTP 503'),
      });
    }
    expect(server.requests).toBe(1);
  });

  it('says for good that a key does not exist once it has asked', async () => {
    await start({ coolDownMs: 0 });
    await expect(find('unknown')).rejects.toMatchObject({ code: 'token-invalid' });
  });

  it('goes on with the keys it has while their server is away', async () => {
    await start({ coolDownMs: 0, refreshEveryMs: 20 });
    await eventually(() => find('old'));
    server.isAway = true;
    const { requests } = server;
    await eventually(() => server.requests > requests + 3);
    await find('old');
    await expect(find('next')).rejects.toMatchObject({ code: 'keys-away' });
    server.isAway = false;
    server.keys = [next];
    await find('next');
  });

  it('lets go of a key that was taken out of the set', async () => {
    await start({ coolDownMs: 0, refreshEveryMs: 20 });
    await eventually(() => find('old'));
    server.keys = [next];
    await eventually(() =>
      find('old').then(
        () => false,
        (error) => error.code === 'token-invalid',
      ),
    );
  });

  it('uses no key for an algorithm it is not for', async () => {
    await start({ coolDownMs: 0 });
    await eventually(() => find('old'));
    await expect(keys.find({ alg: 'RS256', kid: 'old' })).rejects.toMatchObject({
      code: 'token-invalid',
      message: expect.stringContaining('its key is not for RS256'),
    });
    expect(server.requests).toBe(1);
  });

  it('survives an answer that is no JWK Set', async () => {
    await start({ coolDownMs: 0 });
    await eventually(() => find('old'));
    server.keys = [{ ...next, jwk: { kid: 'next', kty: 'nothing' } }];
    await expect(find('next')).rejects.toMatchObject({ code: 'token-invalid' });
  });
});
