import { signToken, type TesseraNode } from '@tessera/server';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { removeFolder, SECRET, startTestNode, temporaryFolder } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';
import { Person } from './dashboard-page/person.ts';
import { type DashboardServer, serveDashboard } from './dashboard-page/server.ts';

const NOTE = 'demo-handover';

describe('the dashboard', () => {
  let browser: Browser;
  let dataDir: string;
  let node: TesseraNode;
  let server: DashboardServer;
  let people: Person[];

  let tenants = 0;
  let demo: string;

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

  beforeEach(() => {
    people = [];
    tenants += 1;
    demo = `tenant-${tenants}/production`;
  });

  afterEach(async () => {
    server.token = undefined;
    server.restore();
    await Promise.all(people.map((person) => person.leave()));
    for (const { complaints } of people) expect(complaints).toEqual([]);
  });

  async function arrive(options?: BrowserContextOptions): Promise<Person> {
    const person = await Person.arrive(browser, options);
    people.push(person);
    return person;
  }

  async function meet(): Promise<[ada: Person, bob: Person]> {
    const ada = await (await arrive()).openDemo(server.url, demo);
    const bob = await (await arrive()).openDemo(server.url, demo);
    return [ada, bob];
  }

  async function restartNode(): Promise<void> {
    const { port } = new URL(node.url);
    await node.close();
    node = await startTestNode({ TESSERA_DATA_DIR: dataDir, PORT: port });
  }

  it('fills the demo once, and shows drags and resizes of one to the other on their way', async () => {
    const [ada, bob] = await meet();
    expect(await bob.page.locator('.tile').count()).toBe(14);

    const before = await bob.placeOf('demo-users');
    await ada.take('demo-users', { x: 0, y: 14 });
    await bob.tile('demo-users').locator('.tile-held', { hasText: 'is moving' }).waitFor();
    await bob.page.locator('.cursor').waitFor();
    await eventually(async () => (await bob.placeOf('demo-users')).y > before.y + 200);
    await ada.letGo();
    await bob
      .tile('demo-users')
      .locator('.tile-held', { hasText: 'is moving' })
      .waitFor({ state: 'detached' });

    const table = await bob.placeOf('demo-latency');
    await ada.takeCorner('demo-latency', { x: -1, y: 3 });
    await eventually(async () => (await bob.placeOf('demo-latency')).height > table.height + 60);
    await ada.letGo();
    await ada.untilPill('Saved');
    await eventually(async () => {
      const [mine, theirs] = await Promise.all(
        [ada, bob].map((each) => each.placeOf('demo-latency')),
      );
      return mine?.height === theirs?.height && mine?.y === theirs?.y;
    });
    expect((await bob.placeOf('demo-latency')).width).toBeLessThan(table.width);
  });

  it('merges what two write in one note, and shows each the caret of the other, and undoes one’s own', async () => {
    const [ada, bob] = await meet();
    await ada.write(NOTE, 'Control+Home', 'From Ada. ');
    await bob.write(NOTE, 'Control+End', ' From Bob.');
    await Promise.all([
      ada.write(NOTE, 'Control+Home', 'One. '),
      bob.write(NOTE, 'Control+End', ' Two.'),
    ]);
    for (const person of [ada, bob]) {
      const editor = person.tile(NOTE).locator('.cm-content');
      await eventually(async () => {
        const text = (await editor.textContent()) ?? '';
        return text.startsWith('One. From Ada. ### On call') && text.endsWith('From Bob. Two.');
      });
      await person.tile(NOTE).locator('.cm-peer-caret').waitFor({ state: 'attached' });
    }
    while (await ada.button('Undo').isEnabled()) await ada.page.keyboard.press('Control+z');
    await bob.page.keyboard.press('Escape');
    const prose = bob.tile(NOTE).locator('.prose');
    await prose.getByText('From Bob. Two.').waitFor();
    await eventually(async () => (await prose.textContent())?.startsWith('On call'));
  });

  it('takes back what one person did, and leaves what the other did meanwhile', async () => {
    const [ada, bob] = await meet();
    const deploys = (person: Person) => person.tile('demo-deploys');
    await deploys(bob).getByLabel('One more').click();
    await deploys(ada).locator('output', { hasText: '1' }).waitFor();
    await deploys(ada).getByLabel('One more').click({ clickCount: 2 });
    await deploys(bob).locator('output', { hasText: '3' }).waitFor();
    await ada.tile('demo-release').getByText('Undo: only').click();
    await bob
      .tile('demo-release')
      .getByRole('checkbox', { name: 'Undo: only', checked: true })
      .waitFor();

    await deploys(ada).focus();
    while (await ada.button('Undo').isEnabled()) await ada.page.keyboard.press('Control+z');
    for (const person of [ada, bob]) {
      await deploys(person).locator('output', { hasText: '1' }).waitFor();
      await person
        .tile('demo-release')
        .getByRole('checkbox', { name: 'Undo: only', checked: false })
        .waitFor();
    }
    await ada.page.keyboard.press('Control+Shift+z');
    await deploys(bob).locator('output', { hasText: '3' }).waitFor();
  });

  it('is used with the keyboard alone', async () => {
    const [ada, bob] = await meet();
    const requests = ada.tile('demo-requests');
    const before = await bob.placeOf('demo-requests');
    await requests.focus();
    await ada.page.keyboard.press('ArrowDown');
    await eventually(async () => (await bob.placeOf('demo-requests')).y > before.y + 100);
    await ada.page.keyboard.press('Shift+ArrowRight');
    await eventually(async () => (await bob.placeOf('demo-requests')).width > before.width + 20);
    await ada.page.keyboard.press('Delete');
    await bob.tile('demo-requests').waitFor({ state: 'detached' });
    await ada.page.keyboard.press('Control+z');
    await bob.tile('demo-requests').waitFor();

    // From one to the next in the order in which they are read.
    await ada.tile('demo-errors').focus();
    const isNext = () =>
      ada.page.evaluate(
        () => document.activeElement?.getAttribute('data-widget') === 'demo-latency',
      );
    for (let tabs = 0; tabs < 4 && !(await isNext()); tabs += 1)
      await ada.page.keyboard.press('Tab');
    expect(await isNext()).toBe(true);

    await ada.button('Add a widget').focus();
    for (const key of ['Enter', 'End', 'ArrowUp', 'Enter']) await ada.page.keyboard.press(key);
    await ada.page.getByRole('complementary', { name: 'Settings' }).waitFor();
    await ada.page.keyboard.press('Control+a');
    await ada.page.keyboard.type('Tickets');
    await bob.page.getByRole('article', { name: 'Counter: Tickets' }).waitFor();
    await ada.page.keyboard.press('Escape');
    await eventually(() =>
      ada.page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') === 'Counter: Tickets',
      ),
    );
  });

  it('goes offline by its button, says what is not saved, and saves it when it is back', async () => {
    const [ada, bob] = await meet();
    await ada.button('Go offline').click();
    await ada.untilPill('Offline');
    await eventually(async () => (await bob.page.locator('.people .avatar').count()) === 1);
    await ada.tile('demo-deploys').getByLabel('One more').click({ clickCount: 2 });
    await ada.untilPill('Offline · 2 unsaved');
    await bob.tile('demo-deploys').getByLabel('One more').click();
    expect(await ada.tile('demo-deploys').locator('output').textContent()).toBe('2');

    await ada.button('Go online').first().click();
    await ada.untilPill('Saved');
    for (const person of [ada, bob]) {
      await person.tile('demo-deploys').locator('output', { hasText: '3' }).waitFor();
    }
  });

  it('shows the board after a reload without a network, and saves what was done meanwhile', async () => {
    const [ada, bob] = await meet();
    server.cut();
    await ada.untilPill('Offline');
    await ada.tile('demo-deploys').getByLabel('One more').click();
    await ada.untilPill('1 unsaved');
    await ada.page.reload();
    await ada.tile('demo-deploys').locator('output', { hasText: '1' }).waitFor();
    await ada.untilPill('1 unsaved');
    await ada.tile('demo-deploys').getByLabel('One more').click();
    await ada.untilPill('2 unsaved');
    server.restore();
    await eventually(() => ada.untilPill('Saved').then(() => true), { timeoutMs: 30_000 });
    await bob.tile('demo-deploys').locator('output', { hasText: '2' }).waitFor();
  });

  it('goes on with a drag while the node is restarted under it', async () => {
    const [ada, bob] = await meet();
    const before = await ada.placeOf('demo-jobs');
    await ada.take('demo-users', { x: 2, y: 8 });
    await restartNode();
    await ada.page.mouse.move(700, 700, { steps: 6 });
    await ada.letGo();
    const dropped = await ada.placeOf('demo-users');
    expect(dropped.y).toBeGreaterThan(before.y / 2);
    await Promise.all([ada.untilPill('Saved'), bob.untilPill('Saved')]);
    await eventually(async () => {
      const [mine, theirs] = await Promise.all(
        [ada, bob].map((each) => each.placeOf('demo-users')),
      );
      return mine?.x === theirs?.x && mine?.y === theirs?.y;
    });
  });

  it('says that a token is refused, that there is none, and that the server is away', async () => {
    const ada = await arrive();
    const elsewhere = signToken(
      { sub: 'eve', grants: [{ board: 'x/y', access: 'read' }] },
      SECRET,
      60,
    );
    server.token = () => ({ status: 200, body: JSON.stringify({ token: elsewhere }) });
    await ada.open(server.url, demo);
    await ada.page.getByRole('alert').getByText('You cannot open this board').waitFor();

    server.token = () => ({ status: 404, body: '' });
    await ada.open(server.url, 'demo/other');
    await ada.page.getByRole('alert').getByText('No token for this board').waitFor();

    server.token = undefined;
    await ada.open(server.url, demo);
    await ada.tile('demo-deploys').waitFor();

    server.cut();
    await ada.open(server.url, 'demo/third');
    await ada.page.getByRole('alert').getByText('The server is away').waitFor();
    server.restore();
    await ada.button('Try again').click();
    await ada.page.getByText('Nothing here yet').waitFor();
  });

  it('lists boards that somebody made, under their newest titles', async () => {
    const ada = await (await arrive()).open(server.url);
    const bob = await (await arrive()).open(server.url);
    await ada.page.getByLabel('Title of the new board').fill('Sales');
    await ada.button('New board').click();
    await ada.page.getByText('Nothing here yet').waitFor();
    await bob.page.getByRole('link', { name: 'Sales' }).waitFor();
    await ada.page.getByLabel('Title of the board').fill('Sales 2026');
    await bob.page.getByRole('link', { name: 'Sales 2026' }).click();
    await bob.page.getByText('Nothing here yet').waitFor();
    expect(await bob.page.getByLabel('Title of the board').inputValue()).toBe('Sales 2026');
  });

  it('has a second person beside the first, each with a network and an undo of their own', async () => {
    const ada = await (await arrive({ viewport: { width: 1700, height: 900 } })).openDemo(
      server.url,
      demo,
    );
    await ada.button('Open a second person beside me').click();
    const you = ada.page.locator('[data-seat="you"]');
    const beside = ada.page.locator('[data-seat="beside"]');
    const more = (of: typeof you) =>
      of.locator('[data-widget="demo-deploys"]').getByLabel('One more');
    const shown = (of: typeof you, count: string) =>
      of.locator('[data-widget="demo-deploys"] output', { hasText: count }).waitFor();
    await beside.locator('.save-pill', { hasText: 'Saved' }).waitFor();
    await you.getByRole('button', { name: 'Go offline', exact: true }).click();
    await you.locator('.save-pill', { hasText: 'Offline' }).waitFor();
    await more(beside).click();
    await beside.locator('.save-pill', { hasText: 'Saved' }).waitFor();
    await more(you).click();
    await you.locator('.save-pill', { hasText: 'Offline · 1 unsaved' }).waitFor();
    await shown(you, '1');
    await you.getByRole('button', { name: 'Go online', exact: true }).first().click();
    await Promise.all([shown(you, '2'), shown(beside, '2')]);
    await beside.getByRole('button', { name: 'Undo', exact: true }).click();
    await Promise.all([shown(you, '1'), shown(beside, '1')]);
  });

  it('renders nothing with React while the cursors of others move', async () => {
    const ada = await arrive();
    await ada.page.addInitScript(() => {
      const counted = { commits: 0 };
      Object.assign(globalThis, {
        counted,
        // What React tells its developer tools, also in production.
        __REACT_DEVTOOLS_GLOBAL_HOOK__: {
          isDisabled: false,
          supportsFiber: true,
          inject: () => 1,
          onCommitFiberRoot: () => {
            counted.commits += 1;
          },
          onCommitFiberUnmount: () => undefined,
        },
      });
    });
    await ada.open(server.url, 'demo/still');
    await ada.page.getByText('Nothing here yet').waitFor();
    await ada.button('Add a widget').click();
    await ada.page.getByRole('menuitem', { name: 'Checklist' }).click();
    await ada.page.keyboard.press('Escape');
    const bob = await (await arrive()).open(server.url, 'demo/still');
    await bob.page.getByRole('article', { name: 'Checklist: To do' }).waitFor();
    await bob.page.mouse.move(300, 200);
    await ada.page.locator('.cursor').waitFor();
    const commits = () =>
      ada.page.evaluate(
        () => (globalThis as unknown as { counted: { commits: number } }).counted.commits,
      );
    const before = await commits();
    expect(before).toBeGreaterThan(0);
    const placeOf = () =>
      ada.page.locator('.cursor').evaluate((element) => element.getAttribute('style'));
    const seen = new Set<string | null>();
    for (let step = 0; step < 30; step += 1) {
      const last = await placeOf();
      await bob.page.mouse.move(300 + step * 4, 200 + step * 2);
      await eventually(async () => (await placeOf()) !== last || step === 0);
      seen.add(await placeOf());
    }
    expect(seen.size).toBeGreaterThan(25);
    expect(await commits()).toBe(before);
  });
});
