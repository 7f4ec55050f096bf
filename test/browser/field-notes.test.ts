import type { TesseraNode } from '@tessera/server';
import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Frame,
  Locator,
  Page,
} from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { createDatabase } from '../support/postgres.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { startTestNode } from '../support/tessera.ts';
import { barriersOn } from './accessibility.ts';
import { startDeployment } from './newer-pages.ts';
import { photograph } from './offline-page/photograph.ts';

// Its own limit is 1 s, which a busy machine needs for a page.
const poll = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const WIDE = { viewport: { width: 1080, height: 720 } };
const PHONES = { viewport: { width: 1300, height: 860 } };

/** What somebody does with the notes, on a page or in a frame of one. */
class Notebook {
  readonly on: Page | Frame;

  constructor(on: Page | Frame) {
    this.on = on;
  }

  get pill(): Locator {
    return this.on.locator('.toolbar .pill');
  }

  get away(): Locator {
    return this.on.locator('.away');
  }

  async untilSays(text: string | RegExp): Promise<void> {
    await poll(() => this.pill.textContent()).toMatch(text);
  }

  async open(title: string): Promise<void> {
    await this.on.locator('.note-row', { hasText: title }).click();
    await this.on.locator('.editor').waitFor();
  }

  async toList(): Promise<void> {
    await this.on.getByLabel('All notes').click();
  }

  async write(part: 'Title' | 'Text', text: string, at: 'Home' | 'End' = 'End'): Promise<void> {
    const field = this.on.getByLabel(part, { exact: true });
    await field.press(`Control+${at}`);
    await field.pressSequentially(text);
  }

  valueOf(part: 'Title' | 'Text' | 'Place'): Promise<string> {
    return this.on.getByLabel(part, { exact: true }).inputValue();
  }

  titles(): Promise<string[]> {
    return this.on.locator('.note-title').allTextContents();
  }
}

