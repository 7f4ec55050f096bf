import { type Board, createClient } from '@tessera/client';
import { readBoard } from '@tessera/model';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium, launchChromiumOn } from '../support/chromium.ts';
import { docsInLog, onDatabase } from '../support/log.ts';
import { createDatabase } from '../support/postgres.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import {
  removeFolder,
  startNodeProcess,
  startTestNode,
  temporaryFolder,
  tokenFor,
} from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';
import { liesOf } from './offline-page/lies.ts';
import { Person } from './offline-page/person.ts';
import { photograph } from './offline-page/photograph.ts';
import { planWeekend, shownBy } from './offline-page/weekend.ts';
import { type PageServer, servePage } from './serve-page.ts';

const BOARD = 'acme/weekend';
const WINDOW = { viewport: { width: 760, height: 600 } };
const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };

describe('two people on a board, one of them without a network', () => {
  let pages: PageServer;
  let browser: Browser;
  let databaseUrl: string;
  let database: TcpProxy;
  let node: { readonly url: string };
  /** Ada's way to the node. */
  let network: TcpProxy;
  let ada: Person;
  let bob: Person;
  let profile: string;
  let endings: (() => unknown)[];

  beforeAll(async () => {
    [pages, browser] = await Promise.all([servePage('offline-page'), launchChromium()]);
  });

  afterAll(async () => {
    await Promise.all([pages.close(), browser.close()]);
  });

  beforeEach(async () => {
    databaseUrl = await createDatabase();
    database = await startProxy({ port: portOf(databaseUrl) });
    profile = await temporaryFolder();
    endings = [() => removeFolder(profile), () => database.close()];
  });

  afterEach(async () => {
    for (const end of endings.reverse()) await end();
  });

  /** The board, and both on their way to this node, with nothing opened yet. */
  async function meetOn(running: { readonly url: string }): Promise<void> {
    node = running;
    network = await startProxy({ port: portOf(node.url) });
    endings.push(() => network.close());
    await onBoard(planWeekend);
    const address = (user: string, url: string) =>
      `${pages.url}?${new URLSearchParams({ user, board: BOARD, sync: syncUrl(url) })}`;
    ada = new Person('ada', address('ada', network.url(node.url)));
    bob = new Person('bob', address('bob', node.url));
    endings.push(() => Promise.all([ada.close(), bob.close()]));
  }

  async function meet(): Promise<void> {
    const running = await startTestNode({ DATABASE_URL: database.url(databaseUrl) });
    // A node without its database takes long to close.
    endings.push(
      () => running.close(),
      () => database.restore(),
    );
    await meetOn(running);
  }

  /** What somebody does on the board who was not there before, and leaves when it is saved. */
  async function onBoard<T>(act: (board: Board) => T): Promise<T> {
    const client = createClient({ url: syncUrl(node.url), token: tokenFor('guide') });
    try {
      const board = client.board(BOARD);
      await eventually(() => board.status.state === 'saved');
      const result = act(board);
      await board.saved();
      return result;
    } finally {
      await client.close();
    }
  }

  const startAda = () => launchChromiumOn(profile, WINDOW);
  const lies = ({ reports }: Person) =>
    onDatabase(databaseUrl, (client) => liesOf(reports, client, BOARD));

  async function editTogether(): Promise<void> {
    await expect.poll(() => bob.people()).toEqual(['bob', 'ada']);
    await expect.poll(() => ada.people()).toEqual(['ada', 'bob']);
    await ada.tick('Camera');
    await bob.slide('budget', 350);
    await bob.drag('maybe', [0, 1]);
    for (const person of [ada, bob]) {
      await eventually(async () => {
        const { packing, budget, maybe } = await person.shown();
        expect(packing?.content).toContainEqual(['Camera', true]);
        expect([budget?.content, maybe?.place]).toEqual([350, [16, 16]]);
        return true;
      });
      await person.untilSays('Saved');
    }
  }

  /** 19 edits of Ada, who is offline, and meanwhile Bob's, of the same things and others. */
  async function editApart(): Promise<void> {
    await ada.write('plan', ' on Friday', '.');
    await bob.write('plan', ' to Bergen', '.');
    for (const person of [ada, ada, bob]) await person.moveUp('Swimwear');
    await ada.slide('budget', 420);
    await bob.slide('budget', 280);
    await ada.write('maybe', ' Yes!');
    await bob.remove('maybe');
    await ada.nudge('plan', 'ArrowDown');
    await bob.nudge('packing', 'ArrowDown');
    await bob.tick('Good shoes');
    await bob.addItem('packing', 'Umbrella');
  }

  it('ends the same for both, whatever the offline page and its browser go through', async () => {
    await meet();
    await ada.open(startAda);
    await bob.open(() => browser.newContext({ ...WINDOW, colorScheme: 'dark' }));
    await Promise.all([ada.untilSays('Saved'), bob.untilSays('Saved')]);
    await editTogether();
    await photograph(browser, 'offline-1-together', [ada.page, bob.page]);

    await network.cut();
    await ada.untilSays('Offline');
    await expect.poll(() => bob.people()).toEqual(['bob']);
    expect(await ada.people()).toEqual(['ada']);
    await editApart();
    await bob.untilSays('Saved');
    await ada.untilSays('Offline · 19 unsaved');
    await photograph(browser, 'offline-2-apart', [ada.page, bob.page]);

    const beforeReload = await ada.shown();
    await ada.page.reload();
    await ada.untilSays('Offline · 19 unsaved');
    expect(await ada.shown()).toEqual(beforeReload);

    const tab = await ada.openTab();
    await ada.untilSays('Offline · 19 unsaved', tab);
    expect(await ada.shown(tab)).toEqual(beforeReload);
    await ada.addItem('packing', 'Thermos');
    await expect.poll(() => ada.shown(tab)).toEqual(await ada.shown());
    await tab.getByLabel('Rain jacket', { exact: true }).click();
    await expect.poll(() => ada.shown()).toEqual(await ada.shown(tab));
    for (const page of [ada.page, tab]) await ada.untilSays('Offline · 21 unsaved', page);
    await photograph(browser, 'offline-3-two-tabs', [ada.page, tab]);

    const beforeRestart = await ada.shown();
    await ada.close();
    await ada.open(startAda);
    await ada.untilSays('Offline · 21 unsaved');
    expect(await ada.shown()).toEqual(beforeRestart);
    await ada.write('plan', ' Hurrah!');
    await ada.untilSays('Offline · 29 unsaved');

    // As long as the log cannot be written, nothing may be called saved.
    database.blackHole();
    await network.restore();
    await ada.untilSays('Saving 29…');
    await photograph(browser, 'offline-4-saving', [ada.page, bob.page]);
    await database.restore();
    await ada.untilSays('Saved');
    await expect.poll(() => bob.shown()).toEqual(await ada.shown());
    await expect.poll(() => bob.people()).toEqual(['bob', 'ada']);
    await photograph(browser, 'offline-5-equal', [ada.page, bob.page]);

    const { plan, budget, packing, ...others } = await ada.shown();
    expect(await onBoard(shownBy)).toEqual({ plan, budget, packing });
    const [log] = await docsInLog(databaseUrl, [BOARD]);
    expect(Object.keys(log === undefined ? {} : readBoard(log).widgets)).toHaveLength(3);
    expect(others).toEqual({});
    expect([plan?.place, packing?.place]).toEqual([
      [1, 2],
      [16, 2],
    ]);
    expect([
      'Take the night train on Friday to Bergen. Hurrah!',
      'Take the night train to Bergen on Friday. Hurrah!',
    ]).toContain(plan?.content);
    expect([280, 420]).toContain(budget?.content);
    // Swimwear was moved on both sides.
    expect([packing?.content].flat().toSorted()).toEqual([
      ['Camera', true],
      ['Good shoes', true],
      ['Rain jacket', true],
      ['Swimwear', false],
      ['Thermos', false],
      ['Umbrella', false],
    ]);

    const sequences = ada.states.map((states) => states.join(' '));
    expect(sequences).toEqual([
      expect.stringMatching(/^connecting syncing( saved saving)+ saved( connecting)? offline$/),
      'connecting offline',
      'connecting offline',
      'connecting offline connecting syncing saving saved',
    ]);
    expect(bob.states.map((states) => states.join(' '))).toEqual([
      expect.stringMatching(/^connecting syncing( saved saving)+ saved$/),
    ]);
    expect([...(await lies(ada)), ...(await lies(bob))]).toEqual([]);
    expect([...ada.complaints, ...bob.complaints]).toEqual([]);
  }, 120_000);

  it('would be seen to lie on a node that acks before the commit', async () => {
    const broken = await startNodeProcess(
      { DATABASE_URL: database.url(databaseUrl) },
      new URL('../support/ack-at-once.ts', import.meta.url).pathname,
    );
    endings.push(() => broken.kill());
    await meetOn(broken);
    await ada.open(startAda);
    await ada.untilSays('Saved');
    database.blackHole();
    await ada.slide('budget', 500);
    await expect.poll(() => ada.states.at(-1)?.slice(-2)).toEqual(['saving', 'saved']);
    expect(await lies(ada)).toContainEqual({ state: 'saved', unsaved: 0, lacking: 1 });
  });

  it('fits on a phone, in the light and in the dark', async () => {
    await meet();
    await ada.open(() => browser.newContext(PHONE));
    await bob.open(() => browser.newContext({ ...PHONE, colorScheme: 'dark' }));
    await Promise.all([ada.untilSays('Saved'), bob.untilSays('Saved')]);
    await network.cut();
    await ada.untilSays('Offline');
    await ada.tick('Rain jacket');
    await ada.moveUp('Camera');
    await ada.untilSays('Offline · 2 unsaved');
    for (const { page } of [ada, bob]) {
      for (const part of ['.pill', '.people', '.storage', '[data-widget=budget]']) {
        const box = await page.locator(part).boundingBox();
        expect(box && box.x >= 0 && box.x + box.width <= 390, part).toBe(true);
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    }
    await photograph(browser, 'offline-6-phones', [ada.page, bob.page]);
    expect([...ada.complaints, ...bob.complaints]).toEqual([]);
  });
});

function syncUrl(url: string): string {
  return new URL('/sync', url.replace('http', 'ws')).href;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
