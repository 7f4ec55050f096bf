import type { TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onDatabase } from '../support/log.ts';
import { metric } from '../support/metrics.ts';
import { createDatabase } from '../support/postgres.ts';
import { stockHocuspocus, stockYWebsocket } from '../support/providers.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { expectSound, startTestNode, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

async function headOf(databaseUrl: string): Promise<unknown> {
  const { rows } = await onDatabase(databaseUrl, (database) =>
    database.query('SELECT head::int FROM boards'),
  );
  return rows[0]?.head;
}

describe('two nodes on one database and one Redis', () => {
  let redis: Redis;
  let databaseUrl: string;
  let one: TesseraNode;
  let two: TesseraNode;
  const clients: RawClient[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    databaseUrl = await createDatabase();
    const env = { DATABASE_URL: databaseUrl, REDIS_URL: redis.url };
    [one, two] = await Promise.all([startTestNode(env), startTestNode(env)]);
    await eventually(async () => (await metric(one.url, 'tessera_fanout_peers')) === 1);
  });

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all([one.close(), two.close()]);
    await redis.close();
    await expectSound(databaseUrl);
  });

  async function open(node: TesseraNode, board: string, actor = 'ada'): Promise<RawClient> {
    const client = await RawClient.open(node.url, board, tokenFor(actor));
    clients.push(client);
    return client;
  }

  const listOf = (client: RawClient) => client.doc.getArray('list').toArray();
  const push = (client: RawClient, ...values: unknown[]) =>
    client.edit((doc) => doc.getArray('list').push(values));

  it('show each other every edit, in both directions, and read nothing from the log for it', async () => {
    const [ada, bob] = [await open(one, 'acme/both'), await open(two, 'acme/both')];
    const readsBefore = await metric(two.url, 'tessera_catch_up_reads_total');
    for (let i = 0; i < 50; i++) {
      push(ada, `a${i}`);
      push(bob, `b${i}`);
    }
    await ada.until(() => listOf(ada).length === 100, 'the edits of the other node');
    await bob.until(() => listOf(bob).length === 100, 'the edits of the other node');
    expect(listOf(ada)).toEqual(listOf(bob));
    await ada.until(() => ada.acks === 51, 'all acks');
    await bob.until(() => bob.acks === 51, 'all acks');
    expect(await metric(two.url, 'tessera_catch_up_reads_total')).toBe(readsBefore);
  });

  it('write down once what both have', async () => {
    const [ada, bob] = [await open(one, 'acme/once'), await open(two, 'acme/once')];
    push(ada, 'only');
    await bob.until(() => listOf(bob).length === 1, 'the edit of the other node');
    const { rows } = await onDatabase(databaseUrl, (database) =>
      database.query(`SELECT seq FROM updates WHERE board = 'acme/once'`),
    );
    expect(rows).toHaveLength(1);
  });

  it('fetch from the log what is too large for the wire', async () => {
    const [ada, bob] = [await open(one, 'acme/large'), await open(two, 'acme/large')];
    push(ada, 'x'.repeat(200_000));
    // Well before the heads are compared.
    await bob.until(() => listOf(bob).length === 1, 'the large edit', 2_000);
  });

  it('miss nothing that is committed while a board is being opened', async () => {
    const ada = await open(one, 'acme/opening');
    let sent = 0;
    const editing = setInterval(() => push(ada, sent++), 1);
    for (let round = 0; round < 20; round++) {
      const bob = await RawClient.open(two.url, 'acme/opening', tokenFor('bob'));
      const seen = sent;
      await bob.until(() => listOf(bob).length >= seen, `the first ${seen} edits`, 1_500);
      await bob.close();
      await eventually(async () => (await metric(two.url, 'tessera_boards_loaded')) === 3);
    }
    clearInterval(editing);
  });

  it('take an edit that leans on one the node has not got yet', async () => {
    const [ada, bob] = [await open(one, 'acme/leaning'), await open(two, 'acme/leaning')];
    // As a client does that moves to another node faster than its edits.
    const first = ada.makeUpdate((doc) => doc.getArray('list').push(['first']));
    const second = ada.makeUpdate((doc) => doc.getArray('list').push(['second']));
    bob.answers = false;
    bob.sendUpdate(second);
    ada.sendUpdate(first);
    await bob.until(() => listOf(bob).length === 2, 'both edits');
    await bob.until(() => bob.acks === 2, 'the ack of the second');
    await ada.until(() => ada.acks === 2, 'the ack of the first');
  });

  it('are subscribed to exactly what they have loaded', async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    const idle = async (node: TesseraNode) =>
      (await metric(node.url, 'tessera_boards_loaded')) === 0 &&
      (await metric(node.url, 'tessera_fanout_subscriptions')) === 0;
    await eventually(() => idle(one));
    await eventually(() => idle(two));
    const boards = ['acme/s1', 'acme/s2', 'acme/s3'];
    for (const board of boards) await open(one, board);
    await open(two, 'acme/s1');
    expect(await metric(one.url, 'tessera_fanout_subscriptions')).toBe(3);
    expect(await metric(two.url, 'tessera_fanout_subscriptions')).toBe(1);
  });

  it('show people on both, with stock clients of both protocols', async () => {
    const ada = stockHocuspocus(one.url, 'acme/people', tokenFor('ada'));
    const bob = stockYWebsocket(two.url, 'acme/people', tokenFor('bob'));
    const show = (client: typeof ada | typeof bob, cursor: number) =>
      client.awareness?.setLocalStateField('cursor', cursor);
    const seen = (by: typeof ada | typeof bob, client: typeof ada | typeof bob) =>
      by.awareness?.getStates().get(client.doc.clientID) as
        | { cursor: number; user: { id: string } }
        | undefined;
    show(ada, 1);
    show(bob, 2);
    await eventually(() => seen(bob, ada)?.cursor === 1);
    await eventually(() => seen(ada, bob)?.cursor === 2);
    expect(seen(bob, ada)?.user.id).toBe('ada');
    show(ada, 3);
    await eventually(() => seen(bob, ada)?.cursor === 3);
    ada.destroy();
    await eventually(() => seen(bob, ada) === undefined, { timeoutMs: 1_000 });
    bob.destroy();
  });

  it('send a kicked actor away wherever it is connected, and nobody else', async () => {
    const [here, there] = [
      await open(one, 'acme/kick', 'mallory'),
      await open(two, 'acme/kick', 'mallory'),
    ];
    const [other, bystander] = [
      await open(two, 'acme/other', 'mallory'),
      await open(two, 'acme/kick', 'ada'),
    ];
    one.kick({ actor: 'mallory', board: 'acme/kick', reason: 'was impolite' });
    for (const kicked of [here, there]) {
      expect(await kicked.untilClosed()).toMatchObject({
        code: 4403,
        reason: expect.stringContaining('was impolite'),
      });
    }
    push(bystander, 'still here');
    push(other, 'and I on another board');
    await bystander.until(() => bystander.acks === 2, 'the ack');
    await other.until(() => other.acks === 2, 'the ack');
    one.kick({ actor: 'mallory', board: undefined, reason: 'for good' });
    expect((await other.untilClosed()).code).toBe(4403);
    expect(bystander.closed).toBeUndefined();
  });

  it('let go of a board that was reset, and serve the new one', async () => {
    const old = [await open(one, 'acme/reset'), await open(two, 'acme/reset')];
    push(old[0] as RawClient, 'old');
    await old[1]?.until(() => listOf(old[1] as RawClient).length === 1, 'the edit');
    await onDatabase(databaseUrl, (database) =>
      database.query(`BEGIN; SELECT 1 FROM boards WHERE id = 'acme/reset' FOR UPDATE;
      DELETE FROM updates WHERE board = 'acme/reset';
      UPDATE boards SET epoch = gen_random_uuid(), head = 0, snapshot_seq = 0 WHERE id = 'acme/reset'; COMMIT`),
    );
    one.boardWasReset('acme/reset');
    for (const client of old) expect((await client.untilClosed()).code).toBe(4409);
    const fresh = [await open(one, 'acme/reset'), await open(two, 'acme/reset')];
    push(fresh[0] as RawClient, 'new');
    await fresh[1]?.until(() => listOf(fresh[1] as RawClient).length === 1, 'the new edit');
    expect(listOf(fresh[1] as RawClient)).toEqual(['new']);
  });
});

