import type { TesseraNode } from '@tessera/server';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { RawClient } from '../support/raw-client.ts';
import { startNodeOnPostgres, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

describe('acks', () => {
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

  const open = (board: string, actor = 'ada') => RawClient.open(node.url, board, tokenFor(actor));

  let blocker: pg.Client | undefined;

  /** Locks the table, so that no commit of the log can finish before `releaseCommits`. */
  async function blockCommits() {
    blocker = new pg.Client({ connectionString: node.settings.databaseUrl });
    await blocker.connect();
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE boards IN EXCLUSIVE MODE');
  }

  async function releaseCommits() {
    await blocker?.end();
    blocker = undefined;
  }

  // A test that fails must not leave the others waiting for the lock.
  afterEach(releaseCommits);

  async function rows(board: string) {
    const result = await database.query(
      'SELECT seq::int, actor, bytes FROM updates WHERE board = $1 ORDER BY seq',
      [board],
    );
    return result.rows as { seq: number; actor: string; bytes: Buffer }[];
  }

  it('come after the commit, while peers see the edit at once', async () => {
    const [ada, bob] = [await open('acme/ack'), await open('acme/ack', 'bob')];
    await blockCommits();
    const acksBefore = ada.acks;
    ada.edit((doc) => doc.getMap('m').set('a', 1));
    await bob.until(() => bob.doc.getMap('m').get('a') === 1, 'the edit at a peer');
    expect(ada.acks).toBe(acksBefore);
    expect(await rows('acme/ack')).toEqual([]);
    await releaseCommits();
    await ada.until(() => ada.acks === acksBefore + 1, 'the ack');
    expect(await rows('acme/ack')).toMatchObject([{ seq: 1, actor: 'ada' }]);
    await Promise.all([ada.close(), bob.close()]);
  });

  it('wait also for what another client wrote and this one repeats', async () => {
    const [ada, bob] = [await open('acme/repeat'), await open('acme/repeat', 'bob')];
    await blockCommits();
    const update = ada.edit((doc) => doc.getMap('m').set('a', 1));
    await bob.until(() => bob.doc.getMap('m').get('a') === 1, 'the edit at a peer');
    const acksBefore = bob.acks;
    bob.sendUpdate(update); // changes nothing, raises no update event, and is not committed yet
    bob.step1();
    bob.synced = false;
    await bob.until(() => bob.synced, 'an answer that came after the repeated update');
    expect(bob.acks).toBe(acksBefore);
    await releaseCommits();
    await bob.until(() => bob.acks >= acksBefore + 1, 'the ack');
    await Promise.all([ada.close(), bob.close()]);
  });

  it('do not come for an update with missing dependencies until it is whole', async () => {
    const client = await open('acme/missing');
    client.answers = false; // as if it had lost the first update
    const first = client.makeUpdate((doc) => doc.getText('t').insert(0, 'a'));
    const second = client.makeUpdate((doc) => doc.getText('t').insert(1, 'b'));
    const acksBefore = client.acks;
    client.sendUpdate(second);
    client.synced = false;
    client.step1();
    await client.until(() => client.synced, 'an answer that came after the incomplete update');
    expect(client.acks).toBe(acksBefore);
    expect(await rows('acme/missing')).toEqual([]);

    const other = await open('acme/missing', 'bob');
    other.edit((doc) => doc.getMap('m').set('others', 'are not held up'));
    await other.until(() => other.acks === 2, 'the ack of somebody else');

    client.sendUpdate(first);
    await client.until(() => client.acks === acksBefore + 2, 'both acks');
    const reader = await open('acme/missing', 'carol');
    expect(reader.doc.getText('t').toString()).toBe('ab');
    await Promise.all([client.close(), other.close(), reader.close()]);
  });

  it('are asked of the client when dependencies are missing, who then sends them', async () => {
    const client = await open('acme/ask');
    client.makeUpdate((doc) => doc.getText('t').insert(0, 'a')); // never sent
    client.edit((doc) => doc.getText('t').insert(1, 'b'));
    // One ack for the one update it sent: the answer to the question is not counted by clients.
    await client.until(() => client.acks === 2, 'the ack');
    const reader = await open('acme/ask', 'bob');
    expect(reader.doc.getText('t').toString()).toBe('ab');
    await Promise.all([client.close(), reader.close()]);
  });

  it('leave a gap-free log in the order of the commits', async () => {
    const clients = await Promise.all(
      ['ada', 'bob', 'carol'].map((actor) => open('acme/order', actor)),
    );
    for (let i = 0; i < 50; i++) {
      for (const client of clients) client.edit((doc) => doc.getArray('list').push([i]));
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    for (const client of clients) await client.until(() => client.acks === 51, 'all acks');
    const log = await rows('acme/order');
    expect(log.map((row) => row.seq)).toEqual(log.map((_, index) => index + 1));
    const doc = new Y.Doc();
    for (const row of log) Y.applyUpdate(doc, row.bytes);
    expect(doc.getArray('list').length).toBe(150);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('are dropped with a socket that closes first, and the board stays in memory until it is saved', async () => {
    const ada = await open('acme/leave');
    const bob = await open('acme/leave', 'bob');
    await blockCommits();
    ada.edit((doc) => doc.getMap('m').set('a', 1));
    await bob.until(() => bob.doc.getMap('m').get('a') === 1, 'the edit at a peer');
    await Promise.all([ada.close(), bob.close()]);
    await eventually(() => node.openSockets === 0, { what: 'everybody has left' });

    // Not in the database yet: a board loaded anew would not have it.
    const carol = new RawClient(node.url, 'acme/leave');
    await carol.opened();
    carol.authenticate(tokenFor('carol'));
    carol.step1();
    await carol.until(() => carol.synced, 'the state');
    expect(carol.doc.getMap('m').get('a')).toBe(1);
    await carol.close();
    await releaseCommits();
    await eventually(() => node.loadedBoards === 0, { what: 'the board is unloaded' });
    expect((await rows('acme/leave')).length).toBe(1);
  });
});
