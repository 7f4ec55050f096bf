import type { TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stockHocuspocus, stockYWebsocket } from '../support/providers.ts';
import { RawClient } from '../support/raw-client.ts';
import { startNodeOnPostgres, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

type Stock = ReturnType<typeof stockHocuspocus> | ReturnType<typeof stockYWebsocket>;

/** The `user.id`s a client sees, itself left out. */
function others(client: Stock): string[] {
  const states = client.awareness?.getStates() ?? new Map();
  return [...states]
    .filter(([id]) => id !== client.doc.clientID)
    .map(([, state]) => String(state.user?.id))
    .sort();
}

describe('stock clients of both protocols on one board', () => {
  let node: TesseraNode;

  beforeAll(async () => {
    node = await startNodeOnPostgres();
  });

  afterAll(() => node.close());

  const hocuspocus = (board: string, actor: string) =>
    stockHocuspocus(node.url, board, tokenFor(actor));
  const yWebsocket = (board: string, actor: string) =>
    stockYWebsocket(node.url, board, tokenFor(actor));

  it('merge their edits, made before, while and after they are connected', async () => {
    const [ada, bob] = [hocuspocus('acme/both', 'ada'), yWebsocket('acme/both', 'bob')];
    ada.doc.getArray('list').push(['ada, before']);
    bob.doc.getArray('list').push(['bob, before']);
    await eventually(
      () => ada.doc.getArray('list').length === 2 && bob.doc.getArray('list').length === 2,
    );
    ada.doc.getArray('list').push(['ada, online']);
    bob.doc.getArray('list').push(['bob, online']);
    await eventually(
      () => ada.doc.getArray('list').length === 4 && bob.doc.getArray('list').length === 4,
    );

    ada.socket.disconnect();
    bob.provider.disconnect();
    await eventually(() => ada.socket.status === 'disconnected' && !bob.provider.wsconnected);
    ada.doc.getArray('list').push(['ada, offline']);
    bob.doc.getArray('list').push(['bob, offline']);
    await ada.socket.connect();
    bob.provider.connect();
    await eventually(
      () => ada.doc.getArray('list').length === 6 && bob.doc.getArray('list').length === 6,
    );
    expect(ada.doc.getArray('list').toJSON()).toEqual(bob.doc.getArray('list').toJSON());
    await eventually(() => !ada.provider.hasUnsyncedChanges);
    ada.destroy();
    bob.destroy();
  });

  it('tell the stock client "saved" when everything is', async () => {
    const ada = hocuspocus('acme/saved', 'ada');
    await eventually(() => ada.provider.isSynced && !ada.provider.hasUnsyncedChanges);
    for (let i = 0; i < 100; i++) ada.doc.getMap('m').set('key', i);
    expect(ada.provider.hasUnsyncedChanges).toBe(true);
    await eventually(() => !ada.provider.hasUnsyncedChanges);
    ada.destroy();
    const reader = await RawClient.open(node.url, 'acme/saved', tokenFor('bob'));
    expect(reader.doc.getMap('m').get('key')).toBe(99);
    await reader.close();
  });

  it('see who is there, with the identity of the token, whatever a client claims', async () => {
    const board = 'acme/presence';
    const [ada, bob, carol] = [
      hocuspocus(board, 'ada'),
      yWebsocket(board, 'bob'),
      hocuspocus(board, 'carol'),
    ];
    ada.awareness?.setLocalStateField('user', { id: 'mallory' });
    bob.awareness.setLocalStateField('user', { id: 'mallory' });
    carol.awareness?.setLocalStateField('cursor', { x: 1 });
    await eventually(
      () =>
        others(ada).join() === 'bob,carol' &&
        others(bob).join() === 'ada,carol' &&
        others(carol).join() === 'ada,bob',
      { what: 'everybody sees everybody' },
    );
    bob.destroy();
    await eventually(() => others(ada).join() === 'carol', { what: 'bob is gone' });
    ada.awareness?.setLocalState(null);
    await eventually(() => others(carol).length === 0, { what: 'ada is hidden' });
    ada.awareness?.setLocalState({ cursor: null });
    await eventually(() => others(carol).join() === 'ada', { what: 'ada is back' });
    ada.destroy();
    carol.destroy();
  });

  it('see each other again at once after one of them reconnected without a change', async () => {
    const board = 'acme/return';
    const [ada, bob] = [hocuspocus(board, 'ada'), yWebsocket(board, 'bob')];
    ada.awareness?.setLocalStateField('cursor', { x: 1 });
    bob.awareness.setLocalStateField('cursor', { x: 2 });
    await eventually(() => others(ada).join() === 'bob' && others(bob).join() === 'ada');
    for (const reconnect of [
      async () => {
        bob.provider.disconnect();
        await eventually(() => others(ada).length === 0, { what: 'bob is gone' });
        bob.provider.connect();
      },
      async () => {
        ada.socket.disconnect();
        await eventually(() => others(bob).length === 0, { what: 'ada is gone' });
        await ada.socket.connect();
      },
    ]) {
      await reconnect();
      await eventually(() => others(ada).join() === 'bob' && others(bob).join() === 'ada', {
        what: 'both are back',
      });
    }
    ada.destroy();
    bob.destroy();
  });

  it('find a session of an address of its own on one socket', async () => {
    const client = await RawClient.open(node.url, 'acme/session', tokenFor('ada'));
    client.edit((doc) => doc.getMap('m').set('a', 1));
    await client.until(() => client.acks === 2, 'the ack');
    const address = 'acme/session\0tab-2';
    const session = new RawClient(node.url, address);
    await session.opened();
    session.authenticate(tokenFor('ada'));
    session.step1();
    await session.until(() => session.doc.getMap('m').get('a') === 1, 'the state');
    await session.close();
    await client.close();
  });

  it('are greeted with the epoch, the head and the node', async () => {
    const client = await RawClient.open(node.url, 'acme/hello', tokenFor('ada'));
    await client.until(() => client.stateless.length > 0, 'the greeting');
    expect(client.stateless[0]).toMatchObject({
      type: 'hello',
      board: 'acme/hello',
      head: 0,
      node: node.settings.nodeId,
    });
    expect(client.stateless[0]?.['epoch']).toMatch(/^[0-9a-f-]{36}$/);
    await client.close();
  });

  it('are greeted before they are told or asked anything of the document', async () => {
    const client = new RawClient(node.url, 'acme/hello-first');
    await client.opened();
    let greetedFirst: boolean | undefined;
    client.onAnswered = () => {
      greetedFirst = client.stateless.length > 0;
    };
    client.authenticate(tokenFor('ada'));
    client.step1();
    await client.until(() => client.synced && greetedFirst !== undefined, 'the first exchange');
    expect(greetedFirst).toBe(true);
    await client.close();
  });
});
