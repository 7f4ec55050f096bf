import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { TesseraError } from './errors.ts';
import type { JsonObject } from './json.ts';
import { anyJson } from './test-json.ts';
import {
  createWidget,
  type Geom,
  type NewWidget,
  readWidget,
  removeWidget,
  setGeom,
  setState,
  stateOf,
  unsetState,
  widgetsOf,
} from './widget.ts';

const geom: Geom = { x: 1, y: 2, w: 3, h: 4 };
const chart: NewWidget = { id: 'chart', type: 'line', version: 2, geom, state: { color: 'red' } };

let doc: Y.Doc;
beforeEach(() => {
  doc = new Y.Doc();
});

/** What somebody reads who gets the document over the wire. */
function copyOf(source: Y.Doc): Y.Doc {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(source));
  return copy;
}

function exchange(a: Y.Doc, b: Y.Doc): void {
  Y.applyUpdate(b, Y.encodeStateAsUpdate(a));
  Y.applyUpdate(a, Y.encodeStateAsUpdate(b));
}

function updatesDuring(edit: () => void): number {
  let updates = 0;
  const count = () => updates++;
  doc.on('update', count);
  edit();
  doc.off('update', count);
  return updates;
}

const state = fc.dictionary(
  fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'),
  anyJson({ stringUnit: 'grapheme' }),
  { noNullPrototype: true },
) as fc.Arbitrary<JsonObject>;

describe('a widget', () => {
  test('may have maps, whose keys merge one by one, and those of the objects in them', () => {
    const dash = { on: 1, off: 2 };
    createWidget(doc, { ...chart, maps: { style: { width: 1, dash, points: [{ x: 1 }] } } });
    const other = copyOf(doc);
    const style = (of: Y.Doc) => stateOf(of, 'chart').get('style') as Y.Map<Y.Map<unknown>>;
    style(doc).get('dash')?.set('on', 5);
    style(other).get('dash')?.set('off', 6);
    exchange(doc, other);
    expect(readWidget(doc, 'chart')?.state).toEqual({
      color: 'red',
      style: { width: 1, dash: { on: 5, off: 6 }, points: [{ x: 1 }] },
    });
    expect(readWidget(other, 'chart')).toEqual(readWidget(doc, 'chart'));
    expect(() => setState(doc, 'chart', { style: {} })).toThrow('a map: edit it in place');
    const twice = { ...chart, id: 'twice', maps: { color: {} } };
    expect(() => createWidget(doc, twice)).toThrow('only one of');
  });

  test('reads back as it was made, here and across the wire', () => {
    expect(createWidget(doc, chart)).toBe('chart');
    const expected = { id: 'chart', type: 'line', version: 2, geom, state: { color: 'red' } };
    expect(readWidget(doc, 'chart')).toStrictEqual(expected);
    expect(readWidget(copyOf(doc), 'chart')).toStrictEqual(expected);
  });

  test('keeps any JSON as its state, through V1 and V2', () => {
    fc.assert(
      fc.property(state, (value) => {
        const source = new Y.Doc();
        const id = createWidget(source, { type: 'any', version: 1, state: value });
        const restored = new Y.Doc();
        Y.applyUpdateV2(restored, Y.encodeStateAsUpdateV2(source));
        for (const each of [source, copyOf(source), restored]) {
          expect(readWidget(each, id)?.state).toStrictEqual(value);
        }
      }),
    );
  });

  test('keeps large and tiny numbers exactly', () => {
    const numbers = [0, -0, 1e308, -1e-308, 5e-324, 2 ** 53 - 1, -(2 ** 53), 2 ** 31, 0.1, -1.5];
    const id = createWidget(doc, { type: 'any', version: 1, state: { numbers } });
    expect(readWidget(copyOf(doc), id)?.state['numbers']).toStrictEqual(numbers);
  });

  test('without an id it gets one of its own', () => {
    const [a, b] = [1, 2].map(() => createWidget(doc, { type: 'line', version: 1 }));
    expect(a).not.toBe(b);
    expect(readWidget(doc, a ?? '')).toStrictEqual({ id: a, type: 'line', version: 1, state: {} });
  });

  test('a second one of the same id is refused', () => {
    createWidget(doc, chart);
    expect(() => createWidget(doc, chart)).toThrow(/exists already/);
  });

  test.each<[string, Partial<NewWidget>, RegExp]>([
    ['an id that is none', { id: 'a/b' }, /not a widget id/],
    ['the id __proto__', { id: '__proto__' }, /not a widget id/],
    ['no type', { type: '' }, /type of a widget/],
    ['a version of 0', { version: 0 }, /version of a widget/],
    ['half a version', { version: 1.5 }, /version of a widget/],
    ['no height', { geom: { x: 1, y: 1, w: 1 } as unknown as Geom }, /geom needs/],
    ['NaN for x', { geom: { ...geom, x: NaN } }, /geom\.x is NaN/],
    ['NaN in the state', { state: { a: { b: NaN } } }, /state\.a\.b is NaN/],
    ['a key in state and texts', { texts: { color: '' } }, /only one of/],
  ])('%s is refused and leaves the document untouched', (_what, part, message) => {
    const edit = () => createWidget(doc, { ...chart, ...part });
    expect(updatesDuring(() => expect(edit).toThrow(message))).toBe(0);
    expect(edit).toThrow(TesseraError);
  });

  test('later changes to the object that was passed in, or read, do not reach the document', () => {
    const options = { list: [1] };
    createWidget(doc, { ...chart, state: { options } });
    options.list.push(2);
    const read = readWidget(doc, 'chart')?.state.options as { list: number[] };
    read.list.push(3);
    expect(readWidget(doc, 'chart')?.state).toStrictEqual({ options: { list: [1] } });
  });
});

