import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { startTestNode, temporaryFolder, tokenFor } from '../../test/support/tessera.ts';
import { eventually } from '../../test/support/wait.ts';
import type { Board, BoardStatus } from './board.ts';
import { type Client, type ClientOptions, createClient } from './client.ts';
import { defineWidget } from './define-widget.ts';

const Chart = defineWidget({
  type: 'line',
  version: 1,
  state: z.object({
    color: z.string(),
    size: z.number().optional(),
    notes: z.string(),
    series: z.array(z.number()),
  }),
  merge: { notes: 'text', series: 'list' },
});
const Counter = defineWidget({ type: 'counter', version: 1, state: z.object({ n: z.number() }) });

let node: Awaited<ReturnType<typeof startTestNode>>;
let folder: string;
let boards = 0;
const clients: Client[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  node = await startTestNode({ TESSERA_DATA_DIR: folder });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await eventually(() => node.openSockets === 0);
});
afterAll(() => node.close());

function connect(token: ClientOptions['token'] = tokenFor()): Client {
  const client = createClient({ url: `${node.url.replace('http', 'ws')}/sync`, token });
  clients.push(client);
  return client;
}

function freshId(): string {
  boards += 1;
  return `acme/board-${boards}`;
}

/** Resolves when the board's state is this one, now or later. */
function reached(board: Board, state: BoardStatus['state']): Promise<BoardStatus> {
  if (board.status.state === state) return Promise.resolve(board.status);
  return new Promise((resolve) => {
    const unsubscribe = board.subscribe(() => {
      if (board.status.state !== state) return;
      unsubscribe();
      resolve(board.status);
    });
  });
}

function statesOf(board: Board): string[] {
  const states: string[] = [board.status.state];
  board.subscribe(() => {
    if (board.status.state !== states.at(-1)) states.push(board.status.state);
  });
  return states;
}

/** How many connections were begun from now on. */
function countConnections(): () => number {
  let count = 0;
  class CountedWebSocket extends WebSocket {
    constructor(url: string) {
      super(url);
      count += 1;
    }
  }
  vi.stubGlobal('WebSocket', CountedWebSocket);
  return () => count;
}

/** Restarts the node on the same port and data. */
async function restart(whileItIsDown: () => Promise<void>): Promise<void> {
  const { port } = new URL(node.url);
  await node.close();
  await whileItIsDown();
  node = await startTestNode({ TESSERA_DATA_DIR: folder, PORT: port });
}

