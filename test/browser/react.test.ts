import { type Board, type Client, createClient } from '@tessera/client';
import type { TesseraNode } from '@tessera/server';
import type { Browser, BrowserContext, Page, WebSocket } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { holdBoard, openBoard } from '../../client-sdk/react/board-lease.ts';
import { launchChromium } from '../support/chromium.ts';
import { removeFolder, startTestNode, temporaryFolder, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';
import { bundlePage } from './react/bundle.ts';
import { Chart } from './react/parts.tsx';
import { renderOnServer } from './react/server.tsx';

let browser: Browser;
let dataDir: string;
let node: TesseraNode;

beforeAll(async () => {
  browser = await launchChromium();
  dataDir = await temporaryFolder();
  node = await startTestNode({ TESSERA_DATA_DIR: dataDir });
});

afterAll(async () => {
  await browser.close();
  await node.close();
  await removeFolder(dataDir);
});

const versions = { react: /^19\./, 'react-18': /^18\./ };

function setTitle(board: Board, title: string): void {
  board.title = title;
}

// The oldest React that is promised to work, and the newest.
describe.each(['react', 'react-18'] as const)('the hooks of %s', (react) => {
  let script: string;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];
  let sockets: WebSocket[];
  let elsewhere: Client;
  let id: string;
  let boards = 0;

  beforeAll(async () => {
    script = await bundlePage(react);
  });

  beforeEach(async () => {
    boards += 1;
    id = `acme/${react}-${boards}`;
    elsewhere = createClient({ url: syncUrl(), token: tokenFor('bob') });
    // The pages of a node run scripts of its own only.
    context = await browser.newContext({ bypassCSP: true });
    context.setDefaultTimeout(10_000);
    page = await context.newPage();
    await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
    [complaints, sockets] = [[], []];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('websocket', (socket) => sockets.push(socket));
  });

  afterEach(async () => {
    await elsewhere.close();
    await context.close();
    await eventually(() => node.openSockets === 0);
    expect(complaints).toEqual([]);
  });

  const syncUrl = () => `${node.url.replace('http', 'ws')}/sync`;

  /** Opens the page with a client but nothing shown; `html` is what a server rendered. */
  async function openPage(html = ''): Promise<void> {
    // Of the node itself: pages from elsewhere may not connect to it.
    await page.goto(new URL('/readyz', node.url).href);
    await page.setContent(`<!doctype html><div id="root">${html}</div>`);
    await page.addScriptTag({ content: script });
    await page.evaluate(([url, token]) => reactPage.connect(url, token), [
      syncUrl(),
      tokenFor('ada'),
    ] as const);
  }

  /** A board with two charts, open in this process. */
  async function boardElsewhere(): Promise<Board> {
    const board = elsewhere.board(id);
    await synced(board);
    for (const widget of ['a', 'b']) {
      board.widgets.create(
        Chart,
        { color: 'red', size: 1 },
        { id: widget, geom: { x: 1, y: 1, w: 4, h: 3 } },
      );
    }
    await board.saved();
    return board;
  }

  const synced = (board: Board) => eventually(() => board.status.state === 'saved');
  const shows = (part: string, text: string) =>
    eventually(async () => (await page.locator(`#${part}`).textContent()) === text, {
      what: `#${part} to show ${text}`,
    });

  /** What the edit renders on the page, once it shows there. */
  async function rendersOf(edit: () => unknown, shown: () => Promise<void>): Promise<unknown> {
    await page.evaluate(() => reactPage.renders());
    await edit();
    await shown();
    return page.evaluate(() => reactPage.renders());
  }

  async function showParts(board: Board): Promise<void> {
    await openPage();
    await page.evaluate((id) => reactPage.show(id), id);
    await shows('widget-b', 'ok red 1');
    await shows('state', 'saved');
    await eventually(() => board.presence.others.length === 1);
    await shows('others', '1');
  }

  it('render what an edit made elsewhere changes, and nothing else', async () => {
    const board = await boardElsewhere();
    await showParts(board);
    expect(await page.evaluate(() => reactPage.version)).toMatch(versions[react]);
    const a = board.widgets.handle(Chart, 'a');
    const b = board.widgets.handle(Chart, 'b');
    const titled = (title: string) => async () =>
      eventually(async () => (await page.locator('#title').inputValue()) === title);

    const cases: [edit: () => unknown, shown: () => Promise<void>, renders: string[]][] = [
      [() => b.set({ color: 'blue' }), () => shows('widget-b', 'ok blue 1'), ['widget b']],
      [
        () => a.set({ color: 'blue' }),
        () => shows('widget-a', 'ok blue 1'),
        ['widget a', 'color of a'],
      ],
      [() => a.set({ size: 2 }), () => shows('sizes-a', '2'), ['widget a', 'sizes of a']],
      [() => a.move({ x: 5 }), () => shows('place-a', '5'), ['widget a', 'place of a']],
      [
        () => a.set({ axis: { label: 'x' } }),
        () => shows('axis-a', 'x'),
        ['widget a', 'axis of a'],
      ],
      [
        () => board.widgets.create(Chart, { color: 'green', size: 3 }, { id: 'c' }),
        () => shows('charts', '3'),
        ['refs', 'charts'],
      ],
      [() => setTitle(board, 'Sales'), titled('Sales'), ['title']],
      [
        () => board.presence.set({ name: 'Bob' }),
        () => shows('names', 'Bob'),
        ['others', 'names of others'],
      ],
      [() => board.presence.set({ cursor: 7 }), () => shows('cursors', '7'), ['others']],
      [() => b.remove(), () => shows('widget-b', 'removed blue 1'), ['widget b', 'refs', 'charts']],
    ];
    for (const [edit, shown, parts] of cases) {
      expect(await rendersOf(edit, shown)).toEqual(
        Object.fromEntries(parts.map((part) => [part, 1])),
      );
    }
  });

  it('edit, undo and redo, and tell the others who is here', async () => {
    const board = await boardElsewhere();
    await showParts(board);
    await page.locator('#title').fill('Sales');
    await eventually(() => board.title === 'Sales');
    await page.locator('#undo').click();
    await eventually(() => board.title === '');
    expect(await page.locator('#undo').isDisabled()).toBe(true);
    await page.locator('#redo').click();
    await eventually(() => board.title === 'Sales');

    await page.locator('#me').click();
    await shows('me', 'Page');
    await eventually(() => board.presence.others[0]?.['name'] === 'Page');
    expect(board.presence.others[0]?.user.id).toBe('ada');
    await shows('stopped', 'false');
  });

  it('keep one board and one socket through 100 mounts and unmounts in StrictMode', async () => {
    const board = await boardElsewhere();
    let most = 0;
    board.presence.subscribe(() => {
      most = Math.max(most, board.presence.others.length);
    });
    await openPage();
    expect(await page.evaluate((id) => reactPage.flicker(id, 100), id)).toBe(1);
    await page.evaluate((id) => reactPage.show(id, { strict: true }), id);
    await shows('widget-b', 'ok red 1');
    await eventually(() => board.presence.others.length === 1);
    board.widgets.handle(Chart, 'b').set({ color: 'blue' });
    await shows('widget-b', 'ok blue 1');

    const isClosed = await page.evaluateHandle((id) => {
      const shown = reactPage.board(id);
      return () => shown.status.stopped?.code === 'closed';
    }, id);
    await page.evaluate(() => reactPage.unmount());
    await eventually(() => page.evaluate((isClosed) => isClosed(), isClosed));
    await eventually(() => board.presence.others.length === 0);
    expect(most).toBe(1);
    expect(sockets.length).toBe(1);

    await page.evaluate((id) => reactPage.show(id, { strict: true }), id);
    await shows('widget-b', 'ok blue 1');
    expect(sockets.length).toBe(1);
  });

  it('show another board under another id, and leave the one before', async () => {
    const board = await boardElsewhere();
    await showParts(board);
    await page.evaluate((id) => reactPage.show(`${id}-next`), id);
    await shows('widget-b', 'removed  ');
    await eventually(() => board.presence.others.length === 0);
    const next = elsewhere.board(`${id}-next`);
    next.widgets.create(Chart, { color: 'white', size: 9 }, { id: 'b' });
    await shows('widget-b', 'ok white 9');
    await page.evaluate((id) => reactPage.show(id), id);
    await shows('widget-b', 'ok red 1');
    expect(sockets.length).toBe(1);
  });

  it.each(['loaded', 'synced'] as const)('suspend until a board is %s', async (wait) => {
    await boardElsewhere();
    await openPage();
    const options = { wait, strict: true };
    await page.evaluate(([id, options]) => reactPage.show(id, options), [id, options] as const);
    await shows('awaited', `${id} saved 2`);
    const [first, second] = await page.evaluate(() => [...new Set(reactPage.texts)]);
    expect(first).toBe('…');
    expect(second).toBe(wait === 'synced' ? `${id} saved 2` : `${id} connecting 0`);
    expect(sockets.length).toBe(1);
  });

  it('take over what a server rendered, without a difference', async () => {
    await boardElsewhere();
    await openPage(renderOnServer(id));
    expect(await page.locator('#widget-b').textContent()).toBe('removed  ');
    await page.evaluate((id) => reactPage.hydrate(id), id);
    await shows('widget-b', 'ok red 1');
    expect(await page.evaluate(() => reactPage.errors)).toEqual([]);
    expect(sockets.length).toBe(1);
  });
});