describe('field notes', () => {
  let browser: Browser;
  let node: TesseraNode;
  /** The way from the browser to the node, which serves the page as well. */
  let network: TcpProxy;
  let boards = 0;
  let complaints: string[] = [];

  beforeAll(async () => {
    node = await startTestNode({ DATABASE_URL: await createDatabase() });
    [browser, network] = await Promise.all([
      launchChromium(),
      startProxy({ port: Number(new URL(node.url).port) }),
    ]);
  });

  afterAll(async () => {
    await browser.close();
    await network.close();
    await node.close();
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await network.cut();
    await network.restore();
    complaints = [];
  });

  const nextBoard = () => `demo/notes-${++boards}`;

  async function device(options: BrowserContextOptions = PHONE): Promise<BrowserContext> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(10_000);
    context.on('weberror', (error) => complaints.push(error.error().message));
    context.on('console', (message) => {
      if (/Content.Security.Policy|script-src/i.test(message.text()))
        complaints.push(message.text());
    });
    return context;
  }

  const address = (board: string, name: string, file = '') =>
    `${network.url(node.url)}examples/offline-field-notes/${file}?${new URLSearchParams({ board, name })}`;

  async function visit(context: BrowserContext, board: string, name: string): Promise<Notebook> {
    const page = await context.newPage();
    await page.goto(address(board, name));
    const notebook = new Notebook(page);
    await notebook.untilSays('Saved');
    return notebook;
  }

  /** The service worker has all it needs, and this page is its. */
  async function untilKept({ on }: Notebook): Promise<void> {
    await on.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
  }

  it('open, are written and stay without a network, and are sent when it is back', async () => {
    const board = nextBoard();
    const phone = await device();
    const ada = await visit(phone, board, 'Ada');
    await untilKept(ada);
    await ada.on.getByText('Add three examples').click();
    await ada.untilSays('Saved');

    await network.cut();
    await ada.untilSays('Offline');
    const page = phone.pages()[0];
    await page?.reload();
    await ada.untilSays(/Connecting|Offline/);
    await poll(() => ada.titles()).toEqual([
      'Spring below the ridge',
      'Orchids, second count',
      'Bridge at the sawmill',
    ]);
    await ada.on.getByRole('button', { name: 'New note' }).click();
    await ada.write('Title', 'Badger tracks');
    await ada.write('Text', 'Five toes, by the stream.');
    await ada.on.getByLabel('New item').fill('Bring plaster');
    await ada.on.getByLabel('New item').press('Enter');
    await ada.untilSays(/\d+ to send/);
    await ada.on.locator('.pill[data-kept=true]').waitFor();
    await page?.reload();
    await ada.untilSays(/\d+ to send/);
    await poll(() => ada.valueOf('Text')).toBe('Five toes, by the stream.');
    await ada.on.getByRole('checkbox', { name: 'Bring plaster' }).waitFor();
    expect(await barriersOn(page as Page)).toEqual([]);

    await network.restore();
    await ada.untilSays('Saved');
    const bob = await visit(await device(), board, 'Bob');
    await poll(() => bob.titles()).toContain('Badger tracks');
    expect(await bob.away.count()).toBe(0);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('tell what others did while the device was away', async () => {
    const board = nextBoard();
    const ada = await visit(await device(), board, 'Ada');
    await ada.on.getByText('Add three examples').click();
    await ada.untilSays('Saved');
    const phone = await device();
    const bob = await visit(phone, board, 'Bob');
    await poll(() => bob.titles()).toHaveLength(3);
    await bob.on.goto('about:blank');

    await ada.open('Orchids');
    await ada.write('Text', ' And one white.');
    await ada.on.getByRole('checkbox', { name: 'Mark the edges' }).click();
    await ada.toList();
    await ada.open('Bridge');
    await ada.on.getByLabel('Remove this note').click();
    await ada.on.getByRole('button', { name: 'New note' }).click();
    await ada.write('Title', 'Gate');
    await ada.untilSays('Saved');

    await bob.on.goto(address(board, 'Bob'));
    await bob.away.waitFor();
    expect(await bob.away.locator('> p').textContent()).toBe(
      'Ada changed 1 note and added 1. 1 note was removed.',
    );
    expect((await bob.away.locator('li').allTextContents()).toSorted()).toEqual([
      'Bridge at the sawmillremoved',
      'Gateadded by Ada',
      'Orchids, second counttext, checklist by Ada.',
    ]);
    expect(await bob.on.locator('.news').count()).toBe(2);
    await bob.on.getByLabel('Got it').click();
    expect(await bob.away.count()).toBe(0);
    await poll(async () => {
      await phone.pages()[0]?.reload();
      await bob.untilSays('Saved');
      return bob.away.count();
    }).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('go on as they are when there is a newer page, and change to it when asked to', async () => {
    const deployment = await startDeployment(node);
    try {
      const page = await (await device()).newPage();
      await page.goto(`${deployment.url}?board=${nextBoard()}&name=Ada`);
      const ada = new Notebook(page);
      await ada.untilSays('Saved');
      await untilKept(ada);
      await deployment.deploy('Newer notes');
      await page.reload();
      expect(await page.title()).toBe('Field notes');
      await page.getByRole('button', { name: 'Use it' }).click();
      await poll(() => page.title().catch(() => 'between the two')).toBe('Newer notes');
      await ada.untilSays('Saved');
      expect(await page.evaluate(() => caches.keys())).toEqual(['field-notes-11-newer']);
      expect(complaints).toEqual([]);
    } finally {
      await deployment.close();
    }
  });

  it('connect with the last token while only the server of tokens is away', async () => {
    const board = nextBoard();
    const phone = await device();
    const ada = await visit(phone, board, 'Ada');
    await ada.on.getByText('Add three examples').click();
    await ada.untilSays('Saved');
    let refused = 0;
    await phone.route('**/dev/token?*', (route) => {
      refused += 1;
      return route.abort();
    });
    await phone.pages()[0]?.reload();
    await ada.untilSays('Saved');
    expect(refused).toBeGreaterThan(0);
    await ada.open('Orchids');
    await ada.write('Text', ' Still here.');
    await ada.untilSays('Saved');
    const bob = await visit(await device(), board, 'Bob');
    await poll(() => bob.on.locator('.note-excerpt').allTextContents()).toContainEqual(
      expect.stringContaining('Still here.'),
    );
  });

  it('bring back a note that was removed by mistake', async () => {
    const ada = await visit(await device(), nextBoard(), 'Ada');
    await ada.on.getByText('Add three examples').click();
    await ada.open('Spring');
    await ada.on.getByLabel('Remove this note').click();
    await poll(() => ada.titles()).toHaveLength(2);
    await ada.on.getByRole('button', { name: 'Undo' }).click();
    await poll(() => ada.titles()).toHaveLength(3);
  });

  async function twoPhones(options: BrowserContextOptions = PHONES) {
    const board = nextBoard();
    const context = await device(options);
    const page = await context.newPage();
    await page.goto(address(board, '', 'phones.html'));
    const notebookOf = async (name: string): Promise<Notebook> => {
      const frame = await (await page.$(`iframe[data-name=${name}]`))?.contentFrame();
      if (frame === null || frame === undefined) throw new Error(`there is no phone of ${name}`);
      const notebook = new Notebook(frame);
      await notebook.untilSays('Saved');
      return notebook;
    };
    return { page, ada: await notebookOf('Ada'), bob: await notebookOf('Bob') };
  }

  /** What the page says to do, as far as both being back. */
  async function editApart(ada: Notebook, bob: Notebook): Promise<void> {
    await ada.on.getByText('Add three examples').click();
    await poll(() => bob.titles()).toHaveLength(3);
    for (const { on } of [ada, bob]) await on.getByLabel('Flight mode').click();
    for (const notebook of [ada, bob]) {
      await notebook.untilSays(/Offline|Connecting/);
      await notebook.open('Orchids');
    }
    await ada.write('Text', 'Sunny. ', 'Home');
    await bob.write('Text', ' Some are bitten off.');
    await ada.on.getByLabel('Place', { exact: true }).fill('Old quarry');
    await bob.on.getByLabel('Place', { exact: true }).fill('Quarry, north edge');
    await bob.on.getByRole('checkbox', { name: 'Mark the edges' }).click();
    for (const notebook of [ada, bob]) await notebook.untilSays(/\d+ to send/);
  }

  it('merge what two phones wrote into one note, and show whose place it was not', async () => {
    const { page, ada, bob } = await twoPhones();
    await editApart(ada, bob);
    expect(await barriersOn(page)).toEqual([]);
    expect(await ada.valueOf('Text')).not.toBe(await bob.valueOf('Text'));
    for (const notebook of [ada, bob]) {
      await notebook.on.getByLabel('Flight mode').click();
      await notebook.untilSays('Saved');
    }
    const merged = 'Sunny. 41 in flower, 12 in bud. Last week there were 17. Some are bitten off.';
    for (const notebook of [ada, bob]) {
      await poll(() => notebook.valueOf('Text')).toBe(merged);
      expect(await notebook.on.getByRole('checkbox', { name: 'Mark the edges' }).isChecked()).toBe(
        true,
      );
    }
    const place = await ada.valueOf('Place');
    expect(await bob.valueOf('Place')).toBe(place);
    expect(['Old quarry', 'Quarry, north edge']).toContain(place);
    await bob.toList();
    await poll(() => bob.away.textContent()).toContain('Ada changed 1 note.');
    const lost = 'The place is “Old quarry” now, it was “Quarry, north edge”.';
    expect((await bob.away.textContent())?.includes(lost)).toBe(place === 'Old quarry');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('say what is needed when the first visit has no tokens', async () => {
    const production = await startTestNode({
      DATABASE_URL: await createDatabase(),
      NODE_ENV: 'production',
      TESSERA_PAGES: 'on',
    });
    try {
      const page = await (await device()).newPage();
      await page.goto(`${production.url}/examples/offline-field-notes/`);
      await page.getByText('You cannot write here yet').waitFor();
      expect(await page.locator('.empty-text').textContent()).toContain('no development tokens');
      expect(await barriersOn(page)).toEqual([]);
    } finally {
      await production.close();
    }
  });

  it('can be installed', async () => {
    const ada = await visit(await device(), nextBoard(), 'Ada');
    const manifest = await ada.on.evaluate(async () => {
      const link = document.querySelector<HTMLLinkElement>('link[rel=manifest]');
      return (await fetch(link?.href ?? '')).json() as Promise<{
        icons: { src: string; sizes: string }[];
      }>;
    });
    for (const { src, sizes } of manifest.icons.filter(({ sizes }) => sizes !== 'any')) {
      const size = await ada.on.evaluate(async (icon) => {
        const image = await createImageBitmap(await (await fetch(icon)).blob());
        return `${image.width}x${image.height}`;
      }, src);
      expect(size).toBe(sizes);
    }
    expect(complaints).toEqual([]);
  });

  it.each([
    ['a phone in the light', { ...PHONE, colorScheme: 'light' }],
    ['a phone in the dark', { ...PHONE, colorScheme: 'dark' }],
    ['a desktop in the light', { ...WIDE, colorScheme: 'light' }],
    ['a desktop in the dark', { ...WIDE, colorScheme: 'dark' }],
  ] as [string, BrowserContextOptions][])('are for everybody, on %s', async (_name, options) => {
    const context = await device(options);
    const ada = await visit(context, nextBoard(), 'Ada');
    const page = context.pages()[0] as Page;
    expect(await barriersOn(page)).toEqual([]);
    await ada.on.getByText('Add three examples').click();
    await poll(() => ada.titles()).toHaveLength(3);
    expect(await barriersOn(page)).toEqual([]);
    await ada.open('Spring');
    expect(await barriersOn(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(
      options.viewport?.width,
    );
  });

  // Makes files of the repository, so only when asked to: `npm run screenshots`.
  if (process.env['SCREENSHOTS'] !== undefined)
    it('are photographed', async () => {
      const { page, ada, bob } = await twoPhones({ ...PHONES, colorScheme: 'light' });
      await editApart(ada, bob);
      await photograph(browser, 'field-notes-1-apart', [page]);
      for (const notebook of [ada, bob]) {
        await notebook.on.getByLabel('Flight mode').click();
        await notebook.untilSays('Saved');
      }
      await bob.toList();
      await bob.away.waitFor();
      await photograph(browser, 'field-notes-2-together', [page]);
    }, 60_000);
});