describe('a board', () => {
  test('carries widgets from one client to another, and to one that comes later', async () => {
    const id = freshId();
    const [ada, bob] = [connect().board(id), connect().board(id)];
    await Promise.all([reached(ada, 'saved'), reached(bob, 'saved')]);
    const heard = new Promise<void>((resolve) => bob.widgets.subscribe(resolve));
    ada.title = 'Sales';
    const state = { color: 'red', notes: 'dear', series: [1] };
    const { id: chart } = ada.widgets.create(Chart, state);
    await heard;
    const seen = bob.widgets.get(Chart, chart);
    seen?.set({ color: 'blue', size: 3 });
    seen?.move({ x: 1, y: 2, w: 3, h: 4 });
    seen?.text('notes')?.insert(4, ' all');
    seen?.update((draft) => {
      draft.series.push(2);
    });
    await Promise.all([ada.saved(), bob.saved()]);

    const late = connect().board(id);
    await reached(late, 'saved');
    expect(late.title).toBe('Sales');
    expect(late.widgets.get(chart)).toEqual({
      id: chart,
      type: 'line',
      version: 1,
      geom: { x: 1, y: 2, w: 3, h: 4 },
      state: { color: 'blue', size: 3, notes: 'dear all', series: [1, 2] },
    });
    expect(late.widgets.remove(chart)).toBe(true);
  });

  test('goes on without the server while its client stays away, and saves when it comes back', async () => {
    const client = connect();
    const board = client.board(freshId());
    const { id } = board.widgets.create(Counter, { n: 0 });
    await board.saved();
    client.disconnect();
    expect(board.status.state).toBe('offline');
    // Before the connection is closed, and after.
    client.connect();
    client.disconnect();
    client.connect();
    await reached(board, 'saved');
    client.disconnect();
    await eventually(() => node.openSockets === 0);
    board.widgets.get(Counter, id)?.set({ n: 1 });
    const other = client.board(freshId());
    expect([board.status, other.status]).toMatchObject([
      { state: 'offline', unsaved: 1 },
      { state: 'offline', unsaved: 0 },
    ]);
    client.connect();
    client.connect();
    await Promise.all([board.saved(), reached(other, 'saved')]);
    expect(board.status).toMatchObject({ state: 'saved', unsaved: 0 });
  });

  test('tells where its edits are, from connecting to saved', async () => {
    const board = connect().board(freshId());
    const states = statesOf(board);
    await reached(board, 'saved');
    expect(states).toEqual(['connecting', 'syncing', 'saved']);
    board.widgets.create(Counter, { n: 0 });
    expect(board.status.state).toBe('saving');
    expect(board.status.unsaved).toBe(1);
    await board.saved();
    expect(board.status).toMatchObject({ state: 'saved', unsaved: 0, unsavedSince: undefined });
    expect(states).toEqual(['connecting', 'syncing', 'saved', 'saving', 'saved']);
  });

  test('made before there is a connection: edits are saved once there is one', async () => {
    const id = freshId();
    const board = connect().board(id);
    board.title = 'early';
    expect(board.status.unsaved).toBe(1);
    await board.saved();
    const other = connect().board(id);
    await reached(other, 'saved');
    expect(other.title).toBe('early');
  });

  test('is one and the same while it is open, and can be opened again at once', async () => {
    const client = connect();
    const id = freshId();
    const first = client.board(id);
    expect(client.board(id)).toBe(first);
    first.title = 'kept';
    await first.saved();
    first.close();
    first.close();
    const second = client.board(id);
    expect(second).not.toBe(first);
    const states = statesOf(second);
    await reached(second, 'saved');
    expect(second.title).toBe('kept');
    second.title = 'still connected';
    await second.saved();
    expect(states).toEqual(['connecting', 'syncing', 'saved', 'saving', 'saved']);
  });

  test('shares one connection with the other boards of its client', async () => {
    const connections = countConnections();
    const client = connect();
    const opened = Array.from({ length: 10 }, () => client.board(freshId()));
    await Promise.all(opened.map((board) => reached(board, 'saved')));
    expect([node.openSockets, connections()]).toEqual([1, 1]);
  });

  test('says when it has what the server has, and again after it was offline', async () => {
    const id = freshId();
    const ada = connect().board(id);
    ada.title = 'Sales';
    await ada.saved();
    const client = connect();
    const bob = client.board(id);
    await bob.synced();
    expect(bob.title).toBe('Sales');
    client.disconnect();
    ada.title = 'Costs';
    await ada.saved();
    const synced = bob.synced();
    client.connect();
    await synced;
    expect(bob.title).toBe('Costs');
  });

  test('that stops or is closed rejects who waits to be synced', async () => {
    await expect(connect('not a token').board(freshId()).synced()).rejects.toMatchObject({
      code: 'token-invalid',
    });
    const board = connect().board(freshId());
    const synced = board.synced();
    board.close();
    await expect(synced).rejects.toThrow(/closed before it was synced/);
    await expect(board.synced()).rejects.toThrow(/closed before/);
  });

  test('that is closed with unsaved edits rejects who waits for them', async () => {
    const board = connect().board(freshId());
    board.title = 'never sent';
    const saved = board.saved();
    board.close();
    await expect(saved).rejects.toThrow(/closed before its edits were saved/);
    await expect(board.saved()).rejects.toThrow(/closed before/);
    expect(board.status).toMatchObject({ state: 'stopped', stopped: { code: 'closed' } });
  });

  test('needs a board id and an open client', () => {
    const client = connect();
    expect(() => client.board('no good')).toThrow(/is not a board id/);
    void client.close();
    expect(() => client.board(freshId())).toThrow(/client is closed/);
  });
});

