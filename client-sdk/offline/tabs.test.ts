import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { eventually } from '../../test/support/wait.ts';
import type { StorageBackend } from './storage.ts';
import { memoryBackend } from './storage-memory.ts';
import { TestPage } from './test-page.ts';

const pages: TestPage[] = [];
let store: StorageBackend;
let channels = 0;

beforeEach(() => {
  store = { ...memoryBackend(), persistent: true };
  channels += 1;
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
});

async function open(own: StorageBackend = store): Promise<TestPage> {
  const page = await TestPage.open({ ...own, channel: `tabs-test-${process.pid}-${channels}` });
  pages.push(page);
  return page;
}

const holds = (page: TestPage, content: object) =>
  eventually(() => {
    expect(page.content).toEqual(content);
    return true;
  });

test('tabs show each other their edits, and each counts them as unsaved', async () => {
  const [a, b] = [await open(), await open()];
  a.set('a', 1);
  b.set('b', 2);
  for (const page of [a, b]) await holds(page, { a: 1, b: 2 });
  expect([a.edits, b.edits]).toEqual([2, 2]);
  expect([a.copy.unsaved?.count, b.copy.unsaved?.count]).toEqual([2, 2]);
});

test('without a store a tab that opens has what the others have, and they what it has', async () => {
  const a = await open({ ...memoryBackend() });
  a.set('a', 1);
  const b = await open({ ...memoryBackend() });
  await holds(b, { a: 1 });
  b.set('b', 2);
  b.doc.getMap('m').delete('a');
  const c = await open({ ...memoryBackend() });
  for (const page of [a, b, c]) await holds(page, { b: 2 });
});

test('what a tab left unsaved another one sends, and then it counts as saved', async () => {
  const [a, b] = [await open(), await open()];
  for (const page of [a, b]) page.copy.setEpoch('e1');
  a.set('a', 1);
  a.set('a', 2);
  a.doc.getMap('m').delete('a');
  a.set('kept', 3);
  await holds(b, { kept: 3 });
  await a.close();
  const remote = new Y.Doc();
  b.sync(remote);
  expect(remote.getMap('m').toJSON()).toEqual({ kept: 3 });
  await b.copy.stored();
  const next = await open();
  expect([next.content, next.copy.unsaved]).toEqual([{ kept: 3 }, undefined]);
});

test('one tab does not vouch for an edit of another that it does not hold', async () => {
  const ghost = new Y.Doc();
  const updates: Uint8Array[] = [];
  ghost.on('update', (update: Uint8Array) => updates.push(update));
  for (const key of ['missed', 'heard']) ghost.getMap('m').set(key, 1);
  const unsaved = (edit: number) => ({ upTo: { ghost: edit }, count: 1, oldestAt: 1 });
  const page = await open();
  const channel = new BroadcastChannel(`tabs-test-${process.pid}-${channels}:acme/x`);
  const said: { kind: string; to?: string }[] = [];
  channel.onmessage = ({ data }) => said.push(data);
  // The first edit came too early for this tab, and who made it ends before it answers.
  const update = updates[0] ?? new Uint8Array();
  const storage = await store.open('acme/x', () => undefined);
  await storage.append([{ key: 'ghost.1', update, unsaved: unsaved(1) }], undefined);
  const board = { v: 1, board: 'acme/x', from: 'ghost', lineage: undefined };
  channel.postMessage({ ...board, kind: 'edit', update: updates[1], edit: unsaved(2) });
  await eventually(() => said.some(({ kind, to }) => kind === 'ask' && to === 'ghost'));
  channel.close();
  page.sync(new Y.Doc());
  await page.copy.stored();
  expect((await open()).copy.unsaved?.count).toBe(1);
});

test('tabs of different epochs do not hear each other', async () => {
  const [a, b, c] = [
    await open({ ...memoryBackend() }),
    await open({ ...memoryBackend() }),
    await open({ ...memoryBackend() }),
  ];
  a.copy.setEpoch('old');
  for (const page of [b, c]) {
    page.copy.setEpoch('new');
  }
  a.set('a', 1);
  b.set('b', 2);
  await holds(c, { b: 2 });
  expect(a.content).toEqual({ a: 1 });
  a.set('a', 2);
  b.set('b', 3);
  await holds(c, { b: 3 });
});

test('with any comings and goings all tabs end equal, and no edit is called saved that the server has not', async () => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31);
  console.log(`seed ${seed}`);
  const step = fc.record({
    what: fc.constantFrom('set', 'set', 'set', 'delete', 'open', 'close', 'sync', 'wait'),
    tab: fc.nat(2),
    key: fc.constantFrom('a', 'b', 'c'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      channels += 1;
      store = { ...memoryBackend(), persistent: true };
      const remote = new Y.Doc();
      const tabs: (TestPage | undefined)[] = [await open()];
      let value = 0;
      for (const { what, tab, key } of steps) {
        const page = tabs[tab];
        value += 1;
        if (what === 'open' && page === undefined) tabs[tab] = await open();
        else if (what === 'set') page?.set(key, value);
        else if (what === 'delete') page?.doc.getMap('m').delete(key);
        else if (what === 'sync') page?.sync(remote);
        else if (what === 'wait') await new Promise((resolve) => setImmediate(resolve));
        else if (what === 'close') {
          await page?.close();
          tabs[tab] = undefined;
        }
      }
      const last = tabs.find((page) => page !== undefined) ?? (await open());
      for (const page of tabs) await page?.copy.stored();
      const kept = await (await store.open('acme/x', () => undefined)).read();
      const committed = Y.encodeStateAsUpdate(remote);
      for (const { update, unsaved } of kept.rows) {
        if (unsaved === undefined) expect(isPartOf(update, remote), 'a saved row').toBe(true);
      }
      Y.applyUpdate(last.doc, committed);
      const others = [...tabs.filter((page) => page !== undefined), await open()];
      await eventually(() => {
        for (const page of others) expect(page.content).toEqual(last.content);
        return true;
      });
      for (const page of pages.splice(0)) await page.close();
    }),
    { seed, numRuns: 40 },
  );
});

function isPartOf(update: Uint8Array, doc: Y.Doc): boolean {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  const before = Y.encodeStateAsUpdate(copy);
  Y.applyUpdate(copy, update);
  return Buffer.compare(before, Y.encodeStateAsUpdate(copy)) === 0;
}