describe('editing', () => {
  beforeEach(() => {
    createWidget(doc, chart);
  });

  test('changes of different keys merge', () => {
    const other = copyOf(doc);
    setState(doc, 'chart', { color: 'blue' });
    setState(other, 'chart', { size: 3 });
    setGeom(other, 'chart', { ...geom, x: 9 });
    exchange(doc, other);
    expect(readWidget(doc, 'chart')).toStrictEqual({
      id: 'chart',
      type: 'line',
      version: 2,
      geom: { ...geom, x: 9 },
      state: { color: 'blue', size: 3 },
    });
    expect(readWidget(other, 'chart')).toStrictEqual(readWidget(doc, 'chart'));
  });

  test('is one transaction with the given origin', () => {
    const origins: unknown[] = [];
    doc.on('update', (_update: Uint8Array, origin: unknown) => origins.push(origin));
    const me = { name: 'me' };
    setState(doc, 'chart', { a: 1, b: [2], c: { d: 3 } }, me);
    setGeom(doc, 'chart', { ...geom, w: 8 }, me);
    unsetState(doc, 'chart', ['a', 'b', 'never there'], me);
    createWidget(doc, { ...chart, id: 'second' }, me);
    removeWidget(doc, 'second', me);
    expect(origins).toEqual([me, me, me, me, me]);
    expect(readWidget(doc, 'chart')?.state).toStrictEqual({ color: 'red', c: { d: 3 } });
  });

  test('what is already so is not written', () => {
    setState(doc, 'chart', { options: { a: [1, { b: null }] } });
    const edit = () => {
      setState(doc, 'chart', { color: 'red', options: { a: [1, { b: null }] } });
      setGeom(doc, 'chart', { ...geom });
    };
    expect(updatesDuring(edit)).toBe(0);
  });

  test('null is a value and is not the same as nothing', () => {
    setState(doc, 'chart', { empty: null });
    expect(readWidget(doc, 'chart')?.state).toStrictEqual({ color: 'red', empty: null });
  });

  test('a bad value among good ones changes nothing', () => {
    const edit = () => setState(doc, 'chart', { a: 1, b: undefined as never });
    expect(updatesDuring(() => expect(edit).toThrow(/state\.b is undefined/))).toBe(0);
    expect(() => setState(doc, 'chart', JSON.parse('{"__proto__":1}'))).toThrow(/not safe/);
  });

  test('a text is not overwritten by a value', () => {
    createWidget(doc, { ...chart, id: 'note', texts: { body: 'dear all' } });
    expect(() => setState(doc, 'note', { body: 'x' })).toThrow(/edit it in place/);
    expect(readWidget(doc, 'note')?.state).toStrictEqual({ color: 'red', body: 'dear all' });
  });

  test('a widget that is not there is named', () => {
    for (const edit of [
      () => setState(doc, 'gone', { a: 1 }),
      () => unsetState(doc, 'gone', ['a']),
      () => setGeom(doc, 'gone', geom),
    ]) {
      expect(edit).toThrow('there is no widget "gone" on this board');
    }
    expect(removeWidget(doc, 'gone')).toBe(false);
  });

  test('a removed widget is gone, with what others did to it meanwhile, and its id is free', () => {
    const other = copyOf(doc);
    expect(removeWidget(doc, 'chart')).toBe(true);
    setState(other, 'chart', { color: 'blue' });
    exchange(doc, other);
    expect(readWidget(doc, 'chart')).toBeUndefined();
    expect(readWidget(other, 'chart')).toBeUndefined();
    createWidget(doc, chart);
    expect(readWidget(doc, 'chart')?.state).toStrictEqual({ color: 'red' });
  });
});

