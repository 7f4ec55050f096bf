import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Board,
  type BoardConflict,
  type Client,
  createClient,
  defineWidget,
} from '@tessera/client';
import {
  createWidget,
  readWidget,
  removeWidget,
  setState,
  stateOf,
  unsetState,
  widgetText,
} from '@tessera/model';
import type { TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { z } from 'zod';
import { gaugeSchema, invalidGauges } from '../../server/src/content/test-schemas.ts';
import { showPresence } from '../support/grant-cases.ts';
import { docsInLog, onDatabase } from '../support/log.ts';
import { metric } from '../support/metrics.ts';
import { createDatabase } from '../support/postgres.ts';
import { stockHocuspocus, stockYWebsocket } from '../support/providers.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { expectSound, startTestNode, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

describe('schemas of widgets', () => {
  let folder: string;
  let redis: Redis;
  let databaseUrl: string;
  let one: TesseraNode;
  let two: TesseraNode;
  let boards = 0;
  const open: { close(): Promise<void> | void }[] = [];
  const watched: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-schemas-'));
    await writeFile(join(folder, 'gauge.json'), JSON.stringify(gaugeSchema));
    redis = await startRedis();
    databaseUrl = await createDatabase();
    const env = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis.url,
      TESSERA_WIDGET_SCHEMAS: folder,
    };
    [one, two] = await Promise.all([startTestNode(env), startTestNode(env)]);
    await eventually(async () => (await metric(one.url, 'tessera_fanout_peers')) === 1);
  });

  /** Whatever was refused above, each row of the log leaves its board valid. */
  afterAll(async () => {
    for (const client of open) await client.close();
    await Promise.all([one.close(), two.close()]);
    await redis.close();
    await onDatabase(databaseUrl, async (client) => {
      for (const board of watched) {
        const { rows } = await client.query<{ bytes: Buffer }>(
          'SELECT bytes FROM updates WHERE board = $1 ORDER BY seq',
          [board],
        );
        const doc = new Y.Doc();
        for (const { bytes } of rows) {
          Y.applyUpdate(doc, bytes);
          expect(invalidGauges(doc), board).toEqual([]);
          expect(bytes.includes('refuse me')).toBe(false);
        }
      }
    });
    await expectSound(databaseUrl);
    await rm(folder, { recursive: true });
  });

  async function visit(board: string, node = one, grant = {}, actor = 'ada') {
    const client = await RawClient.open(
      node.url,
      board,
      tokenFor(actor, [{ board, access: 'write', ...grant }]),
    );
    showPresence(client);
    open.push(client);
    return client;
  }

  function makeGauges(doc: Y.Doc): void {
    for (const id of ['g-1', 'g-2', 'g-3']) {
      const state = { unit: 'number', value: 1 };
      createWidget(doc, { id, type: 'gauge', version: 1, state, texts: { note: 'short' } });
    }
    createWidget(doc, { id: 'free', type: 'other', version: 1 });
  }

  /**
   * A board with Ada on the first node, and a bystander on the second who fails the test as soon as an
   * update shows it something that is not valid.
   */
  async function newBoard() {
    boards += 1;
    const board = `acme/content-${boards}`;
    watched.push(board);
    const ada = await visit(board);
    ada.edit(makeGauges);
    await ada.until(() => ada.acks === 2, 'the board to be made');
    const bystander = await visit(board, two, { access: 'read' }, 'bystander');
    const near = await visit(board, one, { access: 'read' }, 'bystander');
    const seen: string[] = [];
    for (const { doc } of [bystander, near]) {
      doc.on('update', () => seen.push(...invalidGauges(doc)));
    }
    const expectUnseen = async () => {
      for (const client of [bystander, near]) {
        client.synced = false;
        client.step1();
        await client.until(() => client.synced, 'a sync');
      }
      expect(seen).toEqual([]);
    };
    return { board, ada, bystander, near, expectUnseen };
  }

  const rejections = (client: RawClient) =>
    client.stateless.filter(({ type }) => type === 'rejected');

  it('refuse what is not valid, with the place and the reason, and take what else there is', async () => {
    const { ada, bystander, expectUnseen } = await newBoard();
    const before = await metric(one.url, 'tessera_refused_content_total', 'rule="schema"');
    ada.edit((doc) => {
      setState(doc, 'g-1', { value: 'refuse me' });
      setState(doc, 'g-2', { value: 2 });
      setState(doc, 'free', { anything: ['goes'] });
    });
    await ada.until(() => ada.refusals === 1, 'the refusal');
    expect(rejections(ada)).toEqual([
      {
        type: 'rejected',
        widgets: ['g-1'],
        reason: 'widget g-1 (gauge): /value must be number',
      },
    ]);
    await eventually(() => stateOf(bystander.doc, 'g-2').get('value') === 2);
    await eventually(() => stateOf(bystander.doc, 'free').has('anything'));
    expect(stateOf(bystander.doc, 'g-1').get('value')).toBe(1);
    expect(await metric(one.url, 'tessera_refused_content_total', 'rule="schema"')).toBe(
      before + 1,
    );
    await expectUnseen();
  });

  it('are told to clients when they open a board', async () => {
    const { ada } = await newBoard();
    expect(ada.stateless.find(({ type }) => type === 'hello')).toMatchObject({ mayRefuse: true });
  });

  it('hold for lists, texts, missing keys and new widgets', async () => {
    const { board, bystander, expectUnseen } = await newBoard();
    const edits: [change: (doc: Y.Doc) => void, reason: RegExp][] = [
      [
        (doc) => setState(doc, 'g-1', { series: [{ color: 'red' }, { colour: 'refuse me' }] }),
        /^widget g-1 \(gauge\): \/series\/1 must have required property 'color'$/,
      ],
      [
        (doc) => widgetText(doc, 'g-1', 'note')?.insert(0, 'refuse me: too long'),
        /\/note must NOT have more than 12 characters/,
      ],
      [(doc) => unsetState(doc, 'g-2', ['value']), /^widget g-2 \(gauge\): /],
      [
        (doc) => createWidget(doc, { id: 'new', type: 'gauge', version: 1 }),
        /widget new \(gauge\): must match exactly one schema in oneOf/,
      ],
      [
        (doc) => (doc.getMap('widgets').get('g-3') as Y.Map<unknown>).delete('type'),
        /widget g-3 \(gauge\): must keep its type/,
      ],
    ];
    for (const [change, reason] of edits) {
      const client = await visit(board);
      client.edit(change);
      await client.until(() => client.refusals === 1, 'the refusal');
      expect(rejections(client)[0]?.['reason']).toMatch(reason);
    }
    const client = await visit(board);
    client.edit((doc) => {
      widgetText(doc, 'g-1', 'note')?.insert(5, ' still');
      removeWidget(doc, 'g-2');
      createWidget(doc, {
        id: 'new',
        type: 'gauge',
        version: 1,
        state: { unit: 'text', value: 'ok' },
      });
    });
    await client.until(() => client.acks === 2, 'the ack');
    await eventually(() => readWidget(bystander.doc, 'new')?.state['value'] === 'ok');
    expect(readWidget(bystander.doc, 'g-1')?.state['note']).toBe('short still');
    expect(readWidget(bystander.doc, 'g-2')).toBe(undefined);
    expect(rejections(client)).toEqual([]);
    await expectUnseen();
  });

  it('hold for what two make at the same time, each of it valid by itself', async () => {
    const { board, ada, bystander, expectUnseen } = await newBoard();
    const bob = await visit(board, one, {}, 'bob');
    const text = ada.makeUpdate((doc) => setState(doc, 'g-1', { unit: 'text', value: 'one' }));
    const number = bob.makeUpdate((doc) => setState(doc, 'g-1', { value: 5 }));
    ada.sendUpdate(text);
    await ada.until(() => ada.acks === 3, 'the ack');
    bob.sendUpdate(number);
    await bob.until(() => bob.acks + bob.refusals === 2, 'an answer');
    await eventually(() => readWidget(bystander.doc, 'g-1')?.state['unit'] === 'text');
    await expectUnseen();
  });

  it('hold for updates that were held, and for answers to SyncStep1', async () => {
    const { board, expectUnseen } = await newBoard();
    const early = await visit(board);
    const first = early.makeUpdate((doc) => setState(doc, 'g-1', { value: 2 }));
    const second = early.makeUpdate((doc) => setState(doc, 'g-1', { value: 'refuse me' }));
    early.answers = false;
    early.sendUpdate(second);
    early.sendUpdate(first);
    await early.until(() => early.refusals === 1 && early.acks === 2, 'both answers');
    expect(rejections(early)).toMatchObject([{ widgets: ['g-1'] }]);

    const offline = await visit(board);
    offline.makeUpdate((doc) => {
      setState(doc, 'g-2', { value: 'refuse me' });
      setState(doc, 'g-3', { value: 7 });
    });
    offline.step1();
    await offline.until(() => offline.refusals === 1, 'the refusal');
    expect(rejections(offline)).toMatchObject([{ widgets: ['g-2'] }]);
    const later = await visit(board, two);
    await eventually(() => stateOf(later.doc, 'g-3').get('value') === 7);
    expect([1, 2].map((n) => stateOf(later.doc, `g-${n}`).get('value'))).toEqual([2, 1]);
    await expectUnseen();
  });

  it('and grants hold at once', async () => {
    const { board, bystander, expectUnseen } = await newBoard();
    const grant = { access: 'read', widgets: { 'g-1': 'write', 'g-2': 'write' } };
    const mallory = await visit(board, one, grant, 'mallory');
    mallory.edit((doc) => {
      setState(doc, 'g-1', { value: 'refuse me' });
      setState(doc, 'g-2', { value: 3 });
      setState(doc, 'g-3', { value: 3 });
    });
    await mallory.until(() => mallory.refusals === 1, 'the refusal');
    expect(rejections(mallory)).toMatchObject([
      {
        widgets: ['g-1', 'g-3'],
        reason:
          'widget g-1 (gauge): /value must be number; ' +
          'widget g-3 may be read but not edited with this token',
      },
    ]);
    await eventually(() => stateOf(bystander.doc, 'g-2').get('value') === 3);
    expect(stateOf(bystander.doc, 'g-3').get('value')).toBe(1);
    await expectUnseen();
  });

  it('close y-websocket clients with 4422 and the reason', async () => {
    const { board, bystander, expectUnseen } = await newBoard();
    const { doc, provider, destroy } = stockYWebsocket(one.url, board, tokenFor('ada'));
    open.push({ close: destroy });
    await eventually(() => provider.synced);
    setState(doc, 'g-1', { value: 9 });
    await eventually(() => stateOf(bystander.doc, 'g-1').get('value') === 9);
    let closed: { code: number; reason: string } | undefined;
    provider.on('connection-close', (event: { code: number; reason: string } | null) => {
      closed = event ?? closed;
    });
    setState(doc, 'g-1', { value: 'refuse me' });
    await eventually(() => closed !== undefined);
    expect(closed).toMatchObject({
      code: 4422,
      reason: 'the edit is refused: widget g-1 (gauge): /value must be number',
    });
    await expectUnseen();
  });

  it('let stock Hocuspocus clients go on, who are not told that they are saved', async () => {
    const { board, bystander, expectUnseen } = await newBoard();
    const { doc, provider, destroy } = stockHocuspocus(one.url, board, tokenFor('ada'));
    open.push({ close: destroy });
    await eventually(() => provider.isSynced && !provider.hasUnsyncedChanges);
    setState(doc, 'g-1', { value: 'refuse me' });
    setState(doc, 'g-2', { value: 4 });
    await eventually(() => stateOf(bystander.doc, 'g-2').get('value') === 4);
    expect(provider.hasUnsyncedChanges).toBe(true);
    await expectUnseen();
  });

  it('do not judge what is stored already, which can be made valid or removed, and else not changed', async () => {
    const free = await startTestNode({ DATABASE_URL: databaseUrl });
    boards += 1;
    const board = `acme/content-${boards}`;
    const before = await visit(board, free);
    before.edit((doc) => {
      makeGauges(doc);
      for (const id of ['g-1', 'g-2']) setState(doc, id, { value: 'not valid' });
    });
    await before.until(() => before.acks === 2, 'the ack');
    await before.close();
    await free.close();

    const ada = await visit(board);
    expect(invalidGauges(ada.doc)).toEqual(['g-1', 'g-2']);
    ada.edit((doc) => setState(doc, 'g-3', { value: 2 }));
    await ada.until(() => ada.acks === 2, 'the ack');
    const bob = await visit(board, one, {}, 'bob');
    bob.edit((doc) => setState(doc, 'g-1', { else: 'changed' }));
    await bob.until(() => bob.refusals === 1, 'the refusal');
    ada.edit((doc) => setState(doc, 'g-1', { value: 1 }));
    ada.edit((doc) => removeWidget(doc, 'g-2'));
    await ada.until(() => ada.acks === 4, 'the acks');
    expect(ada.refusals).toBe(0);
    await ada.close();
    const [doc] = await docsInLog(databaseUrl, [board]);
    expect(doc && invalidGauges(doc)).toEqual([]);
    expect(doc && readWidget(doc, 'g-1')?.state).toMatchObject({ value: 1 });
  });

  describe('with the SDK', () => {
    const Gauge = defineWidget({
      type: 'gauge',
      version: 1,
      state: z.looseObject({ unit: z.string(), value: z.any() }),
    });
    const clients: Client[] = [];
    afterAll(() => Promise.all(clients.map((client) => client.close())));

    let network: TcpProxy;
    beforeAll(async () => {
      network = await startProxy({ port: Number(new URL(one.url).port) });
    });
    afterAll(() => network.close());

    function openBoard(board: string): Board {
      const url = `${network.url(one.url).replace('http', 'ws').replace(/\/$/, '')}/sync`;
      const client = createClient({ url, token: tokenFor('ada') });
      clients.push(client);
      return client.board(board);
    }

    it('what is refused is rolled back, kept as a conflict, and told', async () => {
      const { board: id, bystander, expectUnseen } = await newBoard();
      const board = openBoard(id);
      await eventually(() => board.status.state === 'saved');
      const told: BoardConflict[] = [];
      board.onRejected((conflict) => told.push(conflict));
      board.doc.transact(() => {
        board.widgets.handle(Gauge, 'g-1').set({ value: 'refuse me' });
        board.widgets.handle(Gauge, 'g-2').set({ value: 6 });
      });
      await eventually(() => told.length === 1);
      await eventually(() => board.status.state === 'saved');
      expect(board.conflicts).toEqual(told);
      expect(told[0]).toMatchObject({
        cause: { kind: 'rejected', reason: 'widget g-1 (gauge): /value must be number' },
        widgets: { 'g-1': { before: { state: { value: 1 } } } },
      });
      expect(told[0]?.widgets['g-1']?.after?.state['value']).toBe('refuse me');
      expect(board.widgets.get(Gauge, 'g-1')?.state?.value).toBe(1);
      expect(board.widgets.get(Gauge, 'g-2')?.state?.value).toBe(6);
      board.widgets.handle(Gauge, 'g-1').set({ value: 8 });
      await board.saved();
      await eventually(() => stateOf(bystander.doc, 'g-1').get('value') === 8);
      await expectUnseen();
    });

    it('what was made offline is judged when the client is back', async () => {
      const { board: id, bystander, expectUnseen } = await newBoard();
      const board = openBoard(id);
      await eventually(() => board.status.state === 'saved');
      await network.cut();
      await eventually(() => board.status.state === 'offline');
      board.widgets.handle(Gauge, 'g-1').set({ value: 'refuse me' });
      board.widgets.handle(Gauge, 'g-2').set({ value: 6 });
      await network.restore();
      await eventually(() => board.conflicts.length === 1);
      await eventually(() => board.status.state === 'saved');
      expect(Object.keys(board.conflicts[0]?.widgets ?? {})).toEqual(['g-1']);
      expect(board.widgets.get(Gauge, 'g-1')?.state?.value).toBe(1);
      await eventually(() => stateOf(bystander.doc, 'g-2').get('value') === 6);
      await expectUnseen();
    });
  });
});
