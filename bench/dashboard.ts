/**
 * The dashboard example in Chromium with the 141 panels of a real dashboard: how long it takes to open, what
 * the page does while another user drags a widget, and whether its memory stays bounded:
 * `node bench/dashboard.ts [--minutes 10] [--seconds 10] [--openings 5]`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Person } from '../test/browser/dashboard-page/person.ts';
import { serveDashboard } from '../test/browser/dashboard-page/server.ts';
import { launchChromium } from '../test/support/chromium.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { startNodeProcess, tokenFor } from '../test/support/tessera.ts';
import { eventually, finishes } from '../test/support/wait.ts';
import {
  type Browser,
  type BrowserContext,
  BrowserFigures,
  type Memory,
  type Page,
} from './dashboard/browser-figures.ts';
import { joinAsDragger } from './dashboard/drag-elsewhere.ts';
import { installClock, type Opened, type Taken } from './dashboard/page-clock.ts';
import { machineCpuMs, untilQuiet } from './machine/machine.ts';
import { delaysOf, spreadOf } from './machine/statistics.ts';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '10' },
    openings: { type: 'string', default: '5' },
  },
});
const FRAME_MS = 1000 / 60;
const BOARD = 'bench/import';
const PANELS = 141;
const dashboard = new URL('../../shared/data/dashboards/node-exporter-full.json', import.meta.url);

/** As a user does it, with the button. */
async function importPanels(browser: Browser, url: string): Promise<void> {
  const ada = await (await Person.arrive(browser)).open(url, BOARD);
  await ada.page.getByText('Nothing here yet').waitFor();
  await ada.button('Import').click();
  await ada.page.locator('input[type="file"]').setInputFiles(fileURLToPath(dashboard));
  await ada.button(`Import ${PANELS} panels`).click();
  await eventually(async () => (await ada.page.locator('.tile').count()) === PANELS);
  await ada.untilPill('Saved');
  await ada.leave();
}

async function openBoard(context: BrowserContext, url: string): Promise<[Page, Opened]> {
  await untilQuiet();
  const page = await context.newPage();
  await page.goto(`${url}?board=${BOARD}`);
  const opened = page.evaluate(() => dashboardClock.opened());
  return [page, await finishes(opened, { timeoutMs: 60_000, what: 'the board to be drawn' })];
}

/** The page for some seconds, as it is. */
async function watch(page: Page, figures: BrowserFigures, seconds: number) {
  await page.evaluate(() => dashboardClock.take());
  const before = { thread: await figures.mainThread(), machine: await machineCpuMs() };
  const since = performance.now();
  await delay(seconds * 1000);
  const taken = await page.evaluate(() => dashboardClock.take());
  const elapsedMs = performance.now() - since;
  const { thread, machine } = { thread: await figures.mainThread(), machine: await machineCpuMs() };
  const perFrame = (s: number) => (1000 * s) / taken.frameMs.length;
  return {
    ...framesOf(taken),
    'main thread a frame, ms': perFrame(thread.allS - before.thread.allS),
    'of it scripts, ms': perFrame(thread.scriptS - before.thread.scriptS),
    'of it styles and layout, ms': perFrame(thread.layoutS - before.thread.layoutS),
    'cores busy': (machine - before.machine) / elapsedMs,
  };
}

function framesOf({ frameMs, longTaskMs, moved }: Taken) {
  const { count, p50, p95, p99, max } = delaysOf([...frameMs]);
  const dropped = frameMs.map((ms) => Math.max(0, Math.round(ms / FRAME_MS) - 1));
  return {
    'frames drawn': count,
    'frames dropped': dropped.reduce((sum, one) => sum + one, 0),
    'frames in which it moved': moved,
    'frame interval, p50, ms': p50,
    'frame interval, p95, ms': p95,
    'frame interval, p99, ms': p99,
    'longest frame, ms': max,
    'long tasks': longTaskMs.length,
    'longest task, ms': Math.max(0, ...longTaskMs),
  };
}

function print(title: string, columns: Record<string, Record<string, number | string>>): void {
  const names = Object.keys(columns);
  const rows = [...new Set(Object.values(columns).flatMap((column) => Object.keys(column)))];
  const cell = (value: number | string = '') =>
    String(typeof value === 'number' ? Number(value.toPrecision(3)) : value).padStart(18);
  console.log(`\n${title.padEnd(30)}${names.map(cell).join('')}`);
  for (const row of rows) {
    console.log(`${row.padEnd(30)}${names.map((name) => cell(columns[name]?.[row])).join('')}`);
  }
}

function openingFigures(runs: readonly Opened[]) {
  const figure = (of: (run: Opened) => number) => {
    const { median, low, high } = spreadOf(runs.map(of));
    return `${Math.round(median)} (${Math.round(low)}-${Math.round(high)})`;
  };
  return {
    'first widget drawn, ms': figure(({ firstDrawn }) => firstDrawn),
    'all in the window drawn, ms': figure(({ allDrawn }) => allDrawn),
    'quiet from then on, ms': figure(({ quiet }) => quiet),
    'long tasks': figure(({ longTaskMs }) => longTaskMs.length),
    'longest task, ms': figure(({ longTaskMs }) => Math.max(0, ...longTaskMs)),
  };
}

const [postgres, browser] = await Promise.all([startPostgres(), launchChromium()]);
const node = await startNodeProcess({ DATABASE_URL: await postgres.createDatabase() });
const pages = await serveDashboard(node.url);
await importPanels(browser, pages.url);

const newContext = async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.addInitScript(installClock, PANELS);
  return context;
};
const openings: { first: Opened[]; again: Opened[] } = { first: [], again: [] };
let context = await newContext();
for (let run = 0; run < Number(options.openings); run += 1) {
  await context.close();
  context = await newContext();
  const [page, first] = await openBoard(context, pages.url);
  await page.close();
  const [later, again] = await openBoard(context, pages.url);
  await later.close();
  openings.first.push(first);
  openings.again.push(again);
}
print('opening the board', {
  'first visit': openingFigures(openings.first),
  'with a local copy': openingFigures(openings.again),
});

const [page] = await openBoard(context, pages.url);
const figures = await BrowserFigures.of(context, page);
const syncUrl = new URL('/sync', node.url.replace('http', 'ws')).href;
// A token that outlives the run.
const token = tokenFor('grace', undefined, 24 * 60 * 60);
const dragger = await joinAsDragger(syncUrl, token, BOARD);
await page.evaluate((widget) => dashboardClock.follow(widget), dragger.widget);
const seconds = Number(options.seconds);
const alone = await watch(page, figures, seconds);
const atStart = await figures.memory();
dragger.start();
print(`${seconds} s of the page`, {
  'nobody moves': alone,
  'another drags': await watch(page, figures, seconds),
});

const samples: Record<string, Record<string, number | string>> = { start: { ...atStart } };
for (let minute = 1; minute <= Number(options.minutes); minute += 1) {
  const column = await watch(page, figures, 60);
  const memory: Memory = await figures.memory();
  samples[`${minute} min`] = { ...memory, ...column };
  console.log(`${minute} min: ${JSON.stringify({ ...memory, ...column })}`);
}
const dragged = await dragger.stop();
if (Number(options.minutes) > 0) print('memory', samples);
console.log(
  `\n${dragged.moves} moves in ${dragged.seconds.toFixed(0)} s, ${dragged.saved ? '' : 'not '}all saved`,
);

await dragger.leave();
await context.close();
await node.stop();
await Promise.all([browser.close(), pages.close(), postgres.close()]);
process.exit();
