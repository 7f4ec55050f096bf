import { mkdir, writeFile } from 'node:fs/promises';
import type { TesseraNode } from '@tessera/server';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { startPostgres } from '../support/postgres.ts';
import { removeFolder, startTestNode, temporaryFolder } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const UNIT_PX = 24;

/** One window of the quickstart page. */
class Window {
  readonly page: Page;
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(error.message));
  }

  static async open(context: BrowserContext, url: string): Promise<Window> {
    const window = new Window(await context.newPage());
    await window.page.goto(url);
    await window.page.locator('.card').nth(2).waitFor();
    await window.untilState('saved');
    return window;
  }

  card(id: string) {
    return this.page.locator(`[data-widget="${id}"]`);
  }

  async placeOf(id: string): Promise<{ x: number; y: number }> {
    const box = await this.card(id).boundingBox();
    const surface = await this.page.locator('#surface').boundingBox();
    if (box === null || surface === null) throw new Error(`the card ${id} is not on the page`);
    return { x: (box.x - surface.x) / UNIT_PX, y: (box.y - surface.y) / UNIT_PX };
  }

  /** Takes the card and moves it by so many units, without letting go. */
  async drag(id: string, by: { x: number; y: number }): Promise<void> {
    const box = await this.card(id).locator('.grip').boundingBox();
    if (box === null) throw new Error(`the card ${id} is not on the page`);
    const from = { x: box.x + 90, y: box.y + box.height / 2 };
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    await this.page.mouse.move(from.x + by.x * UNIT_PX, from.y + by.y * UNIT_PX, { steps: 8 });
  }

  async untilState(kind: string): Promise<void> {
    await this.page.locator(`#save-state[data-kind="${kind}"]`).waitFor();
  }

  stateText(): Promise<string | null> {
    return this.page.locator('#save-state').textContent();
  }
}

