import { createClient } from '@tessera/client';
import type { TesseraNode } from '@tessera/server';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { createDatabase } from '../support/postgres.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { startTestNode } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';
import { barriersOn } from './accessibility.ts';
import { photograph } from './offline-page/photograph.ts';

// Its own limit is 1 s, which a busy machine needs for a page.
const poll = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
const DESKTOP = { viewport: { width: 1200, height: 860 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const looks: [string, BrowserContextOptions][] = [
  ['a desktop in the light', { ...DESKTOP, colorScheme: 'light' }],
  ['a desktop in the dark', { ...DESKTOP, colorScheme: 'dark' }],
  ['a phone in the light', { ...PHONE, colorScheme: 'light' }],
  ['a phone in the dark', { ...PHONE, colorScheme: 'dark' }],
];

describe('the first page of a node', () => {
  let browser: Browser;
  let database: TcpProxy;
  let node: TesseraNode;
  let complaints: string[] = [];

  beforeAll(async () => {
    const url = await createDatabase();
    database = await startProxy({ port: Number(new URL(url).port) });
    [browser, node] = await Promise.all([
      launchChromium(),
      startTestNode({ DATABASE_URL: database.url(url) }),
    ]);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), node.close()]);
    await database.close();
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    complaints = [];
  });

  async function open(options: BrowserContextOptions = DESKTOP, url = node.url): Promise<Page> {
    const context = await browser.newContext({
      permissions: ['clipboard-read', 'clipboard-write'],
      ...options,
    });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) complaints.push(message.text());
    });
    await page.goto(url);
    await page.locator('#snippet:has-text("createClient")').waitFor();
    await page.locator('#health[data-state]').waitFor();
    return page;
  }

  it('gives a snippet with a token that works where it is pasted', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(await page.locator('#snippet').textContent());

    const elsewhere = await open();
    await elsewhere.evaluate(`(async () => { ${copied}\nawait client.close(); })()`);
    const { token, url } = node.developmentToken('demo/hello');
    const client = createClient({ url, token });
    const board = client.board('demo/hello');
    await poll(() => board.title).toBe('Hello');
    await client.close();
    expect(complaints).toEqual([]);
  });

  it('changes between snippets with the keyboard', async () => {
    const page = await open();
    await page.getByRole('tab', { name: 'Browser' }).focus();
    await page.keyboard.press('ArrowLeft');
    await poll(() => page.locator('#snippet').textContent()).toContain('new HocuspocusProvider');
    expect(await page.locator('[role=tab][aria-selected=true]').textContent()).toBe('Hocuspocus');
  });

  it('shows it when the node is not ready, and when it is again', async () => {
    const page = await open();
    const health = page.locator('#health');
    await poll(() => health.textContent()).toBe('This node is ready');
    await database.cut();
    await eventually(async () => (await health.getAttribute('data-state')) === 'error');
    expect(await health.textContent()).toMatch(/the database is away/);
    await database.restore();
    await eventually(async () => (await health.getAttribute('data-state')) === 'saved');
  });

  it('leads to pages that are there', async () => {
    const page = await open();
    const links = await page
      .locator('a[href]')
      .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
    expect(links.length).toBeGreaterThan(5);
    for (const link of links)
      expect({ link, ok: (await fetch(link)).ok }).toEqual({ link, ok: true });
  });

  it.each(looks)('is for everybody, on %s', async (_name, options) => {
    const page = await open(options);
    expect(await barriersOn(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(
      options.viewport?.width,
    );
    expect(complaints).toEqual([]);
  });

  it('is served in production only when asked to, and without a token then', async () => {
    const production = await startTestNode({
      DATABASE_URL: await createDatabase(),
      NODE_ENV: 'production',
      TESSERA_PAGES: 'on',
    });
    try {
      const page = await open(DESKTOP, production.url);
      expect(await page.locator('#snippet').textContent()).toContain("fetch('/token')");
      expect(await page.locator('#connect-text').textContent()).toContain('Your backend signs');
    } finally {
      await production.close();
    }
  });

  // Makes files of the repository, so only when asked to: `npm run screenshots`.
  if (process.env['SCREENSHOTS'] !== undefined)
    it('is photographed', async () => {
      const light = await open({ ...DESKTOP, colorScheme: 'light' });
      const phone = await open({ ...PHONE, colorScheme: 'dark' });
      await photograph(browser, 'landing', [light, phone]);
    });
});
