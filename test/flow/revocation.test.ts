import { runCli, type TesseraNode } from '@tessera/server';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docsInLog, onDatabase } from '../support/log.ts';
import { metric } from '../support/metrics.ts';
import { createDatabase } from '../support/postgres.ts';
import { stockYWebsocket } from '../support/providers.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import {
  expectSound,
  removeFolder,
  SECRET,
  startTestNode,
  temporaryFolder,
  tokenFor,
} from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

/** By what must be in effect, with Redis. */
const WITHIN_MS = 1_000;
/** Without it. */
const WITHOUT_REDIS_WITHIN_MS = 5_000;

/** A token issued after any revocation so far, whose time is given in seconds. */
function nextToken(actor: string): string {
  const iat = Math.floor(Date.now() / 1000) + 1;
  const grants = [{ board: '**', access: 'write' }];
  return jwt.sign({ sub: actor, grants, iat, exp: iat + 60 }, SECRET);
}

async function revokeByCommand(args: string[], env: Record<string, string>) {
  const printed: string[] = [];
  const code = await runCli(['revoke', ...args], {
    env: { TESSERA_JWT_SECRET: SECRET, ...env },
    print: (text) => printed.push(text),
    untilStopped: Promise.resolve(),
  });
  return { code, text: printed.join('\n') };
}

async function refusedWith(node: TesseraNode, board: string, token: string) {
  const client = new RawClient(node.url, board);
  await client.opened();
  client.authenticate(token);
  const { code } = await client.untilClosed();
  return { code, denied: client.permissionDenied };
}

