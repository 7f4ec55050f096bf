import type { TesseraNode } from '@tessera/server';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { startNodeOnPostgres } from '../support/tessera.ts';

describe('the pages of a node under their Content-Security-Policy', () => {
  let browser: Browser;
  let node: TesseraNode;

  beforeAll(async () => {
    browser = await launchChromium();
    node = await startNodeOnPostgres();
  });

  afterAll(async () => {
    await browser.close();
    await node.close();
  });

  async function open(url: string) {
    const page = await browser.newPage();
    const violations: string[] = [];
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) violations.push(message.text());
    });
    await page.goto(url);
    return { page, violations };
  }

  it.each(['127.0.0.1', 'localhost'])('work at %s, and violate nothing', async (host) => {
    const url = new URL('/examples/quickstart/', node.url);
    url.hostname = host;
    const { page, violations } = await open(url.href);
    await page.locator('#save-state[data-kind="saved"]').waitFor();
    await page.locator('[data-add="note"]').click();
    await page.locator('#save-state[data-kind="saved"]').waitFor();
    expect(violations).toEqual([]);
    await page.close();
  });

  it('run no script that was put into them', async () => {
    const { page, violations } = await open(`${node.url}/examples/quickstart/`);
    await page.locator('#save-state[data-kind="saved"]').waitFor();
    await page.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<img src="/none" onerror="window.name=1">');
    });
    await expect.poll(() => violations.length).toBeGreaterThan(0);
    expect(await page.evaluate(() => window.name)).toBe('');
    await page.close();
  });
});
