import { isDeepStrictEqual } from 'node:util';
import type { TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Allowed,
  changeAll,
  contentOf,
  grants,
  makeBoard,
  type Operation,
  operations,
  outcomeOf,
  rejectionsOf,
  setKeyOf,
  showPresence,
} from '../support/grant-cases.ts';
import { createDatabase } from '../support/postgres.ts';
import { stockYWebsocket } from '../support/providers.ts';
import { RawClient } from '../support/raw-client.ts';
import { expectSound, startTestNode, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

/** How an operation reaches the node, and with which others. */
const paths = {
  'in an update': (operation: Operation) => [operation],
  'in the answer to a SyncStep1 after being offline': (operation: Operation) => [operation],
  'with others in one transaction': (operation: Operation) => [
    setKeyOf('open-2'),
    operation,
    setKeyOf('shut-2'),
  ],
  // The first one is not sent. A deletion alone leans on nothing and would not be early.
  'in an update that comes too early': (operation: Operation) => [
    setKeyOf('open-3'),
    setKeyOf('open-2'),
    operation,
  ],
};
type Path = keyof typeof paths;

describe('grants on widgets', () => {
  let databaseUrl: string;
  let node: TesseraNode;
  let boards = 0;
  const expected = new Map<string, unknown>();

  beforeAll(async () => {
    databaseUrl = await createDatabase();
    node = await startTestNode({ DATABASE_URL: databaseUrl });
  });

  /** What each case has left is what another node reads from the log. */
  afterAll(async () => {
    const other = await startTestNode({ DATABASE_URL: databaseUrl });
    for (const [board, content] of expected) {
      const client = await RawClient.open(other.url, board, tokenFor('ada'));
      expect(contentOf(client.doc), board).toEqual(content);
      await client.close();
    }
    await Promise.all([node.close(), other.close()]);
    await expectSound(databaseUrl);
  });

  /** A new board with Ada on it, and a token for Mallory. */
  async function newBoard(allowed: Allowed) {
    boards += 1;
    const board = `acme/board-${boards}`;
    const ada = await RawClient.open(node.url, board, tokenFor('ada'));
    ada.edit(makeBoard);
    await ada.until(() => ada.acks === 2, 'the board to be made');
    return { board, ada, token: tokenFor('mallory', [{ board, ...allowed }]) };
  }

  /** It is what the node has, and Ada, who was there all the time. */
  async function expectContent(ada: RawClient, content: unknown): Promise<void> {
    ada.synced = false;
    ada.step1();
    await ada.until(() => ada.synced, 'a sync');
    expect(contentOf(ada.doc)).toEqual(content);
    expected.set(ada.board, content);
  }

  async function tryOnHocuspocus(allowed: Allowed, path: Path, operation: Operation) {
    const { board, ada, token } = await newBoard(allowed);
    const steps = paths[path](operation);
    const mallory = await RawClient.open(node.url, board, token);
    showPresence(mallory);
    let sent = steps;
    if (path === 'in an update that comes too early') {
      const [first, ...rest] = steps;
      mallory.makeUpdate((doc) => first?.change(doc));
      mallory.edit((doc) => changeAll(doc, rest));
      // A reader is not asked for what is missing.
      if (allowed === grants['read']) sent = rest;
    } else if (path === 'in the answer to a SyncStep1 after being offline') {
      mallory.makeUpdate((doc) => changeAll(doc, steps));
      mallory.step1();
    } else {
      mallory.edit((doc) => changeAll(doc, steps));
    }
    const { isRefused, content, widgets, roots } = outcomeOf(ada.doc, allowed, sent);
    await mallory.until(() => mallory.acks + mallory.refusals === 2, 'an answer');
    expect(mallory.refusals).toBe(isRefused ? 1 : 0);
    expect(rejectionsOf(mallory)).toEqual({ widgets, roots });
    await expectContent(ada, content);
    await Promise.all([mallory.close(), ada.close()]);
  }

  async function tryOnYWebsocket(allowed: Allowed, path: Path, operation: Operation) {
    const { board, ada, token } = await newBoard(allowed);
    const steps = paths[path](operation);
    const { isRefused, untouched, content } = outcomeOf(ada.doc, allowed, steps);
    const { doc, provider, destroy } = stockYWebsocket(node.url, board, token);
    const closed: { code: number; reason: string }[] = [];
    await eventually(() => provider.synced);
    const change = (some: readonly Operation[], origin?: unknown) =>
      doc.transact(() => changeAll(doc, some), origin);
    if (path === 'in an update that comes too early') {
      // It does not send on what came from itself.
      change(steps.slice(0, 1), provider);
      change(steps.slice(1));
    } else if (path === 'in the answer to a SyncStep1 after being offline') {
      provider.disconnect();
      change(steps);
      provider.connect();
    } else {
      change(steps);
    }
    provider.on('connection-close', (event: { code: number; reason: string } | null) => {
      if (event !== null) closed.push(event);
    });
    if (isRefused) {
      await eventually(() => closed.some(({ code }) => code === 4403), { what: 'code 4403' });
      expect(closed.at(-1)?.reason).toMatch(/does not grant this: .*may be read but/);
      await expectContent(ada, untouched);
    } else {
      await ada.until(() => isDeepStrictEqual(contentOf(ada.doc), content), 'the edit');
      expect(provider.wsconnected).toBe(true);
      await expectContent(ada, content);
    }
    destroy();
    await ada.close();
  }

  describe.each(Object.entries(grants))('%s', (_, allowed) => {
    describe.each(Object.keys(paths) as Path[])('%s', (path) => {
      it.each(operations)('on the Hocuspocus protocol: $name', (operation) =>
        tryOnHocuspocus(allowed, path, operation),
      );

      it.each(operations)('on the y-websocket protocol: $name', (operation) =>
        tryOnYWebsocket(allowed, path, operation),
      );
    });
  });

  it('none at all: closed with 4403 on both protocols', async () => {
    const token = tokenFor('mallory', [{ board: 'acme/other', access: 'admin' }]);
    const { board, ada } = await newBoard({ access: 'read' });
    const mallory = new RawClient(node.url, board);
    await mallory.opened();
    mallory.authenticate(token);
    expect((await mallory.untilClosed()).code).toBe(4403);
    const { provider, destroy } = stockYWebsocket(node.url, board, token);
    let code: number | undefined;
    provider.on('connection-close', (event: { code: number } | null) => {
      code = event?.code;
    });
    await eventually(() => code === 4403);
    destroy();
    await ada.close();
  });
});
