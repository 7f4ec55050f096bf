import { setState, stateOf, TesseraError, widgetsOf } from '@tessera/model';
import { type } from 'arktype';
import * as v from 'valibot';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { z } from 'zod';
import { anyState, defineWidget } from './define-widget.ts';
import type { InvalidWidget } from './typed-widgets.ts';
import { WidgetStore } from './widget-store.ts';

const Chart = defineWidget({
  type: 'line-chart',
  version: 1,
  state: z.object({
    title: z.string().max(20),
    color: z.string().default('red'),
    style: z.object({ width: z.number(), dash: z.object({ on: z.number(), off: z.number() }) }),
    notes: z.string().default(''),
    series: z.array(z.object({ id: z.string(), points: z.array(z.number()) })).default([]),
    legend: z.boolean().optional(),
  }),
  merge: { notes: 'text', series: 'list', style: 'map' },
});
const style = { width: 1, dash: { on: 2, off: 3 } };
const origin = { made: 'here' };

let doc: Y.Doc;
let store: WidgetStore;
beforeEach(() => {
  doc = new Y.Doc();
  store = storeOn(doc);
});

function storeOn(on: Y.Doc): WidgetStore {
  const made = new WidgetStore();
  made.attach(on, origin);
  return made;
}

function exchange(a: Y.Doc, b: Y.Doc): void {
  Y.applyUpdate(b, Y.encodeStateAsUpdate(a, Y.encodeStateVector(b)));
  Y.applyUpdate(a, Y.encodeStateAsUpdate(b, Y.encodeStateVector(a)));
}

/** The updates that an edit makes. */
function updatesOf(edit: () => void): Uint8Array[] {
  const updates: Uint8Array[] = [];
  const heard = (update: Uint8Array) => updates.push(update);
  doc.on('update', heard);
  edit();
  doc.off('update', heard);
  return updates;
}

/** What an edit writes. */
function writtenBy(edit: () => void): { keys: string[]; structs: number; deleted: number } {
  const [update, ...more] = updatesOf(edit);
  if (update === undefined || more.length > 0) throw new Error('not one update');
  const { structs, ds } = Y.decodeUpdate(update);
  // In an update, what replaces an entry does not name the key again.
  const keys = structs.flatMap(({ id }) => Y.getItem(doc.store, id).parentSub ?? []);
  const deleted = [...ds.clients.values()].flat().reduce((sum, { len }) => sum + len, 0);
  return { keys, structs: structs.length, deleted };
}