describe('revoking with two nodes on one database and one Redis', () => {
  let redis: Redis;
  let env: { DATABASE_URL: string; REDIS_URL: string };
  let one: TesseraNode;
  let two: TesseraNode;

  beforeAll(async () => {
    redis = await startRedis();
    env = { DATABASE_URL: await createDatabase(), REDIS_URL: redis.url };
    [one, two] = await Promise.all([startTestNode(env), startTestNode(env)]);
    await eventually(async () => (await metric(one.url, 'tessera_fanout_peers')) === 1);
  });

  afterAll(async () => {
    await Promise.all([one.close(), two.close()]);
    await redis.close();
    await expectSound(env.DATABASE_URL);
  });

  async function rowsBy(actor: string): Promise<number> {
    const { rows } = await onDatabase(env.DATABASE_URL, (database) =>
      database.query('SELECT count(*)::int AS count FROM updates WHERE actor = $1', [actor]),
    );
    return rows[0].count;
  }

  it('takes nothing after 1 s of a user revoked mid-edit on the other node, and keeps what was acked', async () => {
    const board = 'acme/mid-edit';
    const mallory = await RawClient.open(two.url, board, tokenFor('mallory'));
    const bystander = await RawClient.open(two.url, board, tokenFor('ada'));
    let sent = 0;
    // Goes on for as long as the socket lets it, and notes which edits were acked.
    const editing = setInterval(() => {
      mallory.edit((doc) => doc.getArray('list').push([sent]));
      sent += 1;
    }, 2);
    await mallory.until(() => mallory.acks > 100, 'edits of the user to be acked');
    const older = tokenFor('mallory', undefined, 300);
    const revokedAt = performance.now();
    await one.revoke({ user: 'mallory', reason: 'was impolite' });
    // In two steps, to know which one failed: being told, and the end of the socket.
    await mallory.until(() => mallory.permissionDenied !== undefined, 'the refusal');
    const { code, reason } = await mallory.untilClosed();
    expect(performance.now() - revokedAt).toBeLessThan(WITHIN_MS);
    clearInterval(editing);
    expect({ code, reason }).toEqual({
      code: 4401,
      reason: 'the token has been revoked: was impolite',
    });
    // Acks come in the order of the edits; the first one answered the initial sync.
    const acked = mallory.acks - 1;
    bystander.edit((doc) => doc.getMap('m').set('after', true));
    await bystander.until(() => bystander.acks === 2, 'an ack of somebody else');
    const rows = await rowsBy('mallory');
    const [doc] = await docsInLog(env.DATABASE_URL, [board]);
    const saved = doc?.getArray('list').toArray() ?? [];
    expect(saved.slice(0, acked)).toEqual(Array.from({ length: acked }, (_, index) => index));
    // Whatever they try now, on either node and with the same token or another of before.
    for (const node of [one, two]) {
      expect(await refusedWith(node, board, older)).toMatchObject({
        code: 4401,
        denied: expect.stringContaining('was impolite'),
      });
    }
    expect(await rowsBy('mallory')).toBe(rows);
    const back = await RawClient.open(two.url, board, nextToken('mallory'));
    await Promise.all([back.close(), bystander.close()]);
  });

  it('revokes one token by its jti, and leaves the other tokens of the user alone', async () => {
    const grants = [{ board: '**', access: 'write' }];
    const sign = (jwtid: string) =>
      jwt.sign({ sub: 'ada', grants }, SECRET, { expiresIn: 60, jwtid });
    const lost = await RawClient.open(one.url, 'acme/jti', sign('lost-phone'));
    const kept = await RawClient.open(one.url, 'acme/jti', sign('laptop'));
    const { code, text } = await revokeByCommand(['--token', 'lost-phone'], env);
    expect({ code, text }).toMatchObject({
      code: 0,
      text: expect.stringMatching(/^refused until/),
    });
    expect(text).not.toContain('5 s');
    expect((await lost.untilClosed()).code).toBe(4401);
    kept.edit((doc) => doc.getMap('m').set('a', 1));
    await kept.until(() => kept.acks === 2, 'the ack');
    await kept.close();
  });

  it('empties a board, keeps a user off one board, and says 4403 to the banned', async () => {
    const [ada, bob] = await Promise.all([
      RawClient.open(one.url, 'acme/emptied', tokenFor('ada')),
      RawClient.open(two.url, 'acme/emptied', tokenFor('bob')),
    ]);
    const elsewhere = await RawClient.open(two.url, 'acme/elsewhere', tokenFor('bob'));
    await one.revoke({ board: 'acme/emptied' });
    expect((await ada.untilClosed()).code).toBe(4401);
    expect((await bob.untilClosed()).code).toBe(4401);
    const again = await RawClient.open(two.url, 'acme/emptied', nextToken('bob'));
    const args = ['--user', 'bob', '--board', 'acme/emptied', '--until', 'forever'];
    await revokeByCommand([...args, '--reason', 'banned'], env);
    expect(await again.untilClosed()).toEqual({
      code: 4403,
      reason: 'the token does not grant this: banned',
    });
    expect((await refusedWith(one, 'acme/emptied', nextToken('bob'))).code).toBe(4403);
    expect(elsewhere.closed).toBeUndefined();
    await elsewhere.close();
  });

  it('closes y-websocket clients for good', async () => {
    const client = stockYWebsocket(two.url, 'acme/y', tokenFor('yvonne'));
    await eventually(() => client.provider.synced);
    const closed = new Promise<number>((resolve) => {
      client.provider.on('connection-close', (event: { code: number } | null) => {
        if (event) resolve(event.code);
      });
    });
    await one.revoke({ user: 'yvonne' });
    expect(await closed).toBe(4401);
    client.destroy();
  });

  it('refuses an older token that is shown on the open connection', async () => {
    const client = await RawClient.open(one.url, 'acme/refresh', nextToken('dora'));
    await one.revoke({ user: 'dora' });
    expect(client.closed).toBeUndefined();
    client.authenticate(tokenFor('dora', undefined, 300));
    expect((await client.untilClosed()).code).toBe(4401);
  });

  it('refuses who was let in before, and whose board is still being loaded', async () => {
    const client = new RawClient(two.url, 'acme/loading');
    await client.opened();
    await onDatabase(env.DATABASE_URL, async (database) => {
      await database.query('BEGIN; LOCK TABLE boards');
      client.authenticate(tokenFor('frank'));
      client.step1();
      await eventually(async () => {
        const waiting = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'boards'::regclass`;
        return (await database.query(waiting)).rows.length > 0;
      });
      await two.revoke({ user: 'frank' });
      await database.query('COMMIT');
    });
    expect((await client.untilClosed()).code).toBe(4401);
    expect(client.synced).toBe(false);
  });

  it('is remembered by nodes that start later', async () => {
    await one.revoke({ user: 'eve', until: 'forever' });
    const three = await startTestNode(env);
    expect((await refusedWith(three, 'acme/eve', nextToken('eve'))).code).toBe(4403);
    await three.close();
  });
});

describe('revoking without Redis', () => {
  it('reaches other nodes within 5 s, by command', async () => {
    const env = { DATABASE_URL: await createDatabase() };
    const node = await startTestNode(env);
    const client = await RawClient.open(node.url, 'acme/slow', tokenFor('mallory'));
    const revokedAt = performance.now();
    const { text } = await revokeByCommand(['--user', 'mallory'], env);
    expect(text).toContain('there is no REDIS_URL: nodes find it in the database within 5 s');
    expect((await client.untilClosed()).code).toBe(4401);
    expect(performance.now() - revokedAt).toBeLessThan(WITHOUT_REDIS_WITHIN_MS);
    await node.close();
  });

  it('works and lasts on the embedded store, by the call of its node', async () => {
    const folder = await temporaryFolder();
    const env = { TESSERA_DATA_DIR: folder };
    const node = await startTestNode(env);
    const client = await RawClient.open(node.url, 'acme/embedded', tokenFor('mallory'));
    await node.revoke({ user: 'mallory' });
    expect((await client.untilClosed()).code).toBe(4401);
    await node.close();
    const again = await startTestNode(env);
    const iat = Math.floor(Date.now() / 1000) - 60;
    const grants = [{ board: '**', access: 'write' }];
    const old = jwt.sign({ sub: 'mallory', grants, iat, exp: iat + 600 }, SECRET);
    expect((await refusedWith(again, 'acme/embedded', old)).code).toBe(4401);
    await again.close();
    await removeFolder(folder);
  });
});
