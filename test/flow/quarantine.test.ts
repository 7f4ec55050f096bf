import { runCli, type TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { onDatabase } from '../support/log.ts';
import { metric } from '../support/metrics.ts';
import { createDatabase } from '../support/postgres.ts';
import { stockYWebsocket } from '../support/providers.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { startTestNode, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const admin = () => tokenFor('root', [{ board: '**', access: 'admin' }]);

describe('a board whose stored content cannot be read', () => {
  let redis: Redis;
  let databaseUrl: string;
  let one: TesseraNode;
  let two: TesseraNode;
  let board: string;
  let boards = 0;

  beforeAll(async () => {
    redis = await startRedis();
    databaseUrl = await createDatabase();
    const env = { DATABASE_URL: databaseUrl, REDIS_URL: redis.url };
    [one, two] = await Promise.all([startTestNode(env), startTestNode(env)]);
    await eventually(async () => (await metric(one.url, 'tessera_fanout_peers')) === 1);
  });

  afterAll(async () => {
    await Promise.all([one.close(), two.close()]);
    await redis.close();
  });

  const query = async (sql: string, ...params: unknown[]) =>
    (await onDatabase(databaseUrl, (client) => client.query(sql, params))).rows;

  const contentOf = (client: RawClient) => client.doc.getMap('content').toJSON();

  async function add(client: RawClient, key: string): Promise<void> {
    const acks = client.acks;
    client.edit((doc) => doc.getMap('content').set(key, key.toUpperCase()));
    await client.until(() => client.acks > acks, 'the ack');
  }

  /** Three rows of three people, none of which builds on another, and no node that has it in memory. */
  beforeEach(async () => {
    boards += 1;
    board = `acme/poison-${boards}`;
    for (const key of ['a', 'b', 'c']) {
      const client = await RawClient.open(one.url, board, tokenFor(key));
      await add(client, key);
      await client.close();
    }
    await eventually(() => one.loadedBoards === 0, { what: 'the board to be unloaded' });
  });

  /** Ruins the second row, and gives it back. */
  async function ruin(): Promise<() => Promise<unknown>> {
    const of = 'WHERE board = $1 AND seq = 2';
    const [row] = await query(`SELECT bytes FROM updates ${of}`, board);
    await query(`UPDATE updates SET bytes = '\\xdeadbeef' ${of}`, board);
    return () => query(`UPDATE updates SET bytes = $2 ${of}`, board, row.bytes);
  }

  async function expectRefused(node: TesseraNode, token = tokenFor()): Promise<void> {
    const client = new RawClient(node.url, board);
    await client.opened();
    client.authenticate(token);
    client.step1();
    client.edit((doc) => doc.getMap('content').set('lost', true));
    const { code, reason } = await client.untilClosed();
    expect(code).toBe(4500);
    expect(reason).toContain(`${board} is quarantined, an operator has to look`);
    expect(client.boardClosed ?? client.permissionDenied).toContain(
      'the update at seq 2 is corrupt',
    );
    expect([client.acks, client.synced]).toEqual([0, false]);
  }

  async function verify(...argv: string[]) {
    const printed: string[] = [];
    const code = await runCli(['verify', ...argv], {
      env: { DATABASE_URL: databaseUrl },
      print: (text) => printed.push(text),
      untilStopped: Promise.resolve(),
    });
    return { code, text: printed.join('\n') };
  }

  async function expectServed(node: TesseraNode, expected: object): Promise<void> {
    const client = await RawClient.open(node.url, board, tokenFor());
    expect(contentOf(client)).toEqual(expected);
    await client.close();
  }

  it('is marked once, and refused by every node with the reason; other boards go on', async () => {
    const marked = async () =>
      (await metric(one.url, 'tessera_quarantined_boards_total')) +
      (await metric(two.url, 'tessera_quarantined_boards_total'));
    const before = await marked();
    const mend = await ruin();
    await expectRefused(one);
    await expectRefused(two);
    await expectRefused(one, tokenFor('bob', [{ board: '**', access: 'read' }]));
    expect(await marked()).toBe(before + 1);

    const stock = stockYWebsocket(two.url, board, tokenFor());
    const code = await new Promise<number>((resolve) => {
      stock.provider.on('connection-close', (event: { code: number } | null) => {
        if (event) resolve(event.code);
      });
    });
    expect(code).toBe(4500);
    stock.destroy();

    const other = await RawClient.open(one.url, 'acme/sound', tokenFor());
    await add(other, 'x');
    await other.close();
    await mend();
    await verify('--release');
  });

  it('shows administrators what can be read of it, and nobody can write', async () => {
    const mend = await ruin();
    await expectRefused(one);
    const root = await RawClient.open(one.url, board, admin());
    expect(contentOf(root)).toEqual({ a: 'A', c: 'C' });
    expect(root.stateless[0]).toMatchObject({
      type: 'hello',
      access: 'read',
      quarantined: 'the update at seq 2 is corrupt',
    });
    await expectRefused(one);
    root.edit((doc) => doc.getMap('content').set('b', 'made up'));
    await root.until(() => root.refusals === 1, 'the refusal');
    root.authenticate(admin());
    root.edit((doc) => doc.getMap('content').set('b', 'with a new token'));
    await root.until(() => root.refusals === 2, 'the second refusal');
    await root.close();
    await eventually(() => one.loadedBoards === 0, { what: 'the board to be unloaded' });
    expect(
      await query(
        `SELECT head::int, (SELECT count(*)::int FROM updates WHERE board = id) AS rows,
          (SELECT count(*)::int FROM snapshots WHERE board = id) AS snapshots
        FROM boards WHERE id = $1`,
        board,
      ),
    ).toEqual([{ head: 3, rows: 3, snapshots: 0 }]);
    await mend();
    await verify('--release');
  });

  it('is listed by verify until it is mended and released, and then served again without a restart', async () => {
    const mend = await ruin();
    await expectRefused(two);
    const listed = await verify('--release');
    expect(listed.code).toBe(1);
    expect(listed.text).toMatch(
      new RegExp(`${board}: in quarantine since 2\\S+Z: the update at seq 2 is corrupt`),
    );
    await expectRefused(two);

    const root = await RawClient.open(two.url, board, admin());
    await mend();
    const mended = await verify();
    expect(mended.code).toBe(1);
    expect(mended.text).toContain(`${board}: sound by now; --release lets it go`);
    await expectRefused(one);
    const released = await verify('--release');
    expect(released.code).toBe(0);
    expect(released.text).toContain(`${board}: sound by now, released`);

    for (const node of [one, two]) await expectServed(node, { a: 'A', b: 'B', c: 'C' });
    expect((await root.untilClosed()).code).toBe(4500);
    const client = await RawClient.open(two.url, board, tokenFor());
    await add(client, 'd');
    await client.close();
    expect((await verify()).code).toBe(0);
  });

  it('is taken from those who have it in memory when another node finds it so', async () => {
    const client = await RawClient.open(one.url, board, tokenFor());
    const mend = await ruin();
    await expectRefused(two);
    const { code, reason } = await client.untilClosed();
    expect(code).toBe(4500);
    expect(reason).toContain('is quarantined');
    await expectRefused(one);
    await mend();
    await verify('--release');
    await expectServed(one, { a: 'A', b: 'B', c: 'C' });
  });
});
