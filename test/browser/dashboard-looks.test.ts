import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { signToken, type TesseraNode } from '@tessera/server';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { removeFolder, SECRET, startTestNode, temporaryFolder } from '../support/tessera.ts';
import { hasSharedData, readDashboard } from '../support/traces.ts';
import { eventually } from '../support/wait.ts';
import { barriersOn } from './accessibility.ts';
import { Person } from './dashboard-page/person.ts';
import { type DashboardServer, serveDashboard } from './dashboard-page/server.ts';
import { photograph } from './offline-page/photograph.ts';

// What is only half there yet has half the contrast.
const STILL: BrowserContextOptions = { reducedMotion: 'reduce' };
const DESKTOP = { ...STILL, viewport: { width: 1440, height: 900 } };
const PHONE = {
  ...STILL,
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
};
const looks: [string, BrowserContextOptions][] = [
  ['a desktop in the light', { ...DESKTOP, colorScheme: 'light' }],
  ['a desktop in the dark', { ...DESKTOP, colorScheme: 'dark' }],
  ['a phone in the light', { ...PHONE, colorScheme: 'light' }],
  ['a phone in the dark', { ...PHONE, colorScheme: 'dark' }],
];

const data = new URL('../../../shared/data/dashboards/', import.meta.url);
const real = hasSharedData ? '' : 'SKIPPED, ../shared/data is missing: ';

