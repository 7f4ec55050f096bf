import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TesseraNode } from '@tessera/server';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { freePort } from '../support/postgres-cluster.ts';
import { SECRET, startNodeOnPostgres } from '../support/tessera.ts';
import { barriersOn } from './accessibility.ts';
import { photograph } from './offline-page/photograph.ts';

// Its own limit is 1 s, which a busy machine needs for a page.
const poll = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
const script = fileURLToPath(new URL('../../examples/embed/token-server.mjs', import.meta.url));
const WINDOW = { viewport: { width: 760, height: 900 } };
const PICTURE = { viewport: { width: 760, height: 980 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** The example as its README starts it, on this port. */
async function startSite(node: { readonly url: string }, port: number): Promise<Site> {
  const child = spawn(process.execPath, [script], {
    env: {
      PATH: process.env['PATH'],
      TESSERA_JWT_SECRET: SECRET,
      TESSERA_URL: node.url,
      PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    url,
    async close() {
      child.kill();
      await exited;
    },
  };
}

describe('polls embedded in a page of another origin', () => {
  let browser: Browser;
  let node: TesseraNode;
  /** Its origin is on the list of the node. */
  let site: Site;
  /** Its origin is not. */
  let stranger: Site;
  let complaints: string[] = [];

  beforeAll(async () => {
    const ports = [await freePort(), await freePort()] as const;
    node = await startNodeOnPostgres({
      NODE_ENV: 'production',
      TESSERA_PAGES: 'on',
      TESSERA_ALLOWED_ORIGINS: `http://127.0.0.1:${ports[0]}`,
    });
    browser = await launchChromium();
    site = await startSite(node, ports[0]);
    stranger = await startSite(node, ports[1]);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), site.close(), stranger.close()]);
    await node.close();
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    complaints = [];
  });

  async function open(
    user = '',
    options: BrowserContextOptions = WINDOW,
    at = site,
  ): Promise<Page> {
    const context: BrowserContext = await browser.newContext(options);
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(`${at.url}sign-in?user=${user}`);
    return page;
  }

  /** What the code gives on that page, with the board of the polls as `board`. As text: it imports from the node. */
  const withSdk = (page: Page, code: string): Promise<unknown> =>
    page.evaluate(`(async () => {
      const sdk = await import('${node.url}/sdk/client.js');
      const url = '${node.url.replace('http', 'ws')}/sync';
      const client = sdk.createClient({ url, token: await (await fetch('token')).text() });
      const board = client.board('site/polls');
      while (board.status.state !== 'saved') await new Promise((told) => board.subscribe(told));
      return ${code};
    })()`);

  const option = (page: Page, name: string) => page.getByRole('button', { name });
  const countOf = (page: Page, name: string) => option(page, name).locator('b').textContent();

  it('count the votes of everybody, in two polls on one page, as they come in', async () => {
    const [ada, bob, visitor] = await Promise.all([open('ada'), open('bob'), open()]);
    await option(ada, 'Lentil soup').click();
    await option(bob, 'Mushroom risotto').click();
    await option(bob, 'One long table').click();
    for (const page of [ada, bob, visitor]) {
      await poll(() => countOf(page, 'Lentil soup')).toBe('1');
      await poll(() => countOf(page, 'Mushroom risotto')).toBe('1');
      await poll(() => countOf(page, 'One long table')).toBe('1');
    }
    await option(ada, 'Mushroom risotto').click();
    await poll(() => countOf(visitor, 'Mushroom risotto')).toBe('2');
    expect(await countOf(visitor, 'Lentil soup')).toBe('0');
    expect(await option(ada, 'Mushroom risotto').getAttribute('aria-pressed')).toBe('true');
    expect(await ada.locator('#lunch [role=status]').textContent()).toBe(
      'You vote as ada. What you see is saved.',
    );

    await ada.reload();
    await poll(() => countOf(ada, 'Mushroom risotto')).toBe('2');
    expect(complaints).toEqual([]);
  });

  it('let a visitor look, and neither vote nor forge a vote', async () => {
    const visitor = await open();
    await visitor.getByText('Sign in to give yours').first().waitFor();
    for (const button of await visitor.getByRole('button').all()) {
      expect(await button.isDisabled()).toBe(true);
    }
    const forged = await withSdk(
      visitor,
      `board.widgets.create(sdk.defineWidget({ type: 'vote', version: 1, state: sdk.anyState }),
         { option: 'soup' }, { id: 'lunch.ada' })`,
    ).catch((error: Error) => error.message);
    expect(forged).toMatch(/lunch\.ada may be read but not edited/);
  });

  it('let nobody vote in the name of somebody else', async () => {
    const ada = await open('ada');
    const mayEdit = await withSdk(
      ada,
      "['lunch.ada', 'lunch.bob', undefined].map((id) => board.canEdit(id))",
    );
    expect(mayEdit).toEqual([true, false, false]);
  });

  it('say so on a page that is not let in', async () => {
    const page = await open('ada', WINDOW, stranger);
    await poll(() => page.locator('#lunch [role=status]').textContent()).toBe(
      'The votes cannot be reached from this page.',
    );
    expect(await option(page, 'Lentil soup').isDisabled()).toBe(true);
    expect(await barriersOn(page)).toEqual([]);
  });

  it.each([
    ['a desktop in the light', { ...WINDOW, colorScheme: 'light' }],
    ['a desktop in the dark', { ...WINDOW, colorScheme: 'dark' }],
    ['a phone in the light', { ...PHONE, colorScheme: 'light' }],
    ['a phone in the dark', { ...PHONE, colorScheme: 'dark' }],
  ] as [string, BrowserContextOptions][])('are for everybody, on %s', async (_name, options) => {
    const page = await open('ada', options);
    await option(page, 'Lentil soup').click();
    await page.locator('[aria-pressed=true]').first().waitFor();
    expect(await barriersOn(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(
      options.viewport?.width,
    );
  });

  // Makes a file of the repository, so only when asked to: `npm run screenshots`.
  if (process.env['SCREENSHOTS'] !== undefined)
    it('are photographed', async () => {
      const others = await Promise.all(
        ['grace', 'alan', 'edsger', 'barbara'].map((name) => open(name)),
      );
      for (const [index, page] of others.entries()) {
        await option(page, index < 2 ? 'Lentil soup' : 'Fish and chips').click();
        await option(page, index < 3 ? 'One long table' : 'Many small ones').click();
        await page.getByText('What you see is saved').first().waitFor();
      }
      const ada = await open('ada', { ...PICTURE, colorScheme: 'light' });
      await option(ada, 'Lentil soup').click();
      await ada.getByText('What you see is saved').first().waitFor();
      const phone = await open('', { ...PHONE, colorScheme: 'dark' });
      await poll(() => countOf(phone, 'Lentil soup')).toBe('3');
      await photograph(browser, 'embed', [ada, phone]);
    });
});