it('the hooks render an empty board on a server, and connect to nothing', () => {
  const html = renderOnServer('acme/server', { strict: true });
  expect(html).toContain('<p id="state">connecting</p>');
  expect(html).toContain('<p id="charts">0</p>');
  expect(html).toContain('<input id="title" value=""/>');
  for (const wait of ['loaded', 'synced'] as const) {
    const awaited = renderOnServer('acme/server', { wait });
    expect(awaited).toContain('<p id="awaited">acme/server connecting 0</p>');
  }
});

it('a board whose rendering was given up is closed after a minute', async () => {
  vi.useFakeTimers();
  const client = createClient({ url: 'ws://127.0.0.1:1/sync', token: 'none' });
  try {
    const board = openBoard(client, 'acme/given-up');
    const release = holdBoard(client, 'acme/held', 1000);
    const held = openBoard(client, 'acme/held');
    await vi.advanceTimersByTimeAsync(59_000);
    expect(openBoard(client, 'acme/given-up')).toBe(board);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(board.status.stopped).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1000);
    expect(board.status.stopped?.code).toBe('closed');
    expect(held.status.stopped).toBeUndefined();

    release();
    await vi.advanceTimersByTimeAsync(999);
    expect(held.status.stopped).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(held.status.stopped?.code).toBe('closed');
    expect(openBoard(client, 'acme/held')).not.toBe(held);
  } finally {
    await client.close();
    vi.useRealTimers();
  }
});
