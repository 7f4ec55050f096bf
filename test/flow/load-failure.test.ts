import type { TesseraNode } from '@tessera/server';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stockYWebsocket } from '../support/providers.ts';
import { RawClient } from '../support/raw-client.ts';
import { expectSound, startNodeOnPostgres, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const EMPTY_EPOCH = '00000000-0000-0000-0000-000000000000';

describe('a board that cannot be loaded', () => {
  let node: TesseraNode;
  let database: pg.Client;

  beforeAll(async () => {
    node = await startNodeOnPostgres();
    database = new pg.Client({ connectionString: node.settings.databaseUrl });
    await database.connect();
  });

  afterAll(async () => {
    await database.end();
    await node.close();
  });

  async function makeBoard(board: string) {
    const client = await RawClient.open(node.url, board, tokenFor());
    client.edit((doc) => doc.getMap('m').set('content', 'there'));
    await client.until(() => client.acks === 2, 'the ack');
    await client.close();
    // Its node unloads it once the socket is gone; the damage would not be read before.
    await eventually(() => node.loadedBoards === 0, { what: 'the board to be unloaded' });
  }

  async function expectRefused(board: string) {
    const client = new RawClient(node.url, board);
    await client.opened();
    client.authenticate(tokenFor());
    client.step1();
    client.edit((doc) => doc.getMap('m').set('content', 'overwritten'));
    const { code, reason } = await client.untilClosed();
    expect(code).toBe(4500);
    expect(reason).toContain(board);
    expect(client.acks).toBe(0);
    expect(client.synced).toBe(false);
  }

  it('closes its clients with an error naming it, and is not overwritten; others go on', async () => {
    const board = 'acme/corrupt';
    await makeBoard(board);
    await makeBoard('acme/sound');
    await database.query(
      `INSERT INTO snapshots (board, epoch, seq, bytes)
       SELECT id, epoch, head, '\\xdeadbeef' FROM boards WHERE id = $1`,
      [board],
    );
    await expectRefused(board);

    const stock = stockYWebsocket(node.url, board, tokenFor());
    const closed = await new Promise<{ code: number; reason: string }>((resolve) => {
      stock.provider.on('connection-close', (event: { code: number; reason: string } | null) => {
        if (event) resolve(event);
      });
    });
    expect(closed.code).toBe(4500);
    expect(closed.reason).toContain(board);
    stock.destroy();

    const { rows } = await database.query(
      `SELECT head::int, (SELECT count(*)::int FROM updates WHERE board = id) AS rows,
        (SELECT encode(bytes, 'hex') FROM snapshots WHERE board = id) AS snapshot
       FROM boards WHERE id = $1`,
      [board],
    );
    expect(rows).toEqual([{ head: 1, rows: 1, snapshot: 'deadbeef' }]);

    const other = await RawClient.open(node.url, 'acme/sound', tokenFor());
    other.edit((doc) => doc.getMap('m').set('content', 'fine'));
    await other.until(() => other.acks === 2, 'the ack');
    await other.close();

    await database.query('DELETE FROM snapshots WHERE board = $1', [board]);
    await expectRefused(board);
    // Nobody loads it again before somebody says so (quarantine.test.ts).
    await expectSound(node.settings.databaseUrl ?? '', ['--release']);
    const repaired = await RawClient.open(node.url, board, tokenFor());
    expect(repaired.doc.getMap('m').get('content')).toBe('there');
    await repaired.close();
  });

  it('is refused as well when a row of its log is missing', async () => {
    const board = 'acme/gap';
    await makeBoard(board);
    await database.query('UPDATE boards SET head = head + 1 WHERE id = $1', [board]);
    await expectRefused(board);
  });

  it('that was reset under its clients closes them with 4409 and acks nothing', async () => {
    const board = 'acme/reset';
    const client = await RawClient.open(node.url, board, tokenFor());
    await database.query('UPDATE boards SET epoch = $2 WHERE id = $1', [board, EMPTY_EPOCH]);
    client.edit((doc) => doc.getMap('m').set('a', 1));
    const { code } = await client.untilClosed();
    expect(code).toBe(4409);
    expect(client.acks).toBe(1);
    const again = await RawClient.open(node.url, board, tokenFor());
    await again.until(() => again.stateless.length > 0, 'the greeting');
    expect(again.stateless[0]).toMatchObject({ epoch: EMPTY_EPOCH, head: 0 });
    await again.close();
  });
});
