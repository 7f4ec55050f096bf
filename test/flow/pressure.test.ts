import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startPostgres } from '../support/postgres.ts';
import { RawClient } from '../support/raw-client.ts';
import { startTestNode, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const BUDGET_BYTES = 256 * 1024;
const EDIT_BYTES = 8 * 1024;
const EDITS = 200;

describe('a node whose budget of unsaved edits is used up', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;

  beforeAll(async () => {
    postgres = await startPostgres();
  });

  afterAll(() => postgres.close());

  it('reads no further, refuses new sockets, and takes everything once the database is back', async () => {
    const node = await startTestNode({
      DATABASE_URL: await postgres.createDatabase(),
      TESSERA_MAX_PENDING_BYTES: String(BUDGET_BYTES),
    });
    const ada = await RawClient.open(node.url, 'acme/pressure', tokenFor('ada'));
    const bob = await RawClient.open(node.url, 'acme/pressure', tokenFor('bob'));
    await postgres.stop();
    for (let index = 0; index < EDITS; index++) {
      ada.edit((doc) => doc.getArray('list').push([`${index} `.padEnd(EDIT_BYTES, '.')]));
    }
    const socketIsRefused = () =>
      new Promise<boolean>((resolve) => {
        const late = new WebSocket(`${node.url.replace('http', 'ws')}/sync`);
        late.once('error', (error) => resolve(/503/.test(error.message)));
        late.once('open', () => {
          late.close();
          resolve(false);
        });
      });
    await eventually(socketIsRefused, { what: 'new sockets are refused' });
    const seen = () => bob.doc.getArray('list').length;
    await bob.until(() => seen() * EDIT_BYTES > BUDGET_BYTES, 'edits up to the budget');
    expect(seen()).toBeLessThan(EDITS);
    expect(ada.acks).toBe(1);

    await postgres.start();
    await ada.until(() => ada.acks === EDITS + 1, 'all acks', 20_000);
    await bob.until(() => bob.doc.getArray('list').length === EDITS, 'all edits');
    expect(await socketIsRefused()).toBe(false);
    await Promise.all([ada.close(), bob.close()]);
    await node.close();
  });

  it('of one board only, reads no further from those who edit it, and on from all others', async () => {
    const node = await startTestNode({
      DATABASE_URL: await postgres.createDatabase(),
      TESSERA_MAX_BOARD_PENDING_BYTES: String(BUDGET_BYTES),
    });
    const readOnly = [{ board: '**', access: 'read' as const }];
    const ada = await RawClient.open(node.url, 'acme/busy', tokenFor('ada'));
    const reader = await RawClient.open(node.url, 'acme/busy', tokenFor('reader', readOnly));
    const [bob, carol] = [
      await RawClient.open(node.url, 'acme/calm', tokenFor('bob')),
      await RawClient.open(node.url, 'acme/calm', tokenFor('carol')),
    ];
    await postgres.stop();
    for (let index = 0; index < EDITS; index++) {
      ada.edit((doc) => doc.getArray('list').push([`${index} `.padEnd(EDIT_BYTES, '.')]));
    }
    const seen = () => reader.doc.getArray('list').length;
    await reader.until(() => seen() * EDIT_BYTES > BUDGET_BYTES, 'edits up to the budget');
    bob.edit((doc) => doc.getMap('m').set('calm', true));
    await carol.until(() => carol.doc.getMap('m').has('calm'), 'an edit of the other board');
    reader.synced = false;
    reader.step1();
    await reader.until(() => reader.synced, 'an answer to a reader of the full board');
    expect(seen()).toBeLessThan(EDITS);

    await postgres.start();
    await ada.until(() => ada.acks === EDITS + 1, 'all acks', 20_000);
    await bob.until(() => bob.acks === 2, 'the ack on the other board');
    await reader.until(() => seen() === EDITS, 'all edits');
    await Promise.all([ada, reader, bob, carol].map((client) => client.close()));
    await node.close();
  });
});
