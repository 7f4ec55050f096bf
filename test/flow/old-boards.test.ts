import { createClient } from '@tessera/client';
import type { TesseraNode } from '@tessera/server';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { RawClient } from '../support/raw-client.ts';
import { startNodeOnPostgres, tokenFor } from '../support/tessera.ts';

const BOARD = 'acme/old';
const EDITS = 20_000;
const token = tokenFor('ada');

let node: TesseraNode;
beforeAll(async () => {
  node = await startNodeOnPostgres();
  const author = await RawClient.open(node.url, BOARD, token);
  author.edit((doc) => {
    for (let n = 0; n < EDITS; n += 1) doc.getMap('gauge').set(n % 2 === 0 ? 'low' : 'high', n);
  });
  await author.until(() => author.acks > 1, 'the ack of the edits');
  await author.close();
}, 60_000);
afterAll(() => node.close());
afterEach(() => vi.unstubAllGlobals());

/** What every WebSocket of this process gets from now on. */
function countReceived(): { bytes: number } {
  const received = { bytes: 0 };
  class CountingWebSocket extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener('message', ({ data }) => {
        received.bytes += (data as ArrayBuffer).byteLength;
      });
    }
  }
  vi.stubGlobal('WebSocket', CountingWebSocket);
  return received;
}

test('the SDK opens a board that was edited for long in a hundredth of the bytes, edits it and saves', async () => {
  const stock = await RawClient.open(node.url, BOARD, token);
  expect(Y.encodeStateAsUpdate(stock.doc).byteLength).toBeGreaterThan(100_000);
  const received = countReceived();
  const client = createClient({ url: `${node.url.replace('http', 'ws')}/sync`, token });
  const board = client.board(BOARD);
  await vi.waitUntil(() => board.status.state === 'saved', { timeout: 10_000 });
  expect(board.doc.getMap('gauge').toJSON()).toEqual({ low: EDITS - 2, high: EDITS - 1 });
  expect(received.bytes).toBeLessThan(2_000);
  board.doc.getMap('gauge').set('low', 'edited');
  await board.saved();
  await stock.until(() => stock.doc.getMap('gauge').get('low') === 'edited', 'the edit');
  // Away and back: only what it lacks.
  client.disconnect();
  stock.edit((doc) => doc.getMap('gauge').set('high', 'meanwhile'));
  board.doc.getMap('gauge').set('own', true);
  await stock.until(() => stock.acks > 1, 'the ack');
  client.connect();
  await vi.waitUntil(() => board.doc.getMap('gauge').get('high') === 'meanwhile', {
    timeout: 10_000,
  });
  await board.saved();
  await stock.until(() => stock.doc.getMap('gauge').get('own') === true, 'the edit made meanwhile');
  expect(received.bytes).toBeLessThan(4_000);
  await client.close();
  await stock.close();
});

test('who joins right after others, while the board is edited, lacks nothing that was acked', async () => {
  const first = await RawClient.open(node.url, BOARD, token);
  for (let n = 1; n <= 5; n += 1) {
    const { acks } = first;
    first.edit((doc) => doc.getMap('gauge').set('last', n));
    if (n > 1) first.edit((doc) => doc.getMap('gauge').delete(`extra-${n - 1}`));
    first.edit((doc) => doc.getMap('gauge').set(`extra-${n}`, n));
    await first.until(() => first.acks >= acks + (n > 1 ? 3 : 2), 'the acks');
    const joiner = new RawClient(node.url, BOARD);
    await joiner.opened();
    joiner.authenticate(token);
    joiner.step1();
    // What comes right behind the message that makes it synced is too late.
    let whenSynced: unknown;
    await joiner.until(() => {
      if (joiner.synced) whenSynced ??= joiner.doc.getMap('gauge').toJSON();
      return joiner.synced;
    }, 'the board');
    expect(whenSynced).toEqual(first.doc.getMap('gauge').toJSON());
    await joiner.close();
  }
  await first.close();
});

test('a SyncStep1 that ends with nonsense closes its sender, with the reason', async () => {
  const hostile = await RawClient.open(node.url, BOARD, token);
  hostile.send(new Uint8Array([BOARD.length, ...Buffer.from(BOARD), 0, 0, 1, 0, 0x80]));
  await hostile.until(() => hostile.closed !== undefined, 'the close');
  expect(hostile.closed?.code).toBe(4400);
});