function refusal(attempt: () => unknown): TesseraError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof TesseraError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('a typed widget', () => {
  test('shows what it was made with, defaults included, here and to others', () => {
    const chart = store.create(
      Chart,
      { title: 'Sales', style },
      { geom: { x: 1, y: 2, w: 3, h: 4 } },
    );
    const expected = { title: 'Sales', color: 'red', style, notes: '', series: [] };
    expect(chart.state).toStrictEqual(expected);
    expect(chart.geom).toEqual({ x: 1, y: 2, w: 3, h: 4 });
    expect(chart.status).toEqual({ kind: 'ok' });
    const other = new Y.Doc();
    exchange(doc, other);
    const theirs = storeOn(other).get(Chart, chart.id);
    expect(theirs?.state).toStrictEqual(expected);
    expect(theirs?.text('notes')?.toString()).toBe('');
    const stored = stateOf(other, chart.id);
    expect(stored.get('series')).toBeInstanceOf(Y.Array);
    expect(stored.get('style')).toBeInstanceOf(Y.Map);
    expect((stored.get('style') as Y.Map<unknown>).get('dash')).toBeInstanceOf(Y.Map);
    expect(stored.get('color')).toBe('red');
  });

  test('is defined with zod, valibot, arktype or a schema of your own', () => {
    const definitions = [
      defineWidget({ type: 'a', version: 1, state: z.object({ n: z.number() }) }),
      defineWidget({ type: 'b', version: 1, state: v.object({ n: v.number() }) }),
      defineWidget({ type: 'c', version: 1, state: type({ n: 'number' }) }),
    ];
    for (const definition of definitions) {
      const widget = store.create(definition, { n: 1 });
      widget.update((draft) => {
        draft.n += 1;
      });
      expect(widget.state).toEqual({ n: 2 });
      expect(() => widget.set({ n: 'x' as unknown as number })).toThrow(/state\.n of widget/);
    }
    const free = store.create(defineWidget({ type: 'd', version: 1, state: anyState }), {
      any: [1],
    });
    free.set({ more: { deep: null } });
    free.update((draft) => {
      (draft['any'] as number[]).push(2);
    });
    expect(free.state).toEqual({ any: [1, 2], more: { deep: null } });
  });

  test('keeps the identity of what did not change, and is frozen', () => {
    const series = [1, 2, 3].map((n) => ({ id: `s${n}`, points: [n] }));
    const chart = store.create(Chart, { title: 'a', style, series });
    const before = chart.state;
    chart.update((draft) => {
      draft.series.unshift({ id: 's0', points: [] });
    });
    expect(chart.state).not.toBe(before);
    expect(chart.state.style).toBe(before.style);
    expect(chart.state.series.slice(1)).toEqual(series);
    for (const n of [0, 1, 2]) expect(chart.state.series[n + 1]).toBe(before.series[n]);
    chart.move({ x: 0, y: 0, w: 1, h: 1 });
    const after = chart.state;
    chart.move({ x: 5 });
    expect(chart.geom).toEqual({ x: 5, y: 0, w: 1, h: 1 });
    expect(chart.state).toBe(after);
    expect(() => Object.assign(chart.state.series[0] ?? {}, { id: 'x' })).toThrow(TypeError);
    expect(() => Object.assign(chart.state.style.dash, { on: 9 })).toThrow(TypeError);
    expect(() => Object.assign(chart.state.series, { length: 0 })).toThrow(TypeError);
  });

  test('writes only what differs: one key, one nested key, one item, the middle of a text', () => {
    const series = Array.from({ length: 50 }, (_, n) => ({ id: `s${n}`, points: [n, n] }));
    const chart = store.create(Chart, { title: 'a', style, series, notes: 'all of us' });
    expect(writtenBy(() => chart.set({ title: 'b', color: 'red' }))).toEqual({
      keys: ['title'],
      structs: 1,
      deleted: 1,
    });
    const nested = writtenBy(() =>
      chart.update((draft) => {
        draft.style.dash.on = 9;
      }),
    );
    expect(nested).toEqual({ keys: ['on'], structs: 1, deleted: 1 });
    const item = writtenBy(() =>
      chart.update((draft) => {
        draft.series[20]?.points.push(1);
      }),
    );
    expect(item).toEqual({ keys: [], structs: 1, deleted: 1 });
    const moved = writtenBy(() =>
      chart.update((draft) => {
        draft.series.push(...draft.series.splice(3, 1));
      }),
    );
    expect(moved).toEqual({ keys: [], structs: 1, deleted: 1 });
    const typed = writtenBy(() => chart.set({ notes: 'all of you' }));
    expect(typed.structs).toBe(1);
    expect(typed.deleted).toBe(2);
    expect(updatesOf(() => chart.set({ title: 'b' }))).toEqual([]);
    expect(updatesOf(() => chart.update(() => undefined))).toEqual([]);
  });

  test('removes a key that is set to undefined or deleted from the draft', () => {
    const chart = store.create(Chart, { title: 'a', style, legend: true });
    chart.set({ legend: undefined });
    expect(chart.state).not.toHaveProperty('legend');
    chart.set({ legend: false });
    chart.update((draft) => {
      delete draft.legend;
    });
    expect(stateOf(doc, chart.id).has('legend')).toBe(false);
  });

  test('refuses what does not fit, with the message and the place, and writes nothing', () => {
    const chart = store.create(Chart, { title: 'a', style });
    const before = chart.state;
    const updates = updatesOf(() => {
      const error = refusal(() => chart.set({ title: 'x'.repeat(21) }));
      expect(error.code).toBe('malformed');
      expect(error.message).toContain(`state.title of widget ${chart.id} (line-chart)`);
      expect(error.message).toMatch(/Too big/);
      expect(
        refusal(() =>
          chart.update((draft) => {
            draft.title = 'fits';
            draft.style.dash.on = 'x' as unknown as number;
          }),
        ).message,
      ).toContain('state.style.dash.on');
      const twice = [1, 2].map(() => ({ id: 's', points: [] }));
      expect(refusal(() => chart.set({ series: twice })).message).toContain('the same id');
      expect(refusal(() => chart.set({ notes: '\ud800' })).message).toContain('surrogate');
      expect(
        refusal(() => store.create(Chart, { title: 1 as unknown as string, style })).message,
      ).toContain('state.title');
      expect(
        refusal(() => store.create(Chart, { title: 'a', style }, { id: chart.id })).message,
      ).toContain('exists already');
      expect(() =>
        chart.update(() => {
          throw new Error('of the recipe');
        }),
      ).toThrow('of the recipe');
      const slow: () => unknown = async () => undefined;
      expect(refusal(() => chart.update(slow)).message).toContain('asynchronous');
    });
    expect(updates).toEqual([]);
    expect(chart.state).toBe(before);
  });

  test('says that an asynchronous schema cannot be used', () => {
    const Slow = defineWidget({
      type: 'slow',
      version: 1,
      state: z.object({ n: z.number().refine(async () => true) }),
    });
    expect(refusal(() => store.create(Slow, { n: 1 })).message).toContain('asynchronous');
  });

  test('stores what people write, and shows what the schema makes of it', () => {
    const Range = defineWidget({
      type: 'range',
      version: 1,
      state: z.object({ from: z.string().transform(Number), label: z.string().trim() }),
    });
    const range = store.create(Range, { from: '5', label: ' a ' });
    expect(range.state).toEqual({ from: 5, label: 'a' });
    range.set({ label: 'b ' });
    expect(range.state).toEqual({ from: 5, label: 'b' });
    expect(stateOf(doc, range.id).get('from')).toBe('5');
    range.set({ from: '6' });
    expect(range.state.from).toBe(6);
  });

  test('merges edits of one text, one list and one map made at once', () => {
    const chart = store.create(Chart, {
      title: 'a',
      style,
      notes: 'bc',
      series: [{ id: 'x', points: [] }],
    });
    const other = new Y.Doc();
    exchange(doc, other);
    const theirs = storeOn(other).handle(Chart, chart.id);
    chart.set({ notes: 'abc' });
    theirs.set({ notes: 'bcd' });
    chart.update((draft) => {
      draft.series.unshift({ id: 'w', points: [] });
      draft.style.width = 7;
    });
    theirs.update((draft) => {
      draft.series.push({ id: 'y', points: [] });
      draft.style.dash.off = 8;
    });
    exchange(doc, other);
    expect(chart.state).toEqual(theirs.state);
    expect(chart.state.notes).toBe('abcd');
    expect(chart.state.series.map(({ id }) => id)).toEqual(['w', 'x', 'y']);
    expect(chart.state.style).toEqual({ width: 7, dash: { on: 2, off: 8 } });
  });

  test('has an item once when two changed it at once, and the next edit of the list cleans up', () => {
    const chart = store.create(Chart, { title: 'a', style, series: [{ id: 'x', points: [] }] });
    const other = new Y.Doc();
    exchange(doc, other);
    const theirs = storeOn(other).handle(Chart, chart.id);
    for (const [each, n] of [
      [chart, 1],
      [theirs, 2],
    ] as const) {
      each.update((draft) => {
        draft.series[0]?.points.push(n);
      });
    }
    exchange(doc, other);
    expect(chart.state.series).toHaveLength(1);
    expect(chart.state).toEqual(theirs.state);
    const list = stateOf(doc, chart.id).get('series') as Y.Array<unknown>;
    expect(list.length).toBe(2);
    chart.set({ title: 'b' });
    expect(list.length).toBe(2);
    const [item] = chart.state.series;
    chart.update((draft) => {
      draft.series.push({ id: 'z', points: [] });
    });
    expect(list.toJSON()).toEqual([item, { id: 'z', points: [] }]);
  });

  test('counts right when it is updated twice in one transaction, and in a listener', () => {
    const Counter = defineWidget({ type: 'n', version: 1, state: z.object({ n: z.number() }) });
    const counter = store.create(Counter, { n: 0 });
    const add = () => counter.update((draft) => void draft.n++);
    store.batch(() => {
      add();
      add();
      expect(counter.state.n).toBe(2);
    });
    const seen: number[] = [];
    counter.subscribe(() => {
      if (seen.length > 0) return;
      add();
      add();
      seen.push(counter.state.n);
      // Somebody else's edit, of which nobody has been told yet either.
      setState(doc, counter.id, { n: 100 });
      add();
      seen.push(counter.state.n);
    });
    add();
    expect(seen).toEqual([5, 101]);
    expect(counter.state.n).toBe(101);
    expect(updatesOf(() => store.batch(() => [add(), add()]))).toHaveLength(1);
  });

  test('makes transactions with the origin it was attached with', () => {
    const origins: unknown[] = [];
    doc.on('afterTransaction', (transaction: Y.Transaction) => origins.push(transaction.origin));
    const chart = store.create(Chart, { title: 'a', style });
    chart.set({ title: 'b' });
    chart.move({ x: 0, y: 0, w: 1, h: 1 });
    chart.remove();
    expect(origins).toEqual([origin, origin, origin, origin]);
  });
});