describe('the quickstart page', () => {
  let browser: Browser;
  let dataDir: string;
  let node: TesseraNode;
  let contexts: BrowserContext[] = [];

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

  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
  });

  async function openWindow(
    query = '',
    options: Parameters<Browser['newContext']>[0] = {},
    of: { readonly url: string } = node,
  ): Promise<Window> {
    const context = await browser.newContext({ viewport: { width: 760, height: 640 }, ...options });
    contexts.push(context);
    context.setDefaultTimeout(10_000);
    return Window.open(context, `${of.url}/examples/quickstart/${query}`);
  }

  it('shows a drag, a cursor and a name to the other window, and keeps the place', async () => {
    const ada = await openWindow('?board=demo/drag');
    const bob = await openWindow('?board=demo/drag');
    expect(await bob.placeOf('starter-note')).toEqual({ x: 1, y: 1 });

    await ada.drag('starter-note', { x: 5, y: 2 });
    await bob.page.locator('.card.held').waitFor();
    const name = await bob.page.locator('.cursor span').textContent();
    expect(await ada.page.locator('.people li').first().getAttribute('title')).toBe(
      `${name} (you)`,
    );
    await eventually(async () => (await bob.placeOf('starter-note')).x > 5);

    await ada.page.mouse.up();
    await bob.page.locator('.card.held').waitFor({ state: 'detached' });
    await eventually(async () => {
      const place = await bob.placeOf('starter-note');
      return place.x === 6 && place.y === 3;
    });
    await ada.untilState('saved');

    await ada.page.reload();
    await ada.untilState('saved');
    expect(await ada.placeOf('starter-note')).toEqual({ x: 6, y: 3 });
    expect(await ada.page.locator('.card').count()).toBe(3);

    await ada.page.close();
    await bob.page.locator('.cursor').waitFor({ state: 'detached' });
    await eventually(async () => (await bob.page.locator('.people li').count()) === 1);
    expect([...ada.complaints, ...bob.complaints]).toEqual([]);
  });

  it('merges what both windows type, count and tick at the same time', async () => {
    const ada = await openWindow('?board=demo/merge');
    const bob = await openWindow('?board=demo/merge');
    const textOf = (window: Window) => window.card('starter-note').locator('textarea');

    const edit = async (window: Window, place: string, text: string) => {
      await textOf(window).press(place);
      await textOf(window).pressSequentially(text);
      await window.card('starter-counter').getByLabel('One more').click({ clickCount: 3 });
    };
    await Promise.all([
      edit(ada, 'Control+Home', 'Dear all, '),
      edit(bob, 'Control+End', ' Yours, Bob'),
    ]);
    await ada.card('starter-checklist').getByText('Drag a card').click();
    await bob.card('starter-checklist').getByLabel('New item').fill('From Bob');
    await bob.card('starter-checklist').getByLabel('New item').press('Enter');

    for (const window of [ada, bob]) {
      await eventually(async () => {
        const text = await textOf(window).inputValue();
        return text.startsWith('Dear all, Open') && text.endsWith('log. Yours, Bob');
      });
      await window.card('starter-counter').getByText('6', { exact: true }).waitFor();
      expect(
        await window
          .card('starter-checklist')
          .getByRole('checkbox', { name: 'Drag a card' })
          .isChecked(),
      ).toBe(true);
      await window.card('starter-checklist').getByText('From Bob').waitFor();
    }
    expect([...ada.complaints, ...bob.complaints]).toEqual([]);
  });

  it('says what is not saved while the node is away, and saves it once it is back', async () => {
    const ownDataDir = await temporaryFolder();
    let ownNode = await startTestNode({ TESSERA_DATA_DIR: ownDataDir });
    try {
      const ada = await openWindow('', {}, ownNode);
      await ownNode.close();
      await ada.untilState('offline');
      expect(await ada.stateText()).toBe('Offline');
      await ada.card('starter-counter').getByLabel('One more').click({ clickCount: 2 });
      expect(await ada.stateText()).toBe('Offline · 2 unsaved');

      const { port } = new URL(ownNode.url);
      ownNode = await startTestNode({ TESSERA_DATA_DIR: ownDataDir, PORT: port });
      await ada.untilState('saved');
      const bob = await openWindow('', {}, ownNode);
      await bob.card('starter-counter').getByText('2', { exact: true }).waitFor();
      expect(ada.complaints).toEqual([]);
    } finally {
      await ownNode.close();
      await removeFolder(ownDataDir);
    }
  });

  it('says so when the database of the node is away', async () => {
    const postgres = await startPostgres();
    const ownNode = await startTestNode({ DATABASE_URL: await postgres.createDatabase() });
    try {
      const ada = await openWindow('', {}, ownNode);
      await postgres.stop();
      await ada.card('starter-counter').getByLabel('One more').click();
      await ada.untilState('database-away');
      expect(await ada.stateText()).toBe('Not saved: the server’s database is away');
      await postgres.start();
      await ada.untilState('saved');
    } finally {
      await ownNode.close();
      await postgres.close();
    }
  });

  it('fits on a phone', async () => {
    const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };
    const ada = await openWindow('?board=demo/phone', phone);
    const width = await ada.page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBe(390);
    for (const part of ['#save-state', '.tools', '[data-widget="starter-note"]']) {
      const box = await ada.page.locator(part).boundingBox();
      expect(box && box.x >= 0 && box.x + box.width <= 390, part).toBe(true);
    }
  });

  // Makes a file of the repository, so only when asked to: `npm run screenshots`.
  if (process.env['SCREENSHOTS'] !== undefined)
    it('is photographed', async () => {
      const ada = await openWindow('', { deviceScaleFactor: 2 });
      const bob = await openWindow('', {
        deviceScaleFactor: 2,
        colorScheme: 'dark',
      });
      await bob.card('starter-checklist').getByText('Open a second window').click();
      await bob.page.mouse.move(180, 470);
      for (let press = 0; press < 7; press += 1) {
        await ada.card('starter-counter').getByLabel('One more').click();
      }
      await ada.drag('starter-counter', { x: 13, y: 1 });
      await bob.page.locator('.card.held').waitFor();
      await ada.untilState('saved');
      await eventually(async () => (await bob.placeOf('starter-counter')).x > 13.9);
      const pictures = await Promise.all(
        [ada, bob].map(async ({ page }) => (await page.screenshot()).toString('base64')),
      );
      const both = await browser.newContext({ viewport: { width: 1640, height: 740 } });
      contexts.push(both);
      const page = await both.newPage();
      await page.setContent(`
      <style>
        body { display: flex; gap: 40px; margin: 0; padding: 40px; background: #cfd3e6; }
        img { width: 760px; border-radius: 12px; box-shadow: 0 10px 40px rgb(20 20 60 / 30%); }
      </style>
      ${pictures.map((data) => `<img src="data:image/png;base64,${data}">`).join('')}`);
      await page.locator('img').last().waitFor();
      const folder = new URL('../../docs/images/', import.meta.url);
      await mkdir(folder, { recursive: true });
      await writeFile(new URL('quickstart.png', folder), await page.screenshot());
    });
});
