import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedTokenKeys } from '../auth/token-keys.ts';
import { createTokenVerifier } from '../auth/verify-token.ts';
import { parseSettings } from '../config.ts';
import { startNode } from '../node.ts';
import { runCli } from './run.ts';

const SECRET = 'a secret that only the tests know, 32+';

describe('tessera', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-cli-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function run(argv: string[], env: Record<string, string> = {}) {
    const printed: string[] = [];
    const code = await runCli(argv, {
      env: { TESSERA_DATA_DIR: folder, ...env },
      print: (text) => printed.push(text),
      untilStopped: Promise.resolve(),
    });
    return { code, text: printed.join('\n') };
  }

  it('lists its commands, and complains of one it does not have', async () => {
    expect(await run([])).toMatchObject({ code: 0, text: expect.stringContaining('verify') });
    expect(await run(['--help'])).toMatchObject({ code: 0 });
    expect(await run(['dance'])).toMatchObject({ code: 2, text: expect.stringContaining('serve') });
  });

  it.each(['serve', 'token', 'revoke', 'migrate', 'verify'])('explains %s', async (name) => {
    const { code, text } = await run([name, '--help']);
    expect(code).toBe(0);
    expect(text).toContain(`tessera ${name}`);
  });

  it('makes tokens that a node accepts', async () => {
    const argv = ['token', '--board', 'acme/*', '--board', 'demo/x', '--access', 'read'];
    const { code, text } = await run([...argv, '--sub', 'ada', '--name', 'Ada', '--id', 'one'], {
      TESSERA_JWT_SECRET: SECRET,
      TESSERA_JWT_AUDIENCE: 'tessera',
    });
    expect(code).toBe(0);
    const verify = createTokenVerifier({
      keys: fixedTokenKeys(SECRET, undefined),
      remoteKeys: undefined,
      audience: 'tessera',
      issuer: undefined,
      leewayS: 0,
      maxLifetimeS: 3600,
    });
    expect(await verify(text)).toMatchObject({
      actor: 'ada',
      tokenId: 'one',
      name: 'Ada',
      grants: [
        { board: 'acme/*', access: 'read' },
        { board: 'demo/x', access: 'read' },
      ],
    });
  });

  it('makes tokens with the secret kept in the data folder', async () => {
    const first = await run(['token', '--board', 'a']);
    expect(first.text.split('.').length).toBe(3);
  });

  it.each([
    [['token'], /--board is missing/],
    [['token', '--board', 'a b'], /pattern/],
    [['token', '--board', 'a', '--access', 'own'], /a setting is bad/],
    [['token', '--board', 'a', '--expires', 'soon'], /--expires takes seconds/],
    [['token', '--colour', 'red'], /Unknown option/],
    [['serve', '--port', 'x'], /PORT/],
    [['revoke'], /nothing to revoke: give a user, a token or a board/],
    [['revoke', '--user', ''], /user: it needs 1 to 255 characters/],
    [['revoke', '--board', 'a b'], /not a board id/],
    [['revoke', '--user', 'ada', '--until', 'soon'], /--until takes an ISO date or "forever"/],
    [['revoke', '--user', 'ada', '--until', '2020-01-01'], /date that is still to come/],
    [['revoke', '--users', 'ada'], /Unknown option/],
    [['migrate', '--database-url', 'postgres://127.0.0.1:1/none'], /refused|ECONNREFUSED/],
  ])('says what is wrong with %j', async (argv, problem) => {
    const { code, text } = await run(argv, { TESSERA_JWT_SECRET: SECRET });
    expect(code).toBe(2);
    expect(text).toMatch(problem);
  });

  it('has nothing to sign with when only a public key is set', async () => {
    const { code, text } = await run(['token', '--board', 'a'], {
      TESSERA_JWT_PUBLIC_KEY: '-----BEGIN PUBLIC KEY-----',
    });
    expect(code).toBe(2);
    expect(text).toMatch(/nothing to sign with/);
  });

  it('migrates, serves with a snippet to paste, and verifies', async () => {
    const data = join(folder, 'store');
    expect((await run(['migrate', '--data-dir', data])).text).toMatch(/applied 0001/);
    expect((await run(['migrate', '--data-dir', data])).text).toBe('nothing to do');
    const served = await run(['serve', '--data-dir', data, '--port', '0', '--log-level', 'silent']);
    expect(served.code).toBe(0);
    expect(served.text).toMatch(/Console +http:\/\/127\.0\.0\.1:\d+\//);
    expect(served.text).toMatch(/token: 'ey/);
    const verified = await run(['verify', '--data-dir', data]);
    expect(verified).toEqual({ code: 0, text: '0 boards are sound, 0 are not' });
  });

  it('revokes in an embedded store that no node has open, and says who has it otherwise', async () => {
    const data = join(folder, 'revoking');
    const revoke = (...more: string[]) =>
      run(['revoke', '--data-dir', data, '--user', 'ada', ...more]);
    expect(await revoke('--reason', 'left')).toMatchObject({
      code: 0,
      text: expect.stringMatching(/^refused, if issued until 2.*Z, until 2.*Z: user ada$/),
    });
    expect((await revoke('--until', 'forever')).text).toBe('refused for ever: user ada');
    const node = await startNode(parseSettings(['--data-dir', data, '--port', '0'], {}));
    const inUse = await revoke();
    await node.close();
    expect(inUse).toMatchObject({ code: 2, text: expect.stringContaining('is in use by process') });
  });

  it('serves without a snippet when it has only keys to check tokens with', async () => {
    const served = await run(['serve', '--data-dir', join(folder, 'keys'), '--port', '0'], {
      TESSERA_JWKS_URL: 'http://127.0.0.1:1/keys',
      LOG_LEVEL: 'silent',
    });
    expect(served.code).toBe(0);
    expect(served.text).toContain('Console');
    expect(served.text).not.toContain('token:');
  });

  it('refuses a port that is taken, and a key that is none', async () => {
    const stop = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<string>();
    const first = runCli(['serve', '--data-dir', join(folder, 'one'), '--port', '0'], {
      env: {},
      print: ready.resolve,
      untilStopped: stop.promise,
    });
    const port = /Console +http:\/\/127\.0\.0\.1:(\d+)/.exec(await ready.promise)?.[1] ?? '';
    const second = await run(['serve', '--data-dir', join(folder, 'two'), '--port', port]);
    expect(second.code).toBe(2);
    expect(second.text).toContain(`cannot listen on 127.0.0.1:${port}`);
    stop.resolve();
    expect(await first).toBe(0);
    const noKey = await run(['serve', '--data-dir', join(folder, 'three')], {
      TESSERA_JWT_PUBLIC_KEY: '-----BEGIN NOTHING-----',
    });
    expect(noKey).toMatchObject({
      code: 2,
      text: expect.stringContaining('TESSERA_JWT_PUBLIC_KEY'),
    });
  });
});