describe('what the dashboard looks like', () => {
  let browser: Browser;
  let dataDir: string;
  let node: TesseraNode;
  let server: DashboardServer;
  let people: Person[] = [];

  beforeAll(async () => {
    dataDir = await temporaryFolder();
    [browser, node] = await Promise.all([
      launchChromium(),
      startTestNode({ TESSERA_DATA_DIR: dataDir }),
    ]);
    server = await serveDashboard(node.url);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), server.close()]);
    await node.close();
    await removeFolder(dataDir);
  });

  afterEach(async () => {
    server.token = undefined;
    await Promise.all(people.map((person) => person.leave()));
    const gone = people;
    people = [];
    for (const { complaints } of gone) expect(complaints).toEqual([]);
  });

  async function arrive(options: BrowserContextOptions = DESKTOP): Promise<Person> {
    const person = await Person.arrive(browser, options);
    people.push(person);
    return person;
  }

  /** From now on guests are called these names, in turn. */
  function name(...names: readonly (readonly [name: string, color: string])[]): void {
    let next = 0;
    server.token = (board) => {
      const [guest, color] = names[next % names.length] ?? ['Ada', '#0090ff'];
      // The list of boards asks as well.
      if (!board.endsWith('/boards')) next += 1;
      const grants = [{ board, access: 'write' as const }];
      const claims = { sub: guest.toLowerCase(), name: guest, color, grants };
      return { status: 200, body: JSON.stringify({ token: signToken(claims, SECRET, 600) }) };
    };
  }

  async function save(page: Page, file: string): Promise<void> {
    if (process.env['SCREENSHOTS'] === undefined) return;
    const folder = new URL('../../docs/images/', import.meta.url);
    await mkdir(folder, { recursive: true });
    const picture = await page.screenshot({ animations: 'disabled' });
    await writeFile(new URL(`dashboard-${file}.png`, folder), picture);
  }

  it.each(looks)('has no barriers on %s', async (look, options) => {
    const board = `${look.replaceAll(' ', '-')}/production`;
    const ada = await (await arrive(options)).openDemo(server.url, board);
    const { page } = ada;
    await page.locator('.sparkline').first().waitFor();
    expect(await barriersOn(page)).toEqual([]);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBe(options.viewport?.width);

    await ada.button('Add a widget').click();
    await page.getByRole('menu').waitFor();
    expect(await barriersOn(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await ada.button('Settings of Requests by region').click();
    await page.getByRole('complementary', { name: 'Settings' }).waitFor();
    expect(await barriersOn(page)).toEqual([]);
    await page.keyboard.press('Escape');
    const markers = ada.tile('demo-regions').locator('.u-marker');
    const colors = await markers.evaluateAll((all) =>
      all.map((marker) => getComputedStyle(marker).backgroundColor),
    );
    // What has the time of the chart, and three series.
    expect(new Set(colors).size).toBe(4);
    await ada.tile('demo-handover').focus();
    await page.keyboard.press('Enter');
    await ada.tile('demo-handover').locator('.cm-content').waitFor();
    expect(await barriersOn(page)).toEqual([]);
    await ada.button('Go offline').click();
    await ada.untilPill('Offline');
    expect(await barriersOn(page)).toEqual([]);

    await ada.open(server.url);
    await page.locator('.board-card').first().waitFor();
    expect(await barriersOn(page)).toEqual([]);
    server.token = () => ({ status: 404, body: '' });
    await ada.open(server.url, 'demo/nobody');
    await page.getByText('No token for this board').waitFor();
    expect(await barriersOn(page)).toEqual([]);
  });

  it('keeps its layout while a board loads', async () => {
    await (await arrive()).openDemo(server.url, 'shift/production');
    const bob = await arrive();
    await bob.page.addInitScript(() => {
      const shifts: number[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
          shifts.push((entry as unknown as { value: number }).value);
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await bob.openDemo(server.url, 'shift/production');
    const shifts = await bob.page.evaluate(
      () => (globalThis as unknown as { shifts: number[] }).shifts,
    );
    const sum = shifts.reduce((total, shift) => total + shift, 0);
    // What counts as good: https://web.dev/articles/cls
    expect(sum).toBeLessThan(0.1);
  });

  it.skipIf(!hasSharedData)(`${real}imports the 141 panels of a real dashboard`, async () => {
    name(['Ada', '#0090ff'], ['Grace', '#d6409f']);
    const ada = await (await arrive()).open(server.url, 'import/real');
    await ada.page.getByText('Nothing here yet').waitFor();
    await ada.button('Import').click();
    const picker = ada.page.locator('input[type="file"]');
    await picker.setInputFiles(fileURLToPath(new URL('node-exporter-full.json', data)));
    await ada.page.getByText('111 × chart').waitFor();
    await ada.button('Import 141 panels').click();
    await eventually(async () => (await ada.page.locator('.tile').count()) === 141);
    await ada.untilPill('Saved');

    // Only what is in view, or near it.
    const canvases = () => ada.page.locator('canvas').count();
    await eventually(async () => (await canvases()) > 0);
    expect(await canvases()).toBeLessThan(20);
    const bob = await (await arrive()).open(server.url, 'import/real');
    await eventually(async () => (await bob.page.locator('.tile').count()) === 141);
    const { panels } = readDashboard('node-exporter-full') as {
      panels: {
        title: string;
        gridPos: { x: number; w: number };
        collapsed?: boolean;
        panels?: unknown[];
      }[];
    };
    const canvas = await bob.boxOf(bob.page.locator('.canvas'));
    const column = (canvas.width + 10) / 24;
    // Under each heading are the panels of its row, folded ones included.
    const places = await bob.page.locator('.tile').evaluateAll((tiles) =>
      tiles.map((tile) => ({
        top: tile.getBoundingClientRect().top,
        left: tile.getBoundingClientRect().left,
        width: tile.getBoundingClientRect().width,
        isHeading: tile.getAttribute('data-type') === 'heading',
        label: tile.getAttribute('aria-label') ?? '',
      })),
    );
    const inOrder = places.toSorted((a, b) => a.top - b.top);
    const rows = inOrder.flatMap(({ isHeading }, index) => (isHeading ? index : []));
    const shown = rows.map((at, row) => ({
      title: inOrder[at]?.label.replace('Heading: ', ''),
      inside: (rows[row + 1] ?? inOrder.length) - at - 1,
    }));
    const folded = panels.filter(({ collapsed }) => collapsed === true);
    expect(shown.slice(-folded.length)).toEqual(
      folded.map(({ title, panels: inside = [] }) => ({ title, inside: inside.length })),
    );
    const isClose = (a: number, b: number) => Math.abs(a - b) < 2;
    const missing = panels.filter(({ title, gridPos: { x, w } }) =>
      places.every(
        ({ label, left, width }) =>
          !label.endsWith(`: ${title}`) ||
          !isClose(left - canvas.x, x * column) ||
          !isClose(width + 10, w * column),
      ),
    );
    expect(missing.map(({ title }) => title)).toEqual([]);
    await save(bob.page, 'import');
    await bob.page.locator('.tile').last().scrollIntoViewIfNeeded();
    await eventually(canvases);

    await ada.button('Undo import').click();
    await bob.page.getByText('Nothing here yet').waitFor();
  });

  it('imports what it knows of any dashboard, names what it does not, and refuses what is none', async () => {
    const ada = await (await arrive()).open(server.url, 'import/small');
    await ada.page.getByText('Nothing here yet').waitFor();
    const choose = async (text: string) => {
      await ada.page
        .locator('input[type="file"]')
        .setInputFiles({ name: 'a.json', mimeType: 'application/json', buffer: Buffer.from(text) });
    };
    await ada.button('Import').click();
    await choose('{');
    await ada.page.getByRole('alert').getByText('This file is not JSON.').waitFor();
    await choose('{"panels": 3}');
    await ada.page.getByRole('alert').getByText('not a Grafana dashboard: panels').waitFor();
    const panel = (type: string, x: number, more = {}) => ({
      type,
      title: `A ${type}`,
      gridPos: { x, y: 0, w: 4, h: 4 },
      ...more,
    });
    const panels = [
      panel('graph', 0, { targets: [{ legendFormat: '{{host}} reads' }] }),
      panel('singlestat', 4),
      panel('bargauge', 8),
      panel('table', 12),
      panel('text', 16, { options: { content: '# Hello <img src=x onerror=alert(1)>' } }),
      panel('piechart', 20),
    ];
    await choose(JSON.stringify({ dashboard: { title: 'Small', panels } }));
    await ada.button('Import 6 panels').click();
    for (const tile of [
      'Chart: A graph',
      'Stat: A singlestat',
      'Gauge: A bargauge',
      'Table: A table',
    ]) {
      await ada.page.getByRole('article', { name: tile }).waitFor();
    }
    const text = ada.page.getByRole('article', { name: 'Note: A text' });
    await text.getByRole('heading', { name: 'Hello' }).waitFor();
    expect(await text.locator('img').count()).toBe(0);
    // The browser tells that the policy kept it from running, already while the text was cleaned.
    expect(ada.complaints.splice(0).every((text) => text.includes('inline event handler'))).toBe(
      true,
    );
    const unknown = ada.page.getByRole('article', { name: 'Imported panel: A piechart' });
    await unknown.getByText('piechart', { exact: true }).waitFor();
    expect(await ada.page.getByLabel('Title of the board').inputValue()).toBe('Small');
  });

  // Makes files of the repository, so only when asked to: `npm run screenshots`.
  if (process.env['SCREENSHOTS'] !== undefined)
    it('is photographed', async () => {
      name(['Ada', '#0090ff'], ['Grace', '#d6409f'], ['Alan', '#12a594']);
      const board = 'demo/production';
      for (const [file, colorScheme] of [
        ['light', 'light'],
        ['dark', 'dark'],
      ] as const) {
        const ada = await (await arrive({ ...DESKTOP, colorScheme })).openDemo(server.url, board);
        const grace = await (await arrive(DESKTOP)).openDemo(server.url, board);
        const alan = await (await arrive(DESKTOP)).openDemo(server.url, board);
        await grace.write('demo-handover', 'Control+End', '');
        for (const key of ['ArrowUp', 'ArrowUp', 'Shift+Home'])
          await grace.page.keyboard.press(key);
        await grace.page.mouse.move(1180, 330);
        await alan.tile('demo-percentiles').focus();
        await alan.page.mouse.move(640, 690);
        await eventually(async () => (await ada.page.locator('.cursor').count()) === 2);
        await ada.page.locator('.tile-held').nth(1).waitFor();
        await ada.write('demo-handover', 'Control+Home', '');
        await ada.tile('demo-handover').locator('.cm-peer-caret').first().waitFor();
        await ada.page.mouse.move(500, 380);
        await save(ada.page, file);
        await Promise.all([ada.leave(), grace.leave(), alan.leave()]);
      }

      const ada = await (await arrive({ viewport: { width: 1680, height: 900 } })).openDemo(
        server.url,
        board,
      );
      await ada.button('Open a second person beside me').click();
      const [you, beside] = ['you', 'beside'].map((seat) =>
        ada.page.locator(`[data-seat="${seat}"]`),
      );
      if (you === undefined || beside === undefined) throw new Error('there are two seats');
      await beside.locator('.save-pill', { hasText: 'Saved' }).waitFor();
      await you.getByRole('button', { name: 'Go offline', exact: true }).click();
      await you.getByRole('button', { name: 'Settings of Requests by region' }).click();
      await you.getByLabel('Look').selectOption('line');
      await you.locator('.save-pill', { hasText: '1 unsaved' }).waitFor();
      await save(ada.page, 'offline');

      name(['Ada', '#0090ff']);
      const light = await (await arrive({ ...PHONE, colorScheme: 'light' })).openDemo(
        server.url,
        board,
      );
      const dark = await (await arrive({ ...PHONE, colorScheme: 'dark' })).openDemo(
        server.url,
        board,
      );
      await dark.button('Settings of Requests by region').click();
      const list = await (await arrive({ ...PHONE, colorScheme: 'light' })).open(server.url);
      for (const title of ['Sales 2026', 'Release 4.2']) {
        await list.page.getByLabel('Title of the new board').fill(title);
        await list.button('New board').click();
        await list.page.getByText('Nothing here yet').waitFor();
        await list.button('All boards').click();
      }
      await list.page.locator('.board-card').nth(2).waitFor();
      await list.untilPill('Saved');
      await photograph(browser, 'dashboard-phone', [light.page, dark.page, list.page]);

      const empty = await (await arrive()).open(server.url, 'photo/empty');
      await empty.page.getByText('Nothing here yet').waitFor();
      await save(empty.page, 'empty');
    }, 120_000);
});
