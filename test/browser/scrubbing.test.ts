import type { TesseraNode } from '@tessera/server';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { startNodeOnPostgres } from '../support/tessera.ts';
import { hasSharedData } from '../support/traces.ts';
import { scrubDashboard } from './scrubbing-page/scrub.ts';
import { type PageServer, servePage } from './serve-page.ts';

describe.skipIf(!hasSharedData)(
  'a real dashboard under a slider (skipped without ../shared/data)',
  () => {
    let pages: PageServer;
    let browser: Browser;
    let context: BrowserContext;
    let node: TesseraNode;

    beforeAll(async () => {
      [pages, browser] = await Promise.all([servePage('scrubbing-page'), launchChromium()]);
    });
    afterAll(async () => {
      await Promise.all([pages.close(), browser.close()]);
    });
    beforeEach(async () => {
      node = await startNodeOnPostgres();
      context = await browser.newContext();
    });
    afterEach(async () => {
      await context.close();
      await node.close();
    });

    it('ends the same for all 12 clients, and sends no more than one frame for each that is drawn', async () => {
      const { panels, texts, sets, frames, sent } = await scrubDashboard({
        context,
        pageUrl: pages.url,
        nodeUrl: node.url,
        board: 'acme/scrubbing',
        durationMs: 2_000,
      });
      expect(panels).toBe(141);
      expect(texts).toHaveLength(12);
      expect(new Set(texts).size).toBe(1);
      expect(JSON.parse(texts[0] ?? '')).toHaveLength(141);
      expect(sets).toBe(frames.length - 1);
      expect(sent.frames).toBeGreaterThan(0);
      // Presence, and what the connection needs.
      expect(sent.frames).toBeLessThanOrEqual(frames.length + 5);
    }, 60_000);
  },
);