describe('what this client does not know', () => {
  test('survives its edits: keys, nested keys, keys of items, types', () => {
    const chart = store.create(Chart, { title: 'a', style, series: [{ id: 'x', points: [] }] });
    setState(doc, chart.id, { future: { a: 1 } });
    const state = stateOf(doc, chart.id);
    (state.get('style') as Y.Map<unknown>).set('glow', 5);
    state.set('bytes', new Uint8Array([1]));
    const list = state.get('series') as Y.Array<unknown>;
    list.delete(0);
    list.push([{ id: 'x', points: [], hidden: true }]);
    widgetsOf(doc).set('odd', 'not a widget');
    expect(chart.status).toEqual({ kind: 'ok' });
    expect(chart.state).not.toHaveProperty('future');
    chart.update((draft) => {
      draft.title = 'b';
      draft.style.width = 2;
      draft.series[0]?.points.push(1);
      draft.series.unshift({ id: 'w', points: [] });
    });
    chart.set({ style: { width: 3, dash: { on: 0, off: 0 } } });
    expect(state.get('future')).toEqual({ a: 1 });
    expect(state.get('bytes')).toEqual(new Uint8Array([1]));
    expect((state.get('style') as Y.Map<unknown>).toJSON()).toEqual({
      width: 3,
      dash: { on: 0, off: 0 },
      glow: 5,
    });
    expect(list.toJSON()).toEqual([
      { id: 'w', points: [] },
      { id: 'x', points: [1], hidden: true },
    ]);
    expect(widgetsOf(doc).get('odd')).toBe('not a widget');
  });

  test('is readable as plain JSON, and can be moved and removed', () => {
    const Other = defineWidget({ type: 'other', version: 7, state: anyState });
    const { id } = store.create(Other, { a: [1, 2] }, { geom: { x: 0, y: 0, w: 1, h: 1 } });
    const stranger = storeOn(doc);
    const seen = stranger.get(id);
    expect(seen).toEqual({
      id,
      type: 'other',
      version: 7,
      geom: { x: 0, y: 0, w: 1, h: 1 },
      state: { a: [1, 2] },
    });
    expect(stranger.get(Chart, id)).toBeUndefined();
    expect(stranger.get('nobody')).toBeUndefined();
    const heard: unknown[] = [];
    const stop = stranger.subscribe(id, (widget) => heard.push(widget?.geom));
    stranger.move(id, { x: 4 });
    expect(stranger.get(id)?.state).toBe(seen?.state);
    expect(stranger.remove(id)).toBe(true);
    expect(stranger.remove(id)).toBe(false);
    stop();
    expect(heard).toEqual([{ x: 4, y: 0, w: 1, h: 1 }, undefined]);
    const chart = stranger.handle(Chart, id);
    store.create(Other, {}, { id });
    expect(chart.status).toEqual({ kind: 'other-type', type: 'other' });
    expect(chart.exists).toBe(false);
    expect(refusal(() => chart.set({ title: 'a' })).message).toContain('is a other now');
  });
});