describe('what other versions and other programs wrote', () => {
  test('unknown keys and types of widgets survive edits of an older version', () => {
    createWidget(doc, { ...chart, type: 'hologram-of-2031' });
    const map = widgetsOf(doc).get('chart') as Y.Map<unknown>;
    map.set('lockedBy', { actor: 'ada' });
    stateOf(doc, 'chart').set('depth', new Y.Map([['z', 1]]));
    const older = copyOf(doc);
    setState(older, 'chart', { color: 'blue' });
    setGeom(older, 'chart', { ...geom, x: 7 });
    exchange(doc, older);
    expect(map.get('lockedBy')).toEqual({ actor: 'ada' });
    expect(readWidget(doc, 'chart')).toMatchObject({
      type: 'hologram-of-2031',
      state: { color: 'blue', depth: { z: 1 } },
    });
  });

  test('what is no widget is not read as one, and stays', () => {
    widgetsOf(doc).set('number', 7);
    widgetsOf(doc).set('typeless', new Y.Map([['version', 1]]));
    widgetsOf(doc).set(
      'stateless',
      new Y.Map<unknown>([
        ['type', 't'],
        ['version', 1],
        ['geom', 3],
      ]),
    );
    expect(readWidget(doc, 'number')).toBeUndefined();
    expect(readWidget(doc, 'typeless')).toBeUndefined();
    expect(readWidget(doc, 'stateless')).toStrictEqual({
      id: 'stateless',
      type: 't',
      version: 1,
      state: {},
    });
    expect(() => setState(doc, 'stateless', { a: 1 })).toThrow(/has no state/);
    expect(widgetsOf(doc).get('number')).toBe(7);
  });

  test('values that are no JSON are left out', () => {
    createWidget(doc, chart);
    stateOf(doc, 'chart').set('bytes', new Uint8Array([1]));
    stateOf(doc, 'chart').set('big', 1n);
    stateOf(doc, 'chart').set('page', new Y.XmlFragment());
    expect(readWidget(copyOf(doc), 'chart')?.state).toStrictEqual({ color: 'red', page: '' });
  });
});

test('of two widgets made with one id at the same time one is kept whole, the same for all', () => {
  const other = new Y.Doc();
  createWidget(doc, { ...chart, state: { by: 'a', a: 1 } });
  createWidget(other, { ...chart, state: { by: 'b', b: 1 } });
  setState(doc, 'chart', { later: 'a' });
  setState(other, 'chart', { later: 'b' });
  exchange(doc, other);
  const kept = readWidget(doc, 'chart')?.state;
  expect(readWidget(other, 'chart')?.state).toStrictEqual(kept);
  expect([
    { by: 'a', a: 1, later: 'a' },
    { by: 'b', b: 1, later: 'b' },
  ]).toContainEqual(kept);
});
