import { setState, setTitle, stateOf } from '@tessera/model';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startNodeOnPostgres, tokenFor } from '../../test/support/tessera.ts';
import { eventually } from '../../test/support/wait.ts';
import { localStore } from '../offline/local-store.ts';
import { memoryStore } from '../offline/memory-store.ts';
import { memoryBackend } from '../offline/storage-memory.ts';
import type { Board } from './board.ts';
import { type Client, createClient } from './client.ts';
import type { BoardConflict } from './conflicts.ts';
import { defineWidget } from './define-widget.ts';
import type { LocalStore } from './local-copy.ts';

const Note = defineWidget({
  type: 'note',
  version: 1,
  state: z.object({ text: z.string(), size: z.number().optional() }),
});

let node: Awaited<ReturnType<typeof startNodeOnPostgres>>;
let boards = 0;
const clients: Client[] = [];

beforeAll(async () => {
  node = await startNodeOnPostgres();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(() => node.close());

const everything = tokenFor('ann');
/** May write the widgets `chat-…`, and read all others. */
const chatOnly = tokenFor('bob', [
  { board: 'acme/*', access: 'read', widgets: { 'chat-*': 'write' } },
]);
const readOnly = tokenFor('cat', [{ board: 'acme/*', access: 'read' }]);

function visit(token: string | (() => string), store?: LocalStore, url = node.url): Client {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/sync`,
    token,
    ...(store && { store }),
  });
  clients.push(client);
  return client;
}

const isSaved = (board: Board) => eventually(() => board.status.state === 'saved');

/** A board with two widgets, open for somebody who may edit all of it. */
async function freshBoard(): Promise<Board> {
  boards += 1;
  const board = visit(everything).board(`acme/rejections-${boards}`);
  for (const id of ['chat-1', 'locked']) board.widgets.create(Note, { text: 'mine' }, { id });
  await board.saved();
  return board;
}

const textOf = (board: Board, id: string) => board.widgets.get(Note, id)?.state?.text;

/** As an editor does that binds the document itself: nothing asks whether it may. */
const setRaw = (board: Board, id: string, text: string) => setState(board.doc, id, { text });

describe.each(['without a store', 'with a store'])('an edit that the server refuses, %s', (how) => {
  const storeOf = () => (how === 'with a store' ? memoryStore() : undefined);

  test('is rolled back, kept to be read, and told; what else was edited stays', async () => {
    const theirs = await freshBoard();
    const board = visit(chatOnly, storeOf()).board(theirs.id);
    await isSaved(board);
    const locked = board.widgets.handle(Note, 'locked');
    const shown: (string | undefined)[] = [];
    locked.subscribe(({ state }) => shown.push(state?.text));
    const told: BoardConflict[] = [];
    board.onRejected((conflict) => told.push(conflict));

    board.doc.transact(() => {
      setRaw(board, 'locked', 'changed');
      setRaw(board, 'chat-1', 'hello');
      setTitle(board.doc, 'changed');
    });
    await eventually(() => told.length === 1);
    await isSaved(board);
    expect(shown).toEqual(['changed', 'mine']);
    expect([textOf(board, 'locked'), textOf(board, 'chat-1'), board.title]).toEqual([
      'mine',
      'hello',
      '',
    ]);
    expect(board.conflicts).toEqual(told);
    expect(told[0]).toMatchObject({
      cause: { kind: 'rejected', reason: expect.stringContaining('locked') },
      widgets: {
        locked: { before: { state: { text: 'mine' } }, after: { state: { text: 'changed' } } },
      },
      title: { before: '', after: 'changed' },
    });
    expect(Object.keys(told[0]?.widgets ?? {})).toEqual(['locked']);
    await eventually(() => textOf(theirs, 'chat-1') === 'hello');
    expect([textOf(theirs, 'locked'), theirs.title]).toEqual(['mine', '']);

    theirs.widgets.get(Note, 'locked')?.set({ size: 3 });
    board.widgets.get(Note, 'chat-1')?.set({ size: 4 });
    await board.saved();
    await eventually(() => locked.state?.size === 3);
    expect(theirs.widgets.get(Note, 'chat-1')?.state?.size).toBe(4);
    await told[0]?.discard();
    expect(board.conflicts).toEqual([]);
  });

  test('is not called saved, and edits made meanwhile are carried over', async () => {
    const theirs = await freshBoard();
    const board = visit(chatOnly, storeOf()).board(theirs.id);
    await isSaved(board);
    const { doc } = board;
    const chat = board.widgets.handle(Note, 'chat-1');
    setRaw(board, 'locked', 'changed');
    const saved = board.saved();
    await expect(saved).rejects.toMatchObject({ code: 'not-granted' });
    await expect(board.saved()).rejects.toMatchObject({ code: 'not-granted' });
    for (let size = 0; board.doc === doc; size += 1) {
      chat.set({ size });
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { size } = chat.state ?? {};
    await board.saved();
    expect(chat.state).toEqual({ text: 'mine', size });
    await eventually(() => theirs.widgets.get(Note, 'chat-1')?.state?.size === size);
    expect(board.status).toMatchObject({ state: 'saved', unsaved: 0 });
    expect(board.conflicts).toHaveLength(1);
  });

  test('of a reader leaves the board open for reading', async () => {
    const theirs = await freshBoard();
    const board = visit(readOnly, storeOf()).board(theirs.id);
    await isSaved(board);
    stateOf(board.doc, 'locked').set('text', 'changed');
    await eventually(() => board.conflicts.length === 1);
    await isSaved(board);
    theirs.title = 'goes on';
    await eventually(() => board.title === 'goes on');
    expect(textOf(board, 'locked')).toBe('mine');
    expect(Object.keys(board.conflicts[0]?.widgets ?? {})).toEqual(['locked']);
  });

  test('made while the connection was gone is gone from the board, and what may be edited is there', async () => {
    const theirs = await freshBoard();
    let token = everything;
    const client = visit(() => token, storeOf());
    const board = client.board(theirs.id);
    await isSaved(board);
    token = chatOnly;
    node.kick({ actor: 'ann', board: theirs.id, reason: 'rights have changed' });
    setRaw(board, 'locked', 'changed');
    setRaw(board, 'chat-1', 'hello');
    await eventually(() => !board.canEdit('locked'));
    await isSaved(board);
    expect([textOf(board, 'locked'), textOf(board, 'chat-1')]).toEqual(['mine', 'hello']);
    const other = visit(readOnly).board(theirs.id);
    await isSaved(other);
    expect([textOf(other, 'locked'), textOf(other, 'chat-1')]).toEqual(['mine', 'hello']);
  });
});

test('a widget that may not be edited says so before anything is sent', async () => {
  const theirs = await freshBoard();
  const board = visit(chatOnly).board(theirs.id);
  await isSaved(board);
  const locked = board.widgets.handle(Note, 'locked');
  const refused = { code: 'not-granted', message: expect.stringContaining('widget locked') };
  expect(() => locked.set({ text: 'changed' })).toThrow(expect.objectContaining(refused));
  expect(() => locked.remove()).toThrow(expect.objectContaining(refused));
  expect(() => locked.move({ x: 1 })).toThrow(expect.objectContaining(refused));
  expect(() => board.widgets.create(Note, { text: 'new' })).toThrow(/may be read but not edited/);
  board.widgets.create(Note, { text: 'new' }, { id: 'chat-2' });
  await board.saved();
  expect(board.conflicts).toEqual([]);
});

test('edits of earlier pages, offline, are saved as far as the token of today allows', async () => {
  const theirs = await freshBoard();
  const store = memoryStore();
  const first = visit(everything, store);
  await isSaved(first.board(theirs.id));
  await first.close();
  for (const text of ['one', 'two']) {
    const offline = visit(everything, store, 'http://127.0.0.1:9');
    const board = offline.board(theirs.id);
    await board.loaded();
    for (const id of ['locked', 'chat-1']) board.widgets.get(Note, id)?.set({ text });
    await board.stored();
    await offline.close();
  }
  const back = visit(chatOnly, store).board(theirs.id);
  await expect(back.saved()).rejects.toMatchObject({ code: 'not-granted' });
  await isSaved(back);
  expect([textOf(back, 'locked'), textOf(back, 'chat-1')]).toEqual(['mine', 'two']);
  expect(back.conflicts.map(({ widgets }) => widgets)).toMatchObject([
    { locked: { before: { state: { text: 'mine' } }, after: { state: { text: 'two' } } } },
  ]);
  await eventually(() => textOf(theirs, 'chat-1') === 'two');
  expect(textOf(theirs, 'locked')).toBe('mine');
});

test('another tab of the same browser forgets the refused edit as well, and keeps its own', async () => {
  const theirs = await freshBoard();
  const channel = `rejections-${process.pid}-${boards}`;
  const backend = { ...memoryBackend(), persistent: true, channel };
  const [a, b] = [1, 2].map(() => visit(chatOnly, localStore(backend)).board(theirs.id));
  if (a === undefined || b === undefined) throw new Error('two were opened');
  for (const board of [a, b]) await isSaved(board);
  setRaw(a, 'locked', 'changed');
  setRaw(b, 'chat-1', 'from the other tab');
  await eventually(() => a.conflicts.length === 1);
  for (const board of [a, b]) {
    await eventually(() => textOf(board, 'locked') === 'mine');
    await eventually(() => textOf(board, 'chat-1') === 'from the other tab');
    await isSaved(board);
  }
  b.widgets.get(Note, 'chat-1')?.set({ size: 1 });
  await eventually(() => a.widgets.get(Note, 'chat-1')?.state?.size === 1);
  await Promise.all([a.saved(), b.saved()]);
  expect(b.conflicts).toHaveLength(1);
  expect(await b.stored()).toBe(true);
  const { rows } = await (await backend.open(theirs.id, () => undefined)).read();
  await eventually(() => rows.every(({ unsaved }) => unsaved === undefined));
});

test('refused edits and what was refused survive the page', async () => {
  const theirs = await freshBoard();
  const store = memoryStore();
  const client = visit(chatOnly, store);
  const board = client.board(theirs.id);
  await isSaved(board);
  setRaw(board, 'locked', 'changed');
  await eventually(() => board.conflicts.length === 1);
  board.widgets.get(Note, 'chat-1')?.set({ text: 'hello' });
  await board.saved();
  await client.close();

  const away = visit(chatOnly, store, 'http://127.0.0.1:9').board(theirs.id);
  await away.loaded();
  expect([textOf(away, 'locked'), textOf(away, 'chat-1')]).toEqual(['mine', 'hello']);
  expect(away.status.unsaved).toBe(0);
  expect(away.conflicts[0]?.widgets['locked']?.after?.state).toMatchObject({ text: 'changed' });
});