describe('a stored state that does not fit', () => {
  test('is shown as invalid and reported once; the last that fitted stays, and set repairs it', async () => {
    const chart = store.create(Chart, { title: 'a', style });
    const reports: InvalidWidget[] = [];
    store.onInvalid((report) => reports.push(report));
    const good = chart.state;
    const heard: string[] = [];
    chart.subscribe(({ status }) => heard.push(status.kind));
    setState(doc, chart.id, { title: 5, color: 'blue' });
    expect(chart.state).toBe(good);
    expect(chart.status).toMatchObject({ kind: 'invalid', issues: [{ path: ['title'] }] });
    chart.move({ x: 1, y: 1, w: 1, h: 1 });
    await Promise.resolve();
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      id: chart.id,
      definition: Chart,
      widget: { state: { title: 5 } },
    });
    expect(refusal(() => chart.set({ color: 'red' })).message).toContain('state.title');
    expect(refusal(() => chart.update(() => undefined)).message).toContain('repair it with set()');
    setState(doc, chart.id, { title: 6 });
    await Promise.resolve();
    expect(reports).toHaveLength(2);
    chart.set({ title: 'b' });
    expect(chart.state).toMatchObject({ title: 'b', color: 'blue' });
    expect(heard).toEqual(['invalid', 'invalid', 'ok']);
  });

  test('is undefined to who never saw one that fitted, and no getter throws', () => {
    store.create(
      defineWidget({ type: 'line-chart', version: 1, state: anyState }),
      {},
      { id: 'c' },
    );
    const chart = store.get(Chart, 'c');
    expect(chart?.state).toBeUndefined();
    expect(chart?.status.kind).toBe('invalid');
    const Bad = defineWidget({
      type: 'line-chart',
      version: 2,
      state: anyState,
      migrate: () => {
        throw new Error('cannot');
      },
    });
    expect(store.get(Bad, 'c')?.status).toMatchObject({
      kind: 'invalid',
      issues: [{ message: 'cannot' }],
    });
    expect(refusal(() => store.get(Bad, 'c')?.set({ a: 1 })).message).toContain(
      'cannot be migrated',
    );
  });
});

