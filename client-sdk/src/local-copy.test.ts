import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { onDatabase } from '../../test/support/log.ts';
import { createDatabase } from '../../test/support/postgres.ts';
import { startProxy } from '../../test/support/proxy.ts';
import { startTestNode, tokenFor } from '../../test/support/tessera.ts';
import { eventually } from '../../test/support/wait.ts';
import { memoryStore } from '../offline/memory-store.ts';
import type { Board } from './board.ts';
import { type Client, createClient } from './client.ts';
import { defineWidget } from './define-widget.ts';
import type { LocalStore } from './local-copy.ts';

const Note = defineWidget({
  type: 'note',
  version: 1,
  state: z.object({ text: z.string(), color: z.string().optional() }),
});

let databaseUrl: string;
let node: Awaited<ReturnType<typeof startTestNode>>;
let boards = 0;
const clients: Client[] = [];

beforeAll(async () => {
  databaseUrl = await createDatabase();
  node = await startTestNode({ DATABASE_URL: databaseUrl });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(() => node.close());

/** A page that is opened: several with one store are the same page, one visit after the other. */
function visit(store: LocalStore | undefined, url = node.url): Client {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/sync`,
    token: tokenFor(),
    ...(store && { store }),
  });
  clients.push(client);
  return client;
}

/** Nothing listens there. */
const nowhere = 'http://127.0.0.1:9';

async function isSaved(board: Board): Promise<void> {
  await eventually(() => board.status.state === 'saved');
}

function freshId(): string {
  boards += 1;
  return `acme/local-${boards}`;
}

const texts = (board: Board) => board.widgets.list(Note).map(({ state }) => state?.text);

async function leave(client: Client, board: Board): Promise<void> {
  await board.stored();
  await client.close();
}

async function resetOnServer(id: string): Promise<void> {
  await onDatabase(databaseUrl, async (database) => {
    await database.query('BEGIN');
    await database.query('SELECT 1 FROM boards WHERE id = $1 FOR UPDATE', [id]);
    await database.query('DELETE FROM updates WHERE board = $1', [id]);
    await database.query('DELETE FROM snapshots WHERE board = $1', [id]);
    await database.query(
      'UPDATE boards SET epoch = gen_random_uuid(), head = 0, snapshot_seq = 0 WHERE id = $1',
      [id],
    );
    await database.query('COMMIT');
  });
  node.boardWasReset(id);
}

describe('a local copy', () => {
  test('shows the board without a network, and saves what was edited once there is one', async () => {
    const [store, id] = [memoryStore(), freshId()];
    const first = visit(store);
    const board = first.board(id);
    board.widgets.create(Note, { text: 'from before' });
    await board.saved();
    await leave(first, board);

    const offline = visit(store, nowhere);
    const away = offline.board(id);
    await away.loaded();
    expect(texts(away)).toEqual(['from before']);
    expect(away.status).toMatchObject({ unsaved: 0 });
    const before = Date.now();
    away.widgets.create(Note, { text: 'on the train' });
    away.title = 'Trip';
    await leave(offline, away);

    const stillAway = visit(store, nowhere);
    const again = stillAway.board(id);
    await again.loaded();
    expect(texts(again).sort()).toEqual(['from before', 'on the train']);
    expect(again.status).toMatchObject({ unsaved: 2 });
    expect(again.status.unsavedSince).toBeGreaterThanOrEqual(before);
    await leave(stillAway, again);

    const home = visit(store);
    const back = home.board(id);
    await back.saved();
    expect(back.status).toMatchObject({ state: 'saved', unsaved: 0, unsavedSince: undefined });
    const other = visit(undefined).board(id);
    await isSaved(other);
    expect(texts(other).sort()).toEqual(['from before', 'on the train']);
    expect(other.title).toBe('Trip');
    await leave(home, back);

    const later = visit(store, nowhere).board(id);
    await later.loaded();
    expect(later.status).toMatchObject({ unsaved: 0 });
  });

  test('of a board that was reset is set aside, and never merged', async () => {
    const [store, id] = [memoryStore(), freshId()];
    const first = visit(store);
    const board = first.board(id);
    const note = board.widgets.create(Note, { text: 'old' });
    await board.saved();
    await leave(first, board);
    const offline = visit(store, nowhere);
    const away = offline.board(id);
    await away.loaded();
    away.widgets.get(Note, note.id)?.set({ text: 'edited offline' });
    const { id: made } = away.widgets.create(Note, { text: 'made offline' });
    await leave(offline, away);
    await resetOnServer(id);

    const back = visit(store).board(id);
    await isSaved(back);
    expect(texts(back)).toEqual([]);
    expect(back.status.unsaved).toBe(0);
    const [conflict] = back.conflicts;
    expect(back.conflicts).toHaveLength(1);
    expect(conflict?.widgets).toMatchObject({
      [note.id]: {
        before: { state: { text: 'old' } },
        after: { state: { text: 'edited offline' } },
      },
      [made]: { after: { state: { text: 'made offline' } } },
    });
    await conflict?.reapply();
    await back.saved();
    expect(texts(back).sort()).toEqual(['edited offline', 'made offline']);
    expect(back.conflicts).toEqual([]);
    const other = visit(undefined).board(id);
    await isSaved(other);
    expect(texts(other).sort()).toEqual(['edited offline', 'made offline']);
  });

  test('gives way while the board is open: handles, history and listeners go on', async () => {
    const [store, id] = [memoryStore(), freshId()];
    const board = visit(store).board(id);
    const note = board.widgets.create(Note, { text: 'old' });
    await board.saved();
    const { doc } = board;
    const seen: (string | undefined)[] = [];
    note.subscribe(({ state }) => seen.push(state?.text));
    await resetOnServer(id);
    await eventually(() => board.doc !== doc);
    await isSaved(board);
    expect(note.exists).toBe(false);
    expect(board.history.canUndo).toBe(false);
    expect(board.conflicts).toEqual([]);

    const other = visit(undefined).board(id);
    await isSaved(other);
    other.widgets.create(Note, { text: 'new' }, { id: note.id });
    await eventually(() => note.state.text === 'new');
    expect(seen.at(-1)).toBe('new');
    note.set({ color: 'red' });
    expect(board.history.canUndo).toBe(true);
    await board.saved();
  });

  test('that is kept nowhere still sets aside what was unsaved when the board was reset', async () => {
    const id = freshId();
    const proxy = await startProxy({ port: Number(new URL(node.url).port) });
    const board = visit(undefined, `http://127.0.0.1:${proxy.port}`).board(id);
    const note = board.widgets.create(Note, { text: 'old' });
    const other = board.widgets.create(Note, { text: 'as it was' });
    await board.saved();
    await proxy.cut();
    note.set({ text: 'edited offline' });
    board.title = 'offline';
    await resetOnServer(id);
    await proxy.restore();
    await eventually(() => board.conflicts.length === 1);
    await isSaved(board);
    expect(board.conflicts[0]).toMatchObject({
      cause: { kind: 'reset' },
      count: 2,
      widgets: { [note.id]: { after: { state: { text: 'edited offline' } } } },
      title: { after: 'offline' },
    });
    expect(board.conflicts[0]?.widgets[other.id]).toBeUndefined();
    await board.conflicts[0]?.reapply();
    await board.saved();
    expect([texts(board), board.title, board.conflicts]).toEqual([
      ['edited offline'],
      'offline',
      [],
    ]);
    await proxy.close();
  });

  test('keeps nothing of its own where none is wanted', async () => {
    const board = visit(undefined).board(freshId());
    expect(board.status.storage).toEqual({ state: 'off' });
    board.title = 'x';
    expect(await board.stored()).toBe(false);
  });
});