describe('when the node goes away and comes back', () => {
  test('edits made meanwhile are counted, kept and saved', async () => {
    const id = freshId();
    const board = connect().board(id);
    const widget = board.widgets.create(Counter, { n: 0 });
    await board.saved();
    await restart(async () => {
      expect((await reached(board, 'offline')).state).toBe('offline');
      for (let n = 1; n <= 100; n++) widget.set({ n });
      expect(board.status.unsaved).toBe(100);
    });
    let resolved = false;
    const saved = board.saved().then(() => {
      resolved = true;
    });
    board.subscribe(() => {
      // Nothing is claimed before the answer is there.
      if (!resolved && board.status.state === 'saved') expect(board.status.unsaved).toBe(0);
    });
    await saved;
    expect(board.status.unsaved).toBe(0);

    const other = connect().board(id);
    await reached(other, 'saved');
    expect(other.widgets.get(Counter, widget.id)?.state).toEqual({ n: 100 });
  });
});

describe('a token', () => {
  test('that is refused stops the board with the reason', async () => {
    const board = connect('not a token').board(freshId());
    expect(await reached(board, 'stopped')).toMatchObject({ stopped: { code: 'token-invalid' } });
    board.title = 'kept here';
    await expect(board.saved()).rejects.toMatchObject({ code: 'token-invalid' });
  });

  test('from a callback is asked for once more before that', async () => {
    const answers = ['stale', tokenFor()];
    const asked: (string | undefined)[] = [];
    const board = connect(() => {
      const token = answers.shift() ?? 'stale again';
      asked.push(token);
      return token;
    }).board(freshId());
    board.title = 'saved in the end';
    await board.saved();
    expect(asked[0]).toBe('stale');
    expect(board.status.state).toBe('saved');
  });

  test('may be another for each board', async () => {
    const ids = [freshId(), freshId()];
    const asked: string[] = [];
    const client = connect((board) => {
      asked.push(board);
      return tokenFor('ada', [{ board, access: 'write' }]);
    });
    const opened = ids.map((id) => client.board(id));
    await Promise.all(opened.map((board) => board.synced()));
    expect(asked.sort()).toEqual(ids.sort());
    expect(opened.map((board) => board.canEdit())).toEqual([true, true]);
  });

  test('that stays bad is not asked for again and again', async () => {
    let asked = 0;
    const board = connect(async () => {
      asked += 1;
      return 'stale';
    }).board(freshId());
    expect(await reached(board, 'stopped')).toMatchObject({ stopped: { code: 'token-invalid' } });
    expect(asked).toBe(2);
  });

  test('that was refused for good ends the connecting', async () => {
    const connections = countConnections();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const board = connect('not a token').board(freshId());
    await reached(board, 'stopped');
    await eventually(() => node.openSockets === 0);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(connections()).toBe(1);
  });

  test('whose callback fails is asked for until it works', async () => {
    let asked = 0;
    const board = connect(async () => {
      asked += 1;
      if (asked < 3) throw new Error('the backend is away');
      return tokenFor();
    }).board(freshId());
    board.title = 'saved in the end';
    await board.saved();
    expect(asked).toBe(3);
  });

  test('for other boards stops this one only', async () => {
    const client = connect(tokenFor('ada', [{ board: 'acme/*', access: 'write' }]));
    const [mine, others] = [client.board(freshId()), client.board('other/board')];
    expect(await reached(others, 'stopped')).toMatchObject({ stopped: { code: 'not-granted' } });
    mine.title = 'goes on';
    await mine.saved();
    expect(mine.status.state).toBe('saved');
  });

  test('for reading shows the board, and lets nothing be edited', async () => {
    const id = freshId();
    const writer = connect().board(id);
    writer.title = 'look';
    await writer.saved();
    const reader = connect(tokenFor('bob', [{ board: 'acme/*', access: 'read' }])).board(id);
    await reached(reader, 'saved');
    expect(reader.title).toBe('look');
    expect([reader.canEdit(), reader.canEdit('a'), writer.canEdit('a')]).toEqual([
      false,
      false,
      true,
    ]);
    expect(() => {
      reader.title = 'mine';
    }).toThrow(/may not be changed/);
    expect(reader.status.state).toBe('saved');
    expect(reader.title).toBe('look');
  });
});