describe('a widget of another version', () => {
  const state = z.object({ name: z.string(), notes: z.string(), tags: z.array(z.string()) });
  const V1 = defineWidget({
    type: 'card',
    version: 1,
    state: z.object({ title: z.string(), notes: z.string() }),
  });
  const V2 = defineWidget({
    type: 'card',
    version: 2,
    state,
    merge: { notes: 'text', tags: 'list' },
    migrate: ({ title, ...rest }, from) => ({ ...rest, name: title, tags: [`from ${from}`] }),
  });

  test('is read through migrate, and written back with the next edit, in one transaction', () => {
    const old = store.create(V1, { title: 'a', notes: 'n' });
    setState(doc, old.id, { unknown: 1 });
    let card = store.get(V2, old.id);
    const reads = updatesOf(() => {
      expect(card?.status).toEqual({ kind: 'ok' });
      expect(card?.state).toEqual({ name: 'a', notes: 'n', tags: ['from 1'] });
      card?.set({ name: 'a' });
    });
    expect(reads).toEqual([]);
    expect(store.get(old.id)?.version).toBe(1);
    expect(updatesOf(() => card?.update((draft) => void draft.tags.push('mine')))).toHaveLength(1);
    expect(store.get(old.id)).toEqual({
      id: old.id,
      type: 'card',
      version: 2,
      state: { name: 'a', notes: 'n', tags: ['from 1', 'mine'], unknown: 1 },
    });
    card = storeOn(doc).get(V2, old.id);
    expect(card?.state).toEqual({ name: 'a', notes: 'n', tags: ['from 1', 'mine'] });
    expect(card?.text('notes')?.toString()).toBe('n');
    expect(writtenBy(() => card?.set({ name: 'b' }))).toEqual({
      keys: ['name'],
      structs: 1,
      deleted: 1,
    });
  });

  test('is read-only if it is newer, says so, and tells who held it', () => {
    const card = store.create(V1, { title: 'a', notes: '' });
    const heard: unknown[] = [];
    card.subscribe(({ status }) => heard.push(status));
    store.get(V2, card.id)?.set({ name: 'b' });
    expect(heard).toEqual([{ kind: 'newer', version: 2 }]);
    expect(card.state).toEqual({ title: 'a', notes: '' });
    const writes = updatesOf(() => {
      for (const write of [
        () => card.set({ title: 'x' }),
        () => card.update(() => undefined),
        () => card.move({ x: 1, y: 1, w: 1, h: 1 }),
        () => card.remove(),
      ]) {
        expect(refusal(write).message).toContain('is of version 2 and this client knows 1');
      }
    });
    expect(writes).toEqual([]);
  });
});

