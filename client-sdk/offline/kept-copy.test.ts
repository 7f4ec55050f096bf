import { afterEach, beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { eventually } from '../../test/support/wait.ts';
import type { BoardStorage, StorageBackend, StoredRow } from './storage.ts';
import { memoryBackend } from './storage-memory.ts';
import { server, TestPage } from './test-page.ts';

const pages: TestPage[] = [];
let store: StorageBackend;
let remote: Y.Doc;

beforeEach(() => {
  store = { ...memoryBackend(), persistent: true };
  remote = new Y.Doc();
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
});

async function open(own: StorageBackend = store): Promise<TestPage> {
  const page = await TestPage.open(own);
  pages.push(page);
  return page;
}

async function stored() {
  const storage = await store.open('acme/x', () => undefined);
  return storage.read();
}

/** A store whose calls fail while it is told so. */
function fragile(): { store: StorageBackend; break: (error: Error) => void; lose: () => void } {
  const inner = { ...memoryBackend(), persistent: true };
  let broken: Error | undefined;
  let lost: (reason: Error) => void = () => undefined;
  const unless = <T>(run: () => Promise<T>) => (broken ? Promise.reject(broken) : run());
  const wrap = (storage: BoardStorage): BoardStorage => ({
    read: () => unless(() => storage.read()),
    append: (rows, lineage) => unless(() => storage.append(rows, lineage)),
    change: (decide, options) => unless(() => storage.change(decide, options)),
    close: () => storage.close(),
  });
  return {
    store: {
      ...inner,
      open: (board, tellLost) => {
        lost = tellLost;
        return unless(async () => wrap(await inner.open(board, tellLost)));
      },
    },
    break: (error) => {
      broken = error;
    },
    lose: () => lost(new Error('the browser closed it')),
  };
}

test('a page finds what the last one left, and which edits of it are unsaved', async () => {
  const first = await open();
  first.set('a', 1);
  first.set('b', 2);
  expect(await first.copy.stored()).toBe(true);
  const before = Date.now();

  const second = await open();
  expect(second.content).toEqual({ a: 1, b: 2 });
  expect(second.copy.unsaved).toMatchObject({ count: 2 });
  expect(second.copy.unsaved?.oldestAt).toBeLessThanOrEqual(before);
  second.copy.setEpoch('e1');
  second.sync(remote);
  expect(remote.getMap('m').toJSON()).toEqual({ a: 1, b: 2 });
  expect(second.copy.unsaved).toBeUndefined();
  await second.copy.stored();

  const third = await open();
  expect(third.content).toEqual({ a: 1, b: 2 });
  expect([third.copy.unsaved, third.copy.epoch]).toEqual([undefined, 'e1']);
});

test('only edits that the ledger has saved lose their mark', async () => {
  const page = await open();
  page.set('a', 1);
  await page.copy.stored();
  page.set('b', 2);
  page.copy.saved(1);
  await page.copy.stored();
  expect(page.copy.unsaved?.count).toBe(1);
  const next = await open();
  expect(next.copy.unsaved?.count).toBe(1);
});

test('an edit that was saved before it could be stored is stored as saved', async () => {
  const page = await open();
  page.set('a', 1);
  page.sync(remote);
  await page.copy.stored();
  expect((await stored()).rows.map(({ unsaved }) => unsaved)).toEqual([undefined]);
});

test('edits of one turn become one row, those of others wait for company', async () => {
  const page = await open();
  for (let i = 0; i < 50; i += 1) page.set('a', i);
  await page.copy.stored();
  expect((await stored()).rows).toHaveLength(1);
  remote.getMap('m').set('theirs', 1);
  Y.applyUpdate(page.doc, Y.encodeStateAsUpdate(remote), server);
  await eventually(async () => (await stored()).rows.length === 2);
  expect((await open()).content).toEqual({ a: 49, theirs: 1 });
});

test('an edit made while the last is being written is written too, whatever the moment', async () => {
  const page = await open();
  for (let turns = 0; turns < 60; turns += 1) {
    page.set('a', `${turns}`);
    for (let i = 0; i < turns; i += 1) await Promise.resolve();
    page.set('b', `${turns}`);
    await page.copy.stored();
    const copy = await stored();
    const doc = new Y.Doc();
    for (const { update } of copy.rows) Y.applyUpdate(doc, update);
    if (copy.base) Y.applyUpdateV2(doc, copy.base);
    expect(doc.getMap('m').toJSON()).toEqual({ a: `${turns}`, b: `${turns}` });
  }
});

test('opened, edited and closed 1,000 times it takes no more than the document does', async () => {
  const sizes: number[] = [];
  for (let i = 0; i < 1000; i += 1) {
    const page = await TestPage.open(store);
    page.copy.setEpoch('e1');
    page.set('a', `value ${i}`);
    page.sync(remote);
    await page.close();
    const { base, rows } = await stored();
    sizes.push(rows.reduce((sum, { update }) => sum + update.length, base?.length ?? 0));
    expect(rows.length).toBeLessThanOrEqual(101);
  }
  const document = Y.encodeStateAsUpdate(remote).length;
  expect(Math.max(...sizes)).toBeLessThan(64 * 1024 + 2 * document);
  for (let i = 0; i < 100; i += 1) await (await TestPage.open(store)).close();
  const { base, rows } = await stored();
  expect(rows.reduce((sum, { update }) => sum + update.length, base?.length ?? 0)).toBe(
    sizes.at(-1),
  );
}, 120_000);

test('values that were overwritten are forgotten, saved or not', async () => {
  const page = await open();
  const noise = (i: number) => `${i} `.repeat(200);
  for (const isSaved of [true, false]) {
    for (let i = 0; i < 1000; i += 1) {
      page.set('a', noise(i));
      await page.copy.stored();
      if (isSaved) page.sync(remote);
    }
    await eventually(async () => {
      const { base, rows } = await stored();
      const size = rows.reduce((sum, { update }) => sum + update.length, base?.length ?? 0);
      return size < 80_000;
    });
  }
  expect(page.copy.unsaved?.count).toBe(1000);
  const next = await open();
  expect(next.content).toEqual({ a: noise(999) });
  expect(next.copy.unsaved?.count).toBe(1000);
});

test('compaction keeps apart what the server is known to have', async () => {
  const page = await open();
  page.copy.setEpoch('e1');
  page.set('saved', 'x'.repeat(40_000));
  page.sync(remote);
  page.doc.getMap('m').delete('saved');
  page.set('big', 'y'.repeat(40_000));
  await page.copy.stored();
  await eventually(async () => (await stored()).base !== undefined);
  const base = new Y.Doc();
  Y.applyUpdateV2(base, (await stored()).base ?? new Uint8Array());
  expect(Object.keys(base.getMap('m').toJSON())).toEqual(['saved']);
  const next = await open();
  expect(Object.keys(next.content as object)).toEqual(['big']);
  expect(next.copy.unsaved?.count).toBe(2);
});

test('another epoch starts an empty copy and sets unsaved edits aside, once', async () => {
  const page = await open();
  page.copy.setEpoch('e1');
  page.set('saved', 1);
  page.sync(remote);
  await page.copy.stored();
  page.set('stored', 2);
  await page.copy.stored();
  page.set('pending', 3);
  const heard: number[] = [];
  page.copy.subscribe(() => heard.push(page.copy.aside.length));
  page.copy.startAnew('e2');
  await page.copy.stored();
  expect(heard.at(-1)).toBe(1);
  const [conflict] = page.copy.aside;
  expect(conflict).toMatchObject({ id: 'reset e1', count: 2 });

  const doc = new Y.Doc();
  Y.applyUpdateV2(doc, conflict?.base ?? new Uint8Array());
  expect(doc.getMap('m').toJSON()).toEqual({ saved: 1 });
  Y.applyUpdate(doc, conflict?.update ?? new Uint8Array());
  expect(doc.getMap('m').toJSON()).toEqual({ saved: 1, stored: 2, pending: 3 });

  page.doc = new Y.Doc();
  page.attach();
  page.set('fresh', 1);
  await page.copy.stored();
  const next = await open();
  expect([next.content, next.copy.epoch]).toEqual([{ fresh: 1 }, 'e2']);
  expect(next.copy.aside).toEqual([conflict]);
  await next.copy.forget(conflict?.id ?? '');
  expect(next.copy.aside).toEqual([]);
  expect((await stored()).aside).toEqual([]);
});

test('of two tabs the second adds its unsaved edits to the conflict, and mixes no epochs', async () => {
  const [a, b] = [await open(), await open()];
  a.copy.setEpoch('e1');
  b.copy.setEpoch('e1');
  a.set('a', 1);
  await a.copy.stored();
  a.copy.startAnew('e2');
  await a.copy.stored();
  b.set('b', 2);
  expect(await b.copy.stored()).toBe(false);
  expect((await stored()).rows).toEqual([]);
  b.copy.startAnew('e2');
  await b.copy.stored();
  expect(b.copy.aside).toHaveLength(1);
  expect(b.copy.aside[0]?.count).toBe(2);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, b.copy.aside[0]?.update ?? new Uint8Array());
  expect(doc.getMap('m').toJSON()).toEqual({ a: 1, b: 2 });
});

