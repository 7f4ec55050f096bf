import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, launchChromiumOn } from '../support/chromium.ts';
import { removeFolder, temporaryFolder } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

/** The page as one script, with a small stand-in for vitest. */
async function bundle(): Promise<string> {
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const result = await build({
    configFile: false,
    logLevel: 'error',
    root: here('.'),
    resolve: { alias: { vitest: here('storage-page/vitest-in-page.ts') } },
    build: { write: false, rolldownOptions: { input: here('storage-page/page.ts') } },
  });
  const [output] = [result].flat();
  if (output === undefined || !('output' in output)) throw new Error('vite built nothing');
  return output.output[0].code;
}

describe('the store of a browser', () => {
  let server: Server;
  let url: string;
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    const script = await bundle();
    server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>store</title><script type="module">${script}</script>`);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  afterEach(async () => {
    await context?.close();
  });

  async function newContext(): Promise<BrowserContext> {
    context = await browser.newContext();
    return context;
  }

  async function visit(where: BrowserContext): Promise<Page> {
    const page = await where.newPage();
    await page.goto(url);
    await page.waitForFunction(() => 'storage' in globalThis);
    return page;
  }

  async function openOn(where: BrowserContext, name = 'ann'): Promise<Page> {
    const page = await visit(where);
    await page.evaluate((user) => storage.open({ name: user }), name);
    return page;
  }

  const look = (page: Page) => page.evaluate(() => storage.look());
  const edit = (page: Page, key: string, value: unknown) =>
    page.evaluate(([k, v]) => storage.edit(k as string, v), [key, value]);

  it('keeps the contract of stores', async () => {
    const page = await visit(await newContext());
    const results = await page.evaluate(() => storage.runContract());
    expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(8);
  });

  it('has an edit that was stored when the browser is killed right after', async () => {
    const profile = await temporaryFolder();
    try {
      for (let round = 0; round < 5; round += 1) {
        const running = await launchChromiumOn(profile);
        const page = await openOn(running);
        const before = await look(page);
        expect(Object.keys(before.content as object)).toHaveLength(round);
        expect([before.unsaved, before.status]).toEqual([round, { state: 'ready' }]);
        const session = await running.newCDPSession(page);
        const gone = new Promise((closed) => running.once('close', closed));
        expect(await edit(page, `round ${round}`, 1)).toBe(true);
        // The browser ends without answering.
        session.send('Browser.crash').catch(() => undefined);
        await gone;
      }
    } finally {
      await removeFolder(profile);
    }
  });

  it('has an edit that was stored when the page is closed right after', async () => {
    const where = await newContext();
    for (let round = 0; round < 5; round += 1) {
      const page = await openOn(where);
      expect((await look(page)).unsaved).toBe(round);
      expect(await edit(page, `round ${round}`, 1)).toBe(true);
      await page.close();
    }
  });

  it('is shared by tabs, which see each other without a network and inherit what is unsaved', async () => {
    const where = await newContext();
    const [a, b] = [await openOn(where), await openOn(where)];
    const other = await openOn(where, 'bob');
    await where.setOffline(true);
    await edit(a, 'a', 1);
    await edit(b, 'b', 2);
    for (const page of [a, b]) {
      await eventually(async () => (await look(page)).unsaved === 2);
      expect((await look(page)).content).toEqual({ a: 1, b: 2 });
    }
    await a.close();
    expect((await look(b)).unsaved).toBe(2);
    await b.close();
    await where.setOffline(false);
    const c = await openOn(where);
    expect(await look(c)).toMatchObject({ content: { a: 1, b: 2 }, unsaved: 2 });
    expect((await look(other)).content).toEqual({});
  });

  it('does not grow with how often a board is opened', async () => {
    const page = await visit(await newContext());
    const edited = await page.evaluate(() => storage.cycles('grow', 1000, true));
    const usage = await page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
    const opened = await page.evaluate(() => storage.cycles('grow', 200, false));
    console.log(`1,000 sessions: ${edited} bytes of values, ${usage} bytes of disk`);
    expect(opened).toBe(edited);
    expect(edited).toBeLessThan(64 * 1024 + 1000 * 40);
  }, 180_000);

  it('says so when there is no IndexedDB, and goes on in memory', async () => {
    const where = await newContext();
    await where.addInitScript(() => {
      Object.defineProperty(globalThis, 'indexedDB', { value: undefined });
    });
    const page = await openOn(where);
    expect(await edit(page, 'a', 1)).toBe(false);
    const { content, status } = await look(page);
    expect(content).toEqual({ a: 1 });
    expect(status).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('there is no IndexedDB here'),
    });
  });

  it('says so when the quota is used up, and has what was stored before', async () => {
    const where = await newContext();
    const page = await visit(where);
    const session = await where.newCDPSession(page);
    const { origin } = new URL(url);
    // Before the database is there: later the browser goes on for a while with what it knew.
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 2_000_000 });
    await page.evaluate(() => storage.open({ name: 'ann' }));
    expect(await edit(page, 'before', 1)).toBe(true);
    expect(await edit(page, 'large', 'x'.repeat(5_000_000))).toBe(false);
    expect((await look(page)).status).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/quota/i),
    });
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    expect((await look(await openOn(where))).content).toEqual({ before: 1 });
  });

  it('makes way when a newer version or a deletion needs it, and says so', async () => {
    const where = await newContext();
    const page = await openOn(where);
    await edit(page, 'a', 1);
    const other = await visit(where);
    const deleted = await other.evaluate(
      () =>
        new Promise((resolve) => {
          const deleting = indexedDB.deleteDatabase('tessera:ann');
          deleting.onsuccess = () => resolve('deleted');
          deleting.onerror = () => resolve('failed');
        }),
    );
    expect(deleted).toBe('deleted');
    await eventually(async () => (await look(page)).status.state === 'failed');
    expect((await look(page)).status).toMatchObject({ reason: expect.stringContaining('reload') });
    expect(await edit(page, 'b', 2)).toBe(false);
    expect((await look(page)).content).toEqual({ a: 1, b: 2 });
  });

  it('does not wait for ever for a database that does not open', async () => {
    const where = await newContext();
    const holder = await visit(where);
    await holder.evaluate(
      () =>
        new Promise((resolve) => {
          // Holds on to an older version and does not listen.
          indexedDB.open('tessera:ann', 1).onsuccess = () => {
            indexedDB.deleteDatabase('tessera:ann').onblocked = resolve;
          };
        }),
    );
    const page = await visit(where);
    await page.evaluate(() => storage.open({ name: 'ann', openTimeoutMs: 200 }));
    expect((await look(page)).status).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('did not answer within 200 ms'),
    });
  });
});