describe('subscriptions', () => {
  test('are called once a transaction, with a selector only when what it selects changed', () => {
    const chart = store.create(Chart, { title: 'a', style });
    const other = store.create(Chart, { title: 'o', style });
    const heard: unknown[] = [];
    let selected = 0;
    chart.subscribe(({ state }) => heard.push(state.title));
    chart.subscribe(
      ({ style }) => {
        selected += 1;
        return style.width;
      },
      (width, previous) => heard.push([previous, width]),
    );
    const stopped = chart.subscribe(() => heard.push('stopped'));
    stopped();
    expect(selected).toBe(1);
    other.set({ title: 'p' });
    expect(selected).toBe(1);
    expect(heard).toEqual([]);
    store.batch(() => {
      chart.set({ title: 'b' });
      chart.set({ title: 'c' });
    });
    expect(heard).toEqual(['c']);
    chart.update((draft) => {
      draft.style.width = 9;
    });
    expect(heard).toEqual(['c', 'c', [1, 9]]);
    const even: number[] = [];
    chart.subscribe(
      (state) => state.style.width,
      (width) => even.push(width),
      (a, b) => Math.abs(a - b) < 2,
    );
    chart.update((draft) => void draft.style.width++);
    chart.update((draft) => void draft.style.width++);
    expect(even).toEqual([11]);
  });

  test('compute nothing for widgets that did not change, nor for those nobody looks at', () => {
    let read = 0;
    const Counted = defineWidget({
      type: 'counted',
      version: 1,
      state: z.object({ n: z.number() }).refine(() => {
        read += 1;
        return true;
      }),
    });
    const widgets = Array.from({ length: 20 }, (_, n) => store.create(Counted, { n }));
    for (const widget of widgets) widget.subscribe(() => undefined);
    read = 0;
    const other = new Y.Doc();
    exchange(doc, other);
    storeOn(other)
      .handle(Counted, widgets[3]?.id ?? '')
      .set({ n: 99 });
    read = 0;
    exchange(doc, other);
    expect(widgets[3]?.state.n).toBe(99);
    expect(read).toBe(1);
    const unseen = storeOn(doc);
    unseen.list(Counted);
    read = 0;
    widgets[4]?.set({ n: 100 });
    // Once before it is written, once when it is read back, nothing by the store that only lists.
    expect(read).toBe(2);
  });

  test('make the store read only what changed, and nothing of a document it let go of', () => {
    const widgets = [1, 2, 3].map((n) => store.create(Chart, { title: `${n}`, style }));
    for (const widget of widgets) widget.subscribe(() => undefined);
    const reads = vi.spyOn(widgetsOf(doc), 'get');
    const id = widgets[1]?.id ?? '';
    setState(doc, id, { title: 'x' });
    expect(new Set(reads.mock.calls.flat())).toEqual(new Set([id]));
    const fresh = new Y.Doc();
    Y.applyUpdate(fresh, Y.encodeStateAsUpdate(doc));
    store.attach(fresh, origin);
    const readsOfFresh = vi.spyOn(widgetsOf(fresh), 'get');
    setState(doc, id, { title: 'y' });
    expect(readsOfFresh).not.toHaveBeenCalled();
  });

  test('to the list hear of widgets that come and go, and lists are the same until then', () => {
    const lists: string[][] = [];
    store.subscribe(() => lists.push(store.list().map(({ id }) => id)));
    const b = store.create(Chart, { title: 'b', style }, { id: 'b' });
    store.create(defineWidget({ type: 'n', version: 1, state: anyState }), {}, { id: 'a' });
    const [all, charts] = [store.list(), store.list(Chart)];
    expect(all).toEqual([
      { id: 'a', type: 'n' },
      { id: 'b', type: 'line-chart' },
    ]);
    expect(charts).toEqual([b]);
    expect(charts[0]).toBe(b);
    b.set({ title: 'c' });
    expect(store.list()).toBe(all);
    store.remove('a');
    expect(store.list()).not.toBe(all);
    expect(store.list(Chart)).toBe(charts);
    expect(lists).toEqual([['b'], ['a', 'b'], ['b']]);
  });

  test('survive one that throws, whose error is reported as uncaught', async () => {
    const chart = store.create(Chart, { title: 'a', style });
    const uncaught: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => uncaught.push(error.message));
    const heard: string[] = [];
    chart.subscribe(() => {
      throw new Error('of a listener');
    });
    chart.subscribe(({ state }) => heard.push(state.title));
    chart.set({ title: 'b' });
    await new Promise((resolve) => setImmediate(resolve));
    for (const listener of others) process.on('uncaughtException', listener);
    expect(heard).toEqual(['b']);
    expect(uncaught).toEqual(['of a listener']);
  });
});

