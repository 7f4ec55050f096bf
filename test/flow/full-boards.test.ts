import { createWidget, removeWidget, setState, stateOf } from '@tessera/model';
import type { TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as Y from 'yjs';
import { showPresence } from '../support/grant-cases.ts';
import { metric } from '../support/metrics.ts';
import { createDatabase } from '../support/postgres.ts';
import { stockYWebsocket } from '../support/providers.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { expectSound, startTestNode, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

describe('a board', () => {
  let databaseUrl: string;
  let one: TesseraNode;
  let two: TesseraNode;
  let redis: Redis;
  let boards = 0;
  const open: RawClient[] = [];

  beforeAll(async () => {
    databaseUrl = await createDatabase();
    redis = await startRedis();
    const env = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis.url,
      TESSERA_MAX_BOARD_BYTES: '20000',
      TESSERA_MAX_WIDGETS_PER_BOARD: '10',
    };
    [one, two] = await Promise.all([startTestNode(env), startTestNode(env)]);
    await eventually(async () => (await metric(one.url, 'tessera_fanout_peers')) === 1);
  });
  afterAll(async () => {
    for (const client of open) await client.close();
    await Promise.all([one.close(), two.close()]);
    await redis.close();
    await expectSound(databaseUrl);
  });

  async function visit(board: string, node = one) {
    const client = await RawClient.open(node.url, board, tokenFor('ada'));
    showPresence(client);
    open.push(client);
    return client;
  }

  function newBoard() {
    boards += 1;
    return visit(`acme/full-${boards}`);
  }

  const note =
    (id: string, text = '') =>
    (doc: Y.Doc) =>
      createWidget(doc, { id, type: 'note', version: 1, state: { text } });

  const reasons = (client: RawClient) =>
    client.stateless.filter(({ type }) => type === 'rejected').map(({ reason }) => reason);

  it('that is full takes nothing that makes it larger, until something was removed', async () => {
    const before = await metric(one.url, 'tessera_refused_content_total', 'rule="bytes"');
    const ada = await newBoard();
    for (const id of ['a', 'b', 'c']) ada.edit(note(id, 'x'.repeat(6_000)));
    await ada.until(() => ada.acks === 4, 'the acks');
    for (const [node, id] of [
      [one, 'b'],
      [two, 'c'],
    ] as const) {
      const client = await visit(ada.board, node);
      client.edit((doc) => {
        setState(doc, 'a', { text: 'y'.repeat(19_000) });
        setState(doc, id, { text: 'x'.repeat(5_900) });
      });
      await client.until(() => client.refusals === 1, 'the refusal');
      expect(reasons(client)).toEqual([
        expect.stringMatching(/^the board is full: it has 0\.01\d+ of 0\.0191 MiB$/),
      ]);
      const textOf = () => stateOf(ada.doc, id).get('text');
      await ada.until(() => textOf() === 'x'.repeat(5_900), 'the other part');
    }
    const refused = await metric(one.url, 'tessera_refused_content_total', 'rule="bytes"');
    expect(refused).toBe(before + 1);
    const cat = await visit(ada.board);
    cat.edit((doc) => removeWidget(doc, 'c'));
    cat.edit(note('d', 'x'.repeat(5_000)));
    await cat.until(() => cat.acks === 3, 'the acks');
    await ada.until(() => ada.doc.getMap('widgets').has('d'), 'the new widget');
  });

  it('has so many widgets and no more, also when one update brings many', async () => {
    const ada = await newBoard();
    ada.edit((doc) => {
      for (let n = 0; n < 8; n += 1) note(`w-${n}`)(doc);
    });
    await ada.until(() => ada.acks === 2, 'the ack');
    const before = await metric(one.url, 'tessera_refused_content_total', 'rule="widgets"');
    const bob = await visit(ada.board);
    bob.edit((doc) => {
      for (let n = 0; n < 500; n += 1) note(`more-${n}`)(doc);
      setState(doc, 'w-1', { text: 'taken' });
    });
    await bob.until(() => bob.refusals === 1, 'the refusal');
    expect(reasons(bob)).toEqual([
      'the board is full: it has 8 widgets, and 500 more would be above the limit of 10',
    ]);
    expect(await metric(one.url, 'tessera_refused_content_total', 'rule="widgets"')).toBe(
      before + 1,
    );
    await ada.until(() => stateOf(ada.doc, 'w-1').get('text') === 'taken', 'the other part');
    expect(ada.doc.getMap('widgets').size).toBe(8);
    const cat = await visit(ada.board, two);
    cat.edit(note('w-8'));
    cat.edit(note('w-9'));
    cat.edit(note('w-10'));
    await cat.until(() => cat.acks === 3 && cat.refusals === 1, 'the answers');
    cat.edit((doc) => removeWidget(doc, 'w-0'));
    const dan = await visit(ada.board, two);
    await eventually(() => !dan.doc.getMap('widgets').has('w-0'));
    dan.edit(note('w-11'));
    await dan.until(() => dan.acks === 2, 'the ack');
    await ada.until(() => ada.doc.getMap('widgets').has('w-11'), 'the new widget');
    expect(ada.doc.getMap('widgets').size).toBe(10);
  });

  it('that is full lets a y-websocket client delete, and closes it with 4422 when it adds', async () => {
    const ada = await newBoard();
    for (const id of ['a', 'b', 'c']) ada.edit(note(id, 'x'.repeat(6_000)));
    await ada.until(() => ada.acks === 4, 'the acks');
    const { doc, provider, destroy } = stockYWebsocket(one.url, ada.board, tokenFor('ada'));
    await eventually(() => provider.synced);
    removeWidget(doc, 'a');
    await ada.until(() => !ada.doc.getMap('widgets').has('a'), 'the removal');
    let code: number | undefined;
    provider.on('connection-close', (event: { code: number } | null) => {
      code = event?.code ?? code;
    });
    note('d', 'x'.repeat(9_000))(doc);
    await eventually(() => code === 4422);
    destroy();
  });
});