describe('a database that fails over to a copy without the newest commits', () => {
  it('gets them back from the clients', async () => {
    const databaseUrl = await createDatabase();
    const node = await startTestNode({ DATABASE_URL: databaseUrl });
    const ada = stockYWebsocket(node.url, 'acme/fell-back', tokenFor('ada'));
    const bob = await RawClient.open(node.url, 'acme/fell-back', tokenFor('bob'));
    for (const value of ['kept', 'lost']) {
      ada.doc.getArray('list').push([value]);
      await bob.until(() => bob.doc.getArray('list').toArray().includes(value), value);
      await eventually(async () => (await headOf(databaseUrl)) === bob.doc.getArray('list').length);
    }
    await onDatabase(databaseUrl, (database) =>
      database.query('UPDATE boards SET head = 1; DELETE FROM updates WHERE seq > 1'),
    );
    expect((await bob.untilClosed()).code).toBe(4500);
    await eventually(async () => (await headOf(databaseUrl)) === 2, { timeoutMs: 15_000 });
    const carol = await RawClient.open(node.url, 'acme/fell-back', tokenFor('carol'));
    expect(carol.doc.getArray('list').toArray()).toEqual(['kept', 'lost']);
    ada.destroy();
    await Promise.all([bob.close(), carol.close()]);
    await node.close();
    await expectSound(databaseUrl);
  });
});

describe('two nodes on one database without Redis', () => {
  it('converge all the same, by reading the log', async () => {
    const env = { DATABASE_URL: await createDatabase() };
    const [one, two] = await Promise.all([startTestNode(env), startTestNode(env)]);
    const ada = await RawClient.open(one.url, 'acme/slow', tokenFor('ada'));
    const bob = await RawClient.open(two.url, 'acme/slow', tokenFor('bob'));
    ada.edit((doc) => doc.getMap('m').set('a', 1));
    await bob.until(() => bob.doc.getMap('m').get('a') === 1, 'the edit', 8_000);
    await Promise.all([ada.close(), bob.close()]);
    await Promise.all([one.close(), two.close()]);
  });
});