describe('a handle', () => {
  test('outlives the removal of its widget, and finds it again', () => {
    const undo = new Y.UndoManager(widgetsOf(doc), { trackedOrigins: new Set([origin]) });
    const chart = store.create(Chart, { title: 'a', style });
    undo.stopCapturing();
    const heard: string[] = [];
    chart.subscribe(({ status }) => heard.push(status.kind));
    expect(chart.remove()).toBe(true);
    expect(chart.exists).toBe(false);
    expect(chart.remove()).toBe(false);
    expect(chart.state.title).toBe('a');
    expect(chart.text('notes')).toBeUndefined();
    expect(refusal(() => chart.set({ title: 'b' })).message).toContain('is not on this board');
    undo.undo();
    expect(chart.exists).toBe(true);
    expect(store.handle(Chart, chart.id)).toBe(chart);
    expect(heard).toEqual(['removed', 'ok']);
    undo.destroy();
  });

  test('may wait for a widget that is not here yet', () => {
    const chart = store.handle(Chart, 'later');
    expect(chart.status).toEqual({ kind: 'removed' });
    expect(chart.state).toBeUndefined();
    const titles: unknown[] = [];
    chart.subscribe(
      (state) => state?.title,
      (title) => titles.push(title),
    );
    store.create(Chart, { title: 'here', style }, { id: 'later' });
    expect(titles).toEqual(['here']);
  });

  test('shows another document that takes the place of the first, and its listeners hear it', () => {
    const chart = store.create(Chart, { title: 'a', style }, { id: 'chart' });
    const gone = store.create(Chart, { title: 'gone', style }, { id: 'gone' });
    const before = chart.state;
    const heard: unknown[] = [];
    chart.subscribe(({ state }) => heard.push(state.title));
    gone.subscribe(({ status }) => heard.push(status.kind));
    store.subscribe(() => heard.push(store.list().length));
    const fresh = new Y.Doc();
    storeOn(fresh).create(Chart, { title: 'b', style }, { id: 'chart' });
    store.detach();
    expect(chart.state).toBe(before);
    expect(() => chart.set({ title: 'c' })).toThrow('no document now');
    store.attach(fresh, origin);
    expect(chart.state.title).toBe('b');
    expect(chart.state.style).toBe(before.style);
    expect(heard).toEqual(['b', 'removed', 1]);
    chart.set({ title: 'c' });
    expect(stateOf(fresh, 'chart').get('title')).toBe('c');
    expect(stateOf(doc, 'chart').get('title')).toBe('a');
    setState(doc, 'chart', { title: 'old' });
    expect(chart.state.title).toBe('c');
    store.close();
    expect(chart.state.title).toBe('c');
    expect(store.list()).toHaveLength(1);
    expect(() => store.attach(doc, origin)).toThrow('closed');
  });
});

test('a definition is checked when it is made', () => {
  const state = z.object({ n: z.number() });
  expect(() => defineWidget({ type: '', version: 1, state })).toThrow('type is');
  expect(() => defineWidget({ type: 'a', version: 0, state })).toThrow('version is');
  expect(() => defineWidget({ type: 'a', version: 1, state: {} as typeof state })).toThrow(
    'state is',
  );
  const merge = { n: 'sum' } as unknown as Record<never, never>;
  expect(() => defineWidget({ type: 'a', version: 1, state, merge })).toThrow('merge says');
});
