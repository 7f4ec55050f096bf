import {
  createWidget,
  readBoard,
  readTitle,
  removeWidget,
  setGeom,
  setState,
  setTitle,
  widgetList,
  widgetsOf,
  widgetText,
} from '@tessera/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { Conflicts } from '../src/conflicts.ts';
import { memoryBackend } from './storage-memory.ts';
import { TestPage } from './test-page.ts';

let page: TestPage;
let conflicts: Conflicts;

beforeEach(async () => {
  page = await TestPage.open(memoryBackend());
  page.copy.setEpoch('e1');
  conflicts = new Conflicts(page.copy, 'reapply');
});
afterEach(async () => {
  conflicts.close();
  await page.close();
});

const place = { x: 0, y: 0, w: 2, h: 2 };
const chart = (id: string) => ({
  id,
  type: 'chart',
  version: 1,
  geom: place,
  state: { color: 'red', size: 1 },
  texts: { notes: 'dear all' },
  lists: { series: ['a', 'b', 'c'] },
});

/** A board with these widgets that the server has, then these edits that it has not, then a reset. */
async function reset(saved: string[], edit: (doc: Y.Doc) => void): Promise<Y.Doc> {
  const remote = new Y.Doc();
  for (const id of saved) createWidget(remote, chart(id));
  page.sync(remote);
  await page.copy.stored();
  edit(page.doc);
  page.copy.startAnew('e2');
  await page.copy.stored();
  page.doc = new Y.Doc();
  page.attach();
  conflicts.attach(page.doc);
  return page.doc;
}

test('says per widget what it was and what somebody wanted it to be', async () => {
  await reset(['changed', 'removed', 'same'], (doc) => {
    setState(doc, 'changed', { color: 'blue' });
    removeWidget(doc, 'removed');
    createWidget(doc, { id: 'made', type: 'note', version: 1 });
    setTitle(doc, 'Sales');
  });
  expect(conflicts.list).toHaveLength(1);
  const [conflict] = conflicts.list;
  expect(conflict).toMatchObject({ count: 4, title: { before: '', after: 'Sales' } });
  expect(Object.keys(conflict?.widgets ?? {}).sort()).toEqual(['changed', 'made', 'removed']);
  const { changed, made, removed } = conflict?.widgets ?? {};
  expect(changed?.before?.state).toMatchObject({ color: 'red', notes: 'dear all' });
  expect(changed?.after?.state).toMatchObject({ color: 'blue', notes: 'dear all' });
  expect([made?.before, made?.after?.type]).toEqual([undefined, 'note']);
  expect([removed?.before?.type, removed?.after]).toEqual(['chart', undefined]);
  expect(conflicts.list).toBe(conflicts.list);
});

test('makes the edits again on the fresh board, and only those', async () => {
  const doc = await reset(['changed', 'removed', 'gone'], (old) => {
    setState(old, 'changed', { color: 'blue' });
    setGeom(old, 'changed', { ...place, x: 5 });
    widgetText(old, 'changed', 'notes')?.insert(8, ', 🙂 hello');
    widgetList(old, 'changed', 'series')?.delete(1);
    widgetList(old, 'changed', 'series')?.push(['d']);
    removeWidget(old, 'removed');
    setState(old, 'gone', { size: 9 });
    createWidget(old, { ...chart('made'), type: 'note' });
    setTitle(old, 'Sales');
  });
  for (const id of ['changed', 'removed']) createWidget(doc, { ...chart(id), version: 2 });
  setState(doc, 'changed', { size: 7 });
  const text = widgetText(doc, 'changed', 'notes');

  await conflicts.list[0]?.reapply();
  const { title, widgets } = readBoard(doc);
  expect(title).toBe('Sales');
  expect(Object.keys(widgets).sort()).toEqual(['changed', 'gone', 'made']);
  expect(widgets['changed']).toEqual({
    id: 'changed',
    type: 'chart',
    version: 2,
    geom: { ...place, x: 5 },
    state: { color: 'blue', size: 7, notes: 'dear all, 🙂 hello', series: ['a', 'c', 'd'] },
  });
  expect(widgetText(doc, 'changed', 'notes')).toBe(text);
  expect(widgets['gone']?.state).toMatchObject({ color: 'red', size: 9, notes: 'dear all' });
  expect(widgetText(doc, 'made', 'notes')).toBeInstanceOf(Y.Text);
  expect(conflicts.list).toEqual([]);
  expect(page.copy.unsaved?.count).toBeGreaterThan(0);
});

test('a conflict that is made again twice changes nothing the second time', async () => {
  const doc = await reset(['a'], (old) => setState(old, 'a', { color: 'blue' }));
  createWidget(doc, chart('a'));
  const [conflict] = conflicts.list;
  await conflict?.reapply();
  const before = Y.encodeStateAsUpdate(doc);
  await conflict?.reapply();
  expect(Y.encodeStateAsUpdate(doc)).toEqual(before);
});

test('is forgotten when it is discarded, and the board stays as it is', async () => {
  const doc = await reset([], (old) => setTitle(old, 'old'));
  const lists: number[] = [];
  conflicts.subscribe(() => lists.push(conflicts.list.length));
  await conflicts.list[0]?.discard();
  expect(lists).toEqual([0]);
  expect([readTitle(doc), widgetsOf(doc).size]).toEqual(['', 0]);
});

test('nothing unsaved makes no conflict', async () => {
  await reset(['a'], () => undefined);
  expect(conflicts.list).toEqual([]);
});
