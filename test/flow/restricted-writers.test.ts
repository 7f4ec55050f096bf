import { createWidget, setState, stateOf } from '@tessera/model';
import type { TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import {
  type Allowed,
  contentOf,
  grants,
  makeBoard,
  rejectionsOf,
  showPresence,
} from '../support/grant-cases.ts';
import { metric } from '../support/metrics.ts';
import { createDatabase } from '../support/postgres.ts';
import { stockHocuspocus, stockYWebsocket } from '../support/providers.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { expectSound, startTestNode, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const someWidgets: Allowed = { access: 'read', widgets: { 'open-*': 'write' } };

describe('writers of some widgets', () => {
  let redis: Redis;
  let databaseUrl: string;
  let one: TesseraNode;
  let two: TesseraNode;
  let boards = 0;
  const open: { close(): Promise<void> | void }[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    databaseUrl = await createDatabase();
    const env = { DATABASE_URL: databaseUrl, REDIS_URL: redis.url };
    [one, two] = await Promise.all([startTestNode(env), startTestNode(env)]);
    await eventually(async () => (await metric(one.url, 'tessera_fanout_peers')) === 1);
  });

  afterAll(async () => {
    for (const client of open) await client.close();
    await Promise.all([one.close(), two.close()]);
    await redis.close();
    await expectSound(databaseUrl);
  });

  /** A board on the first node with Ada, who may write all of it, and Mallory, who may not. */
  async function newBoard(allowed = someWidgets) {
    boards += 1;
    const board = `acme/restricted-${boards}`;
    const ada = await join(board, { access: 'write' }, one, 'ada');
    ada.edit(makeBoard);
    await ada.until(() => ada.acks === 2, 'the board to be made');
    return { board, ada, mallory: await join(board, allowed) };
  }

  async function join(board: string, allowed: Allowed, node = one, actor = 'mallory') {
    const client = await RawClient.open(node.url, board, tokenFor(actor, [{ board, ...allowed }]));
    showPresence(client);
    open.push(client);
    return client;
  }

  /** All that the clients sent and got before is dealt with, and they hold the same. */
  async function expectEqual(...clients: RawClient[]): Promise<void> {
    for (const client of clients) {
      client.synced = false;
      client.step1();
      await client.until(() => client.synced, 'a sync');
    }
    const [first, ...others] = clients.map(({ doc }) => contentOf(doc));
    for (const other of others) expect(other).toEqual(first);
  }

  const said = (client: RawClient, type: string) =>
    client.stateless.filter((message) => message['type'] === type);

  it('are told what they may write when they join, and again when it changes', async () => {
    const { board, mallory } = await newBoard();
    expect(said(mallory, 'hello')).toMatchObject([someWidgets]);
    mallory.authenticate(tokenFor('mallory', [{ board, access: 'admin' }]));
    await mallory.until(() => said(mallory, 'access').length === 1, 'the new rights');
    expect(said(mallory, 'access')).toEqual([{ type: 'access', access: 'admin' }]);
    mallory.edit((doc) => setState(doc, 'shut-1', { key: 'may' }));
    await mallory.until(() => mallory.acks === 2, 'the ack');
    mallory.authenticate(tokenFor('mallory', [{ board, ...someWidgets }]));
    await mallory.until(() => said(mallory, 'access').length === 2, 'the new rights');
    mallory.edit((doc) => setState(doc, 'shut-1', { key: 'may not' }));
    await mallory.until(() => mallory.refusals === 1, 'the refusal');
    mallory.authenticate(tokenFor('mallory', [{ board, ...someWidgets }]));
    mallory.edit((doc) => setState(doc, 'open-1', { key: 'may' }));
    await mallory.until(() => mallory.acks === 3, 'the ack');
    expect(said(mallory, 'access')).toHaveLength(2);
  });

  it('are told why, and the node counts what it refuses', async () => {
    const before = await metric(one.url, 'tessera_refused_edits_total');
    const { mallory } = await newBoard();
    mallory.edit((doc) => {
      setState(doc, 'open-1', { new: 1 });
      setState(doc, 'shut-1', { new: 1 });
      doc.getMap('else').set('new', 1);
    });
    await mallory.until(() => mallory.refusals === 1, 'the refusal');
    expect(said(mallory, 'rejected')).toEqual([
      {
        type: 'rejected',
        widgets: ['shut-1'],
        roots: ['else'],
        reason: 'widget shut-1, the root type else may be read but not edited with this token',
      },
    ]);
    expect(await metric(one.url, 'tessera_refused_edits_total')).toBe(before + 2);
  });

  it('do not make boards, which takes the right to write all of it', async () => {
    const refusedWith = async (allowed: Allowed) => {
      const client = new RawClient(one.url, 'acme/not-there');
      open.push(client);
      await client.opened();
      client.authenticate(tokenFor('mallory', [{ board: 'acme/*', ...allowed }]));
      return (await client.untilClosed()).code;
    };
    expect(await refusedWith(someWidgets)).toBe(4404);
    await join('acme/not-there', { access: 'write', widgets: { 'shut-*': 'read' } });
  });

  it('can go on after a refusal, with an old copy and with a new one', async () => {
    const { board, ada, mallory } = await newBoard();
    mallory.edit((doc) => {
      setState(doc, 'shut-1', { key: 'refused' });
      createWidget(doc, { id: 'open-new', type: 't', version: 1 });
    });
    await mallory.until(() => mallory.refusals === 1, 'the refusal');
    mallory.edit((doc) => setState(doc, 'open-new', { key: 'taken' }));
    await mallory.until(() => mallory.acks === 2, 'the ack');
    const again = await join(board, someWidgets);
    again.edit((doc) => setState(doc, 'open-new', { key: 'taken too' }));
    await again.until(() => again.acks === 2, 'the ack');
    await expectEqual(ada, again);
    expect(stateOf(ada.doc, 'open-new').toJSON()).toEqual({ key: 'taken too' });
    expect(stateOf(ada.doc, 'shut-1').get('key')).toBe('old');
  });

  it('do not hold up what others make when they pass it on before it is here', async () => {
    const { ada, mallory } = await newBoard();
    // Ada's edits have reached Mallory over a node that is gone, and this one not yet.
    const update = ada.makeUpdate((doc) => {
      setState(doc, 'shut-1', { key: 'of Ada' });
      setState(doc, 'open-1', { key: 'of Ada' });
    });
    Y.applyUpdate(mallory.doc, update);
    mallory.makeUpdate((doc) => setState(doc, 'open-2', { key: 'of Mallory' }));
    mallory.step1();
    await mallory.until(() => mallory.refusals === 1, 'the refusal');
    expect(rejectionsOf(mallory).widgets).toEqual(['open-1', 'shut-1']);
    await expectEqual(ada);
    expect(stateOf(ada.doc, 'open-2').get('key')).toBe('of Mallory');
    ada.sendUpdate(update);
    await ada.until(() => ada.acks >= 4, 'the ack');
    await expectEqual(ada, mallory);
    const later = await join(ada.board, { access: 'read' });
    expect(contentOf(later.doc)).toEqual(contentOf(ada.doc));
    expect(stateOf(later.doc, 'shut-1').get('key')).toBe('of Ada');
  });

  it('do not either when they show no presence, and can go on after a refusal all the same', async () => {
    const { board, ada } = await newBoard();
    const token = tokenFor('mallory', [{ board, ...someWidgets }]);
    const mallory = await RawClient.open(one.url, board, token);
    open.push(mallory);
    const update = ada.makeUpdate((doc) => setState(doc, 'shut-1', { key: 'of Ada' }));
    Y.applyUpdate(mallory.doc, update);
    mallory.step1();
    await mallory.until(() => mallory.refusals === 1, 'the refusal');
    ada.sendUpdate(update);
    await ada.until(() => ada.acks === 3, 'the ack');
    const later = await join(board, { access: 'read' });
    expect(stateOf(later.doc, 'shut-1').get('key')).toBe('of Ada');
    mallory.edit((doc) => setState(doc, 'shut-1', { key: 'refused' }));
    mallory.edit((doc) => setState(doc, 'open-1', { key: 'taken' }));
    await mallory.until(() => mallory.refusals === 2 && mallory.acks === 2, 'both answers');
    await expectEqual(ada, later);
    expect(stateOf(ada.doc, 'open-1').get('key')).toBe('taken');
    expect(stateOf(ada.doc, 'shut-1').get('key')).toBe('of Ada');
  });

  it.each(['read', 'read, and write of some widgets'])(
    'with y-websocket are not closed for what others make (%s)',
    async (grant) => {
      const { board, ada } = await newBoard();
      const token = tokenFor('mallory', [{ board, ...grants[grant], access: 'read' }]);
      const { doc, provider, destroy } = stockYWebsocket(one.url, board, token);
      open.push({ close: destroy });
      await eventually(() => provider.synced);
      provider.disconnect();
      const update = ada.makeUpdate((all) => setState(all, 'shut-1', { key: 'of Ada' }));
      Y.applyUpdate(doc, update, provider);
      provider.connect();
      await eventually(() => provider.synced);
      ada.sendUpdate(update);
      ada.edit((all) => setState(all, 'shut-1', { key: 'of Ada once more' }));
      await eventually(() => stateOf(doc, 'shut-1').get('key') === 'of Ada once more');
      expect(provider.wsconnected).toBe(true);
    },
  );

  it('are restricted on every node, and what is refused on one reaches no other', async () => {
    const { board, ada, mallory } = await newBoard();
    const bob = await join(board, { access: 'write' }, two, 'bob');
    const again = await join(board, someWidgets, two);
    for (const client of [mallory, again]) {
      client.edit((doc) => {
        setState(doc, 'shut-1', { key: 'refused' });
        setState(doc, 'open-1', { [client === mallory ? 'one' : 'two']: 'taken' });
      });
      await client.until(() => client.refusals === 1, 'the refusal');
    }
    await eventually(() => stateOf(ada.doc, 'open-1').get('two') === 'taken');
    await eventually(() => stateOf(bob.doc, 'open-1').get('one') === 'taken');
    await expectEqual(ada, bob);
    expect(stateOf(bob.doc, 'shut-1').get('key')).toBe('old');
    // Moving on to the other node brings the refused edit there as well.
    const moved = new RawClient(two.url, board, mallory.doc);
    open.push(moved);
    await moved.opened();
    moved.authenticate(tokenFor('mallory', [{ board, ...someWidgets }]));
    showPresence(moved);
    moved.step1();
    await moved.until(() => moved.acks + moved.refusals > 0, 'an answer');
    await expectEqual(ada, bob);
    expect(stateOf(bob.doc, 'shut-1').get('key')).toBe('old');
  });

  it('can use a stock provider, which goes on being saved', async () => {
    const { board, ada } = await newBoard();
    const token = tokenFor('mallory', [{ board, ...someWidgets }]);
    const { doc, provider, destroy } = stockHocuspocus(one.url, board, token);
    open.push({ close: destroy });
    await eventually(() => provider.isSynced && !provider.hasUnsyncedChanges);
    setState(doc, 'open-1', { key: 'by a stock client' });
    await eventually(() => !provider.hasUnsyncedChanges);
    await expectEqual(ada);
    expect(stateOf(ada.doc, 'open-1').get('key')).toBe('by a stock client');
  });
});