test('a late tab whose base is gone sets aside all it held', async () => {
  const [a, b] = [await open(), await open()];
  a.copy.setEpoch('e1');
  b.copy.setEpoch('e1');
  remote.getMap('m').set('shared', 1);
  b.sync(remote);
  await b.copy.stored();
  a.copy.startAnew('e2');
  await a.copy.stored();
  b.set('b', 2);
  b.copy.startAnew('e2');
  await b.copy.stored();
  const doc = new Y.Doc();
  Y.applyUpdate(doc, b.copy.aside[0]?.update ?? new Uint8Array());
  expect(doc.getMap('m').toJSON()).toEqual({ shared: 1, b: 2 });
});

test('a document that one tab has left takes nothing more from the others, who are told', async () => {
  const channel = `kept-copy-${process.pid}`;
  const [a, b] = [await open({ ...store, channel }), await open({ ...store, channel })];
  for (const page of [a, b]) page.copy.setEpoch('e1');
  a.set('shared', 1);
  a.sync(remote);
  a.set('refused', 1);
  await eventually(() => b.doc.getMap('m').size === 2);
  const told: string[] = [];
  b.copy.onLeft(() => told.push('b'));

  const moveOn = (page: TestPage) => {
    page.copy.moveOn(Y.encodeStateAsUpdateV2(remote));
    page.doc = new Y.Doc();
    Y.applyUpdate(page.doc, Y.encodeStateAsUpdate(remote), server);
    page.edits = 0;
    page.attach();
  };
  moveOn(a);
  a.set('carried', 1);
  await a.copy.stored();
  await eventually(() => told.length > 0);
  b.set('late', 2);
  expect(await b.copy.stored()).toBe(false);
  expect([a.content, (await open()).content]).toEqual([
    { shared: 1, carried: 1 },
    { shared: 1, carried: 1 },
  ]);

  moveOn(b);
  b.set('again', 2);
  expect(await b.copy.stored()).toBe(true);
  await eventually(() => a.doc.getMap('m').size === 3);
  const next = await open();
  expect([next.content, next.copy.epoch, next.copy.unsaved?.count]).toEqual([
    { shared: 1, carried: 1, again: 2 },
    'e1',
    2,
  ]);
});

