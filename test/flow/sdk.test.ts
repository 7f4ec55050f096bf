import { type Board, type Client, createClient, defineWidget } from '@tessera/client';
import { memoryStore } from '@tessera/client/offline';
import type { TesseraNode } from '@tessera/server';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { z } from 'zod';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { startNodeOnPostgres, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const List = defineWidget({
  type: 'list',
  version: 1,
  state: z.object({ items: z.array(z.string()) }),
  merge: { items: 'list' },
});

describe('the client SDK on a real node', () => {
  let node: TesseraNode;
  let network: TcpProxy;
  const clients: Client[] = [];

  beforeAll(async () => {
    node = await startNodeOnPostgres();
    network = await startProxy({ port: Number(new URL(node.url).port) });
  });

  afterEach(async () => {
    vi.unstubAllGlobals();
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  afterAll(async () => {
    await node.close();
    await network.close();
  });

  function open(id: string, token: () => string = () => tokenFor('ada')): Board {
    const url = `${network.url(node.url).replace('http', 'ws').replace(/\/$/, '')}/sync`;
    const client = createClient({ url, token, store: memoryStore() });
    clients.push(client);
    return client.board(id);
  }

  /** What is sent and how often somebody connects, from now on. */
  function count() {
    const counted = { connections: 0, bytes: 0 };
    class CountedWebSocket extends WebSocket {
      constructor(url: string) {
        super(url);
        counted.connections += 1;
      }

      override send(data: Uint8Array<ArrayBuffer>): void {
        counted.bytes += data.byteLength;
        super.send(data);
      }
    }
    vi.stubGlobal('WebSocket', CountedWebSocket);
    return counted;
  }

  it('sends 1,000 offline edits as one, hardly larger than what they come to', async () => {
    const counted = count();
    const board = open('acme/offline');
    const list = board.widgets.create(List, { items: [] });
    await board.saved();
    await network.cut();
    await eventually(() => board.status.state === 'offline');
    const before = Y.encodeStateVector(board.doc);
    for (let n = 0; n < 1_000; n++) {
      list.update((draft) => {
        draft.items.push(`item ${n} that was added without a network`);
      });
    }
    expect(board.status.unsaved).toBe(1_000);
    const merged = Y.encodeStateAsUpdate(board.doc, before).byteLength;
    counted.bytes = 0;
    await network.restore();
    await board.saved();
    expect(board.status).toMatchObject({ state: 'saved', unsaved: 0 });
    console.log({ merged, sent: counted.bytes, ratio: counted.bytes / merged });
    expect(counted.bytes).toBeLessThanOrEqual(1.2 * merged);
    const other = open('acme/offline');
    await eventually(() => other.status.state === 'saved');
    expect(other.widgets.get(List, list.id)?.state).toEqual(list.state);
  });

  it('refreshes a token that is about to expire without connecting again', async () => {
    const counted = count();
    const expiresInS = [5, 600];
    let asked = 0;
    const board = open('acme/refresh', () =>
      tokenFor('ada', undefined, expiresInS[Math.min(asked++, 1)]),
    );
    await board.saved();
    await eventually(() => board.status.state === 'saved' && asked === 2);
    const expired = performance.now() + 6_000;
    await eventually(() => performance.now() > expired, { what: 'the first token to expire' });
    board.title = 'still here';
    await board.saved();
    expect(board.status.state).toBe('saved');
    expect(counted.connections).toBe(1);
  });

  it('stops with the reason when the newer token is refused, and keeps what is not saved', async () => {
    let asked = 0;
    const board = open('acme/refused', () => {
      asked += 1;
      return asked === 1 ? tokenFor('ada', undefined, 5) : 'no token';
    });
    board.title = 'before';
    await board.saved();
    await eventually(() => board.status.state === 'stopped', { timeoutMs: 20_000 });
    expect(board.status.stopped).toMatchObject({ code: 'token-invalid' });
    board.title = 'after';
    expect(board.status.unsaved).toBe(1);
    expect(board.title).toBe('after');
    await expect(board.saved()).rejects.toMatchObject({ code: 'token-invalid' });
  });
});