test('a store that cannot be opened leaves editing in memory, and says so', async () => {
  const away = fragile();
  away.break(new Error('no room'));
  const page = await open(away.store);
  expect(page.copy.status).toMatchObject({
    state: 'failed',
    reason: expect.stringMatching(/acme\/x is not kept any more.*no room/),
  });
  page.set('a', 1);
  expect(await page.copy.stored()).toBe(false);
  page.copy.setEpoch('e1');
  page.copy.startAnew('e2');
  await page.copy.stored();
  expect(page.copy.aside[0]?.count).toBe(1);
});

test.each(['a write', 'the browser'])(
  '%s that ends the store is said, and nothing is lost in memory',
  async (who) => {
    const away = fragile();
    const page = await open(away.store);
    page.copy.setEpoch('e1');
    page.set('a', 1);
    page.sync(remote);
    page.set('b', 2);
    expect(await page.copy.stored()).toBe(true);
    const states: string[] = [];
    page.copy.subscribe(() => states.push(page.copy.status.state));
    if (who === 'a write') away.break(new DOMException('full', 'QuotaExceededError'));
    else away.lose();
    page.set('c', 3);
    expect(await page.copy.stored()).toBe(false);
    expect(states).toEqual(['failed']);
    expect(page.content).toEqual({ a: 1, b: 2, c: 3 });
    page.copy.startAnew('e2');
    await page.copy.stored();
    const doc = new Y.Doc();
    Y.applyUpdate(doc, page.copy.aside[0]?.update ?? new Uint8Array());
    expect(doc.getMap('m').toJSON()).toEqual({ a: 1, b: 2, c: 3 });
  },
);

test('damaged records are left out, said and removed; the rest is there', async () => {
  const page = await open();
  page.set('a', 1);
  await page.copy.stored();
  const storage = await store.open('acme/x', () => undefined);
  const damaged: StoredRow = {
    key: 'damaged',
    update: new Uint8Array([9, 9, 9]),
    unsaved: { upTo: { z: 4 }, count: 4, oldestAt: 1 },
  };
  await storage.change(() => ({ put: [damaged], base: new Uint8Array([200]) }), {
    withBase: false,
  });
  const next = await open();
  expect(next.content).toEqual({ a: 1 });
  expect(next.copy.status).toMatchObject({
    state: 'ready',
    reason: expect.stringMatching(/2 records .* 4 unsaved edits are lost/),
  });
  await next.copy.stored();
  expect((await open()).copy.status).toEqual({ state: 'ready' });
});
