import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { readBoard, setTitle } from './board.ts';
import { applyFiltered, forge, forgedRuns, forgedUpdate } from './test-update.ts';
import { decodeUpdate, isComplete } from './update.ts';
import { filterUpdate, type UpdateRules } from './update-filter.ts';
import type { Place } from './update-places.ts';
import { createWidget, removeWidget, setState, stateOf, widgetsOf } from './widget.ts';

const ADA = 100;
const MALLORY = 666;
/** Her next session. */
const LATER = 667;

const rules: UpdateRules = {
  mayWrite: (place) => 'widget' in place && place.widget.startsWith('open'),
  isOwn: (client) => client === MALLORY || client === LATER,
};
/** Client ids say nothing about who sent an update. */
const allOwn: UpdateRules = { ...rules, isOwn: () => true };

/** A board by Ada: a widget that Mallory may write, one she may not, a title, and something else. */
function makeBoard(): Y.Doc {
  const doc = docOf(ADA);
  for (const id of ['open', 'shut']) {
    createWidget(doc, {
      id,
      type: 't',
      version: 1,
      geom: { x: 0, y: 0, w: 1, h: 1 },
      state: { key: 'value' },
      texts: { text: 'one😀two' },
      lists: { list: [1, 2, 3] },
      maps: { map: { in: 1 } },
    });
  }
  setTitle(doc, 'title');
  doc.getMap('else').set('key', 1);
  return doc;
}

function docOf(clientId: number): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = clientId;
  return doc;
}

/** A shared type in the state of a widget. */
function shared(doc: Y.Doc, id: string, key: string): Y.AbstractType<unknown> {
  const type = stateOf(doc, id).get(key);
  if (type instanceof Y.AbstractType) return type;
  throw new Error(`${key} of ${id} is not shared`);
}

/** The id of the item that holds the type. */
function idOf(type: Pick<Y.AbstractType<unknown>, '_item'>): Y.ID {
  if (type._item === null) throw new Error('a root type has no id');
  return type._item.id;
}

/** The id of a letter of the text `one😀two`: at 3 and 4 are the halves of the emoji. */
function letter(doc: Y.Doc, widget: string, at: number): Y.ID {
  const start = shared(doc, widget, 'text')._start;
  if (start === null) throw new Error('the text is empty');
  return Y.createID(start.id.client, start.id.clock + at);
}

function entry(doc: Y.Doc, key: string): Y.ID {
  const item = widgetsOf(doc)._map.get(key);
  if (item === undefined) throw new Error(`no ${key}`);
  return item.id;
}

function forbiddenIn(doc: Y.Doc): unknown {
  const { title, widgets } = readBoard(doc);
  const { open: _, ...others } = widgets;
  return { title, others, else: doc.getMap('else').toJSON(), roots: [...doc.share.keys()].sort() };
}

/**
 * Applies an attack, and finds that nothing is different where Mallory may not write, nothing waits,
 * another copy is the same, and that both she and Ada can go on editing.
 */
function expectHarmless(doc: Y.Doc, attack: Uint8Array, by = rules) {
  const before = forbiddenIn(doc);
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  doc.on('update', (update: Uint8Array) => Y.applyUpdate(copy, update));
  const refused = applyFiltered(doc, attack, by);
  expect(forbiddenIn(doc)).toEqual(before);
  expect(doc.store.pendingStructs).toBeNull();
  expect(doc.store.pendingDs).toBeNull();
  const mallory = docOf(LATER);
  Y.applyUpdate(mallory, Y.encodeStateAsUpdate(doc));
  setState(mallory, 'open', { later: true });
  expect(
    applyFiltered(doc, Y.encodeStateAsUpdate(mallory, Y.encodeStateVector(doc)), rules),
  ).toBeUndefined();
  expect(stateOf(doc, 'open').get('later')).toBe(true);
  setState(doc, 'shut', { later: 'of Ada' });
  expect(readBoard(copy)).toEqual(readBoard(doc));
  return refused;
}

const id = Y.createID;
const any = (...values: unknown[]) => new Y.ContentAny(values);

describe('an honest update', () => {
  it('comes back as the very same bytes', () => {
    const doc = makeBoard();
    const mallory = docOf(MALLORY);
    Y.applyUpdate(mallory, Y.encodeStateAsUpdate(doc));
    const before = Y.encodeStateVector(mallory);
    mallory.transact(() => {
      setState(mallory, 'open', { key: 'new', other: [1, { deep: true }] });
      const text = shared(mallory, 'open', 'text') as Y.Text;
      text.insert(1, 'xyz');
      text.delete(0, 1);
      createWidget(mallory, { id: 'open-2', type: 't', version: 1 });
    });
    const bytes = Y.encodeStateAsUpdate(mallory, before);
    const filtered = filterUpdate(decodeUpdate(bytes), bytes, doc, rules);
    expect(filtered.bytes).toBe(bytes);
    expect(filtered.refused).toBeUndefined();
  });

  it('is not decoded twice, unless something was taken out of it', () => {
    const doc = makeBoard();
    const mallory = docOf(MALLORY);
    Y.applyUpdate(mallory, Y.encodeStateAsUpdate(doc));
    const before = Y.encodeStateVector(mallory);
    const filtered = () => {
      const bytes = Y.encodeStateAsUpdate(mallory, before);
      const update = decodeUpdate(bytes);
      return { update, ...filterUpdate(update, bytes, doc, rules) };
    };
    setState(mallory, 'open', { key: 'new' });
    const whole = filtered();
    expect(whole.decoded).toBe(whole.update);
    setState(mallory, 'shut', { new: 1 });
    const part = filtered();
    expect(part.decoded).toEqual(Y.decodeUpdate(part.bytes));
    expect(part.decoded.structs.at(-1)).toBeInstanceOf(Y.GC);
  });

  it('tells of how many widgets it sets the entry, and counts nothing that is inside of them', () => {
    const doc = makeBoard();
    const author = docOf(MALLORY);
    Y.applyUpdate(author, Y.encodeStateAsUpdate(doc));
    const entriesOf = (change: () => void) => {
      const before = Y.encodeStateVector(author);
      change();
      const bytes = Y.encodeStateAsUpdate(author, before);
      const all = { mayWrite: () => true, isOwn: () => true };
      const { entries } = filterUpdate(decodeUpdate(bytes), bytes, doc, all);
      Y.applyUpdate(doc, bytes);
      return entries;
    };
    const inside = () => {
      for (let n = 0; n < 50; n++) {
        setState(author, 'open', { key: n, [`key-${n}`]: {} });
        (shared(author, 'open', 'text') as Y.Text).insert(n % 3, 'x');
      }
      setTitle(author, 'new');
    };
    expect(entriesOf(inside)).toBe(0);
    const create = () => {
      for (const id of ['a', 'b']) createWidget(author, { id, type: 't', version: 1 });
    };
    expect(entriesOf(create)).toBe(2);
    expect(entriesOf(() => author.getMap('widgets').delete('a'))).toBe(0);
    // The new value of the key leans on the one that was deleted.
    expect(entriesOf(() => createWidget(author, { id: 'a', type: 't', version: 1 }))).toBe(1);
    expect(entriesOf(() => author.getMap('widgets').set('no id of a widget!', 1))).toBe(1);
  });

  it('says what was taken out of it, and nothing when it is sent again', () => {
    const doc = makeBoard();
    const mallory = docOf(MALLORY);
    Y.applyUpdate(mallory, Y.encodeStateAsUpdate(doc));
    const before = Y.encodeStateVector(mallory);
    mallory.transact(() => {
      setState(mallory, 'open', { key: 'new' });
      setState(mallory, 'shut', { new: 1 });
      setTitle(mallory, 'new');
      mallory.getMap('else').set('new', 1);
    });
    const bytes = Y.encodeStateAsUpdate(mallory, before);
    const refused = expectHarmless(doc, bytes);
    // The old title is deleted as well, by a range.
    expect(refused).toEqual({ widgets: ['shut'], roots: ['board', 'else'], parts: 4, own: true });
    expect(stateOf(doc, 'open').get('key')).toBe('new');
    expect(applyFiltered(doc, bytes, rules)).toMatchObject({ roots: ['board'], parts: 1 });
  });

  it('is encoded anew without a loss, whatever it contains', () => {
    const doc = makeBoard();
    const mallory = docOf(MALLORY);
    Y.applyUpdate(mallory, Y.encodeStateAsUpdate(doc));
    const before = Y.encodeStateVector(mallory);
    mallory.transact(() => {
      const state = stateOf(mallory, 'open');
      state.set('bytes', new Uint8Array([1, 2]));
      state.set('big', 2n ** 40n);
      const text = new Y.Text('plain');
      state.set('rich', text);
      text.applyDelta([{ retain: 2 }, { insert: 'bold', attributes: { bold: true } }]);
      text.insertEmbed(0, { image: 'x' });
      const element = new Y.XmlElement('p');
      element.setAttribute('class', 'c');
      element.insert(0, [new Y.XmlText('in')]);
      const fragment = new Y.XmlFragment();
      state.set('xml', fragment);
      fragment.insert(0, [element]);
      state.set('doc', new Y.Doc({ guid: 'inner' }));
      setState(mallory, 'shut', { new: 1 });
    });
    const bytes = Y.encodeStateAsUpdate(mallory, before);
    expect(expectHarmless(doc, bytes)?.widgets).toEqual(['shut']);
    const [there, here] = [stateOf(mallory, 'open'), stateOf(doc, 'open')];
    for (const key of ['bytes', 'big']) expect(here.get(key)).toEqual(there.get(key));
    expect((here.get('rich') as Y.Text).toDelta()).toEqual((there.get('rich') as Y.Text).toDelta());
    expect(String(here.get('xml'))).toBe('<p class="c">in</p>');
    expect((here.get('doc') as Y.Doc).guid).toBe('inner');
  });
});

describe('an item that says by itself where it is', () => {
  it.each<[string, (doc: Y.Doc) => Parameters<typeof forge>[0], Place | 'nowhere']>([
    [
      'in a root type',
      () => ({ id: [MALLORY, 0], parent: 'board', key: 'title' }),
      { root: 'board' },
    ],
    ['in a new root type', () => ({ id: [MALLORY, 0], parent: 'mine' }), { root: 'mine' }],
    [
      'in place of a widget',
      () => ({ id: [MALLORY, 0], parent: 'widgets', key: 'shut' }),
      { widget: 'shut' },
    ],
    [
      'in place of a widget, and deleted at once',
      () => ({
        id: [MALLORY, 0],
        parent: 'widgets',
        key: 'shut',
        content: new Y.ContentDeleted(1),
      }),
      { widget: 'shut' },
    ],
    [
      'a new widget',
      () => ({ id: [MALLORY, 0], parent: 'widgets', key: 'new' }),
      { widget: 'new' },
    ],
    [
      'in a list that widgets is not',
      () => ({ id: [MALLORY, 0], parent: 'widgets' }),
      { root: 'widgets' },
    ],
    [
      'under a key that is no widget id',
      () => ({ id: [MALLORY, 0], parent: 'widgets', key: 'open/..' }),
      { root: 'widgets' },
    ],
    [
      'in a widget',
      (doc) => ({ id: [MALLORY, 0], parent: entry(doc, 'shut'), key: 'type', content: any('x') }),
      { widget: 'shut' },
    ],
    [
      'deep in a widget',
      (doc) => ({ id: [MALLORY, 0], parent: idOf(shared(doc, 'shut', 'map')), key: 'in' }),
      { widget: 'shut' },
    ],
    [
      'in what is no container',
      (doc) => ({ id: [MALLORY, 0], parent: letter(doc, 'shut', 1) }),
      { widget: 'shut' },
    ],
  ])('%s is refused', (_, item, place) => {
    const doc = makeBoard();
    const refused = expectHarmless(doc, forgedUpdate([forge(item(doc))]));
    expect([refused?.widgets, refused?.roots]).toEqual(
      typeof place === 'object' && 'widget' in place
        ? [[place.widget], []]
        : [[], [Object.values(place)[0]]],
    );
    expect(doc.share.has('mine')).toBe(false);
  });

  it.each([undefined, 'key'])(
    'in what is no container of an open widget is garbage (%s)',
    (key) => {
      const doc = makeBoard();
      const parent = letter(doc, 'open', 1);
      expectHarmless(doc, forgedUpdate([forge({ id: [MALLORY, 0], parent, ...(key && { key }) })]));
      expect(doc.store.clients.get(MALLORY)?.[0]).toBeInstanceOf(Y.GC);
    },
  );
});

describe('an item with neighbours', () => {
  it.each<[string, (doc: Y.Doc) => { origin?: Y.ID; rightOrigin?: Y.ID }]>([
    ['to the right', (doc) => ({ origin: letter(doc, 'shut', 2) })],
    ['to the left', (doc) => ({ rightOrigin: letter(doc, 'shut', 0) })],
    ['between', (doc) => ({ origin: letter(doc, 'shut', 0), rightOrigin: letter(doc, 'shut', 1) })],
    [
      'in an open one and in',
      (doc) => ({ origin: letter(doc, 'open', 0), rightOrigin: letter(doc, 'shut', 1) }),
    ],
    ['inside an emoji', (doc) => ({ origin: letter(doc, 'shut', 3) })],
    ['left of the half of an emoji', (doc) => ({ rightOrigin: letter(doc, 'shut', 4) })],
    [
      'in an open one and beside half an emoji',
      (doc) => ({ origin: letter(doc, 'open', 0), rightOrigin: letter(doc, 'shut', 4) }),
    ],
    ['as the value of', (doc) => ({ origin: entry(doc, 'shut') })],
    [
      'as the value of an open one beside',
      (doc) => ({ origin: entry(doc, 'open'), rightOrigin: entry(doc, 'shut') }),
    ],
  ])('%s a forbidden widget is refused', (_, neighbours) => {
    const doc = makeBoard();
    const attack = forgedUpdate([forge({ id: [MALLORY, 0], ...neighbours(doc) })]);
    expect(expectHarmless(doc, attack)?.widgets).toEqual(['shut']);
  });

  it('in two sequences of an open widget is refused, as copies would part over it', () => {
    const doc = makeBoard();
    const origin = letter(doc, 'open', 0);
    const list = shared(doc, 'open', 'list');
    const rightOrigin = list._start?.id ?? idOf(list);
    for (const [clock, right] of [rightOrigin, idOf(list)].entries()) {
      const attack = forge({ id: [MALLORY, clock], origin, rightOrigin: right, content: any(1) });
      expect(expectHarmless(doc, forgedUpdate([attack]))?.widgets).toEqual(['open']);
    }
    const behind = [
      forge({ id: [7, 0], origin }),
      forge({ id: [MALLORY, 2], origin: id(7, 5), rightOrigin }),
    ];
    expect(expectHarmless(doc, forgedUpdate(behind), allOwn)?.widgets).toEqual(['open']);
    const ofRoots = [
      forge({ id: [8, 0], parent: 'widgets', key: 'open-8', content: any(1) }),
      forge({ id: [9, 0], parent: 'widgets', key: 'open-9', content: any(1) }),
      forge({ id: [10, 0], origin: id(8, 0), rightOrigin: id(9, 0), content: any(1) }),
    ];
    expect(expectHarmless(doc, forgedUpdate(ofRoots), allOwn)).toMatchObject({ parts: 1 });
    expect(String(shared(doc, 'open', 'text'))).toBe('oforgedne😀two');
  });
});

describe('neighbours the wrong way round', () => {
  it.each<[string, (doc: Y.Doc) => { origin: Y.ID; rightOrigin: Y.ID }]>([
    [
      'in one item',
      (doc) => ({ origin: letter(doc, 'open', 2), rightOrigin: letter(doc, 'open', 0) }),
    ],
    [
      'in two items',
      (doc) => {
        const neighbours = { origin: letter(doc, 'open', 2), rightOrigin: letter(doc, 'open', 0) };
        (shared(doc, 'open', 'text') as Y.Text).insert(1, 'between');
        return neighbours;
      },
    ],
    [
      'that are the same',
      (doc) => ({ origin: letter(doc, 'open', 1), rightOrigin: letter(doc, 'open', 1) }),
    ],
  ])('%s count without the right one, as copies would part over it', (_, neighbours) => {
    const doc = makeBoard();
    const { origin, rightOrigin } = neighbours(doc);
    const attack = forge({ id: [MALLORY, 0], origin, rightOrigin });
    expect(expectHarmless(doc, forgedUpdate([attack]))).toBeUndefined();
    const taken = doc.store.clients.get(MALLORY)?.[0];
    expect(taken).toMatchObject({ origin, rightOrigin: null, deleted: false });
    expect(String(shared(doc, 'open', 'text'))).toContain('forged');
  });

  it('count without it also in what the update brings itself', () => {
    const doc = makeBoard();
    const text = idOf(shared(doc, 'open', 'text'));
    const attack = forgedUpdate([
      forge({ id: [MALLORY, 0], parent: text, content: new Y.ContentString('abc') }),
      forge({ id: [MALLORY, 3], origin: id(MALLORY, 2), rightOrigin: id(MALLORY, 0) }),
    ]);
    expect(expectHarmless(doc, attack)).toBeUndefined();
    expect(String(shared(doc, 'open', 'text'))).toContain('abcforged');
  });

  it('come of an undo: what was on both sides is the same copy then', () => {
    const doc = makeBoard();
    const mallory = docOf(MALLORY);
    Y.applyUpdate(mallory, Y.encodeStateAsUpdate(doc));
    const state = stateOf(mallory, 'open');
    const listOf = (copy: Y.Doc) => shared(copy, 'open', 'list') as Y.Array<unknown>;
    const undo = new Y.UndoManager(state, { captureTimeout: 0 });
    listOf(mallory).delete(0, 3);
    undo.undo();
    const between = new Uint8Array(1);
    listOf(mallory).insert(3, [between]);
    state.delete('list');
    const before = Y.encodeStateVector(mallory);
    undo.undo();
    const redone = decodeUpdate(Y.encodeStateAsUpdate(mallory, before)).structs;
    const isReversed = ({ origin, rightOrigin }: Y.Item) =>
      origin !== null && rightOrigin !== null && rightOrigin.clock <= origin.clock;
    expect(redone.some((struct) => struct instanceof Y.Item && isReversed(struct))).toBe(true);
    const edit = Y.encodeStateAsUpdate(mallory, Y.encodeStateVector(doc));
    expect(expectHarmless(doc, edit)).toBeUndefined();
    expect(listOf(doc).toArray()).toEqual([1, 2, 3, between]);
    expect(listOf(doc).toArray()).toEqual(listOf(mallory).toArray());
    undo.destroy();
  });

  it('may have something between them: others write there at the same time', () => {
    const doc = makeBoard();
    const [origin, rightOrigin] = [letter(doc, 'open', 0), letter(doc, 'open', 1)];
    (shared(doc, 'open', 'text') as Y.Text).insert(1, 'meanwhile ');
    const edit = forgedUpdate([forge({ id: [MALLORY, 0], origin, rightOrigin })]);
    expect(expectHarmless(doc, edit)).toBeUndefined();
    expect(String(shared(doc, 'open', 'text'))).toMatch(/^o(meanwhile forged|forgedmeanwhile )/);
  });
});

describe('a key of a map', () => {
  it('has no value to the right of a new one, or copies would part over which one counts', () => {
    const doc = makeBoard();
    const rightOrigin = entry(doc, 'open');
    const attack = forgedUpdate([forge({ id: [MALLORY, 0], rightOrigin, content: any(1) })]);
    expect(expectHarmless(doc, attack)?.widgets).toEqual(['open']);
  });

  it('takes of several values the last: Yjs could not clean up what is left of a split item', () => {
    const doc = makeBoard();
    const parent = idOf(shared(doc, 'open', 'map'));
    const structs = [
      forge({ id: [MALLORY, 0], parent, key: 'x', content: any(1, 2) }),
      forge({ id: [MALLORY, 2], origin: id(MALLORY, 0), content: any(3) }),
    ];
    expect(expectHarmless(doc, forgedUpdate(structs))).toBeUndefined();
    removeWidget(doc, 'open');
    expect(widgetsOf(doc).has('open')).toBe(false);
  });

  it('has no text, of which a part could be split off', () => {
    const doc = makeBoard();
    const parent = idOf(shared(doc, 'open', 'map'));
    const attack = forgedUpdate([forge({ id: [MALLORY, 0], parent, key: 'x' })]);
    expect(expectHarmless(doc, attack)?.widgets).toEqual(['open']);
  });

  it('may be given back several values as one, by an undo that has kept them', () => {
    const doc = makeBoard();
    const mallory = docOf(MALLORY);
    Y.applyUpdate(mallory, Y.encodeStateAsUpdate(doc));
    const state = stateOf(mallory, 'open');
    const me = new Set(['me']);
    const undo = new Y.UndoManager(state, { trackedOrigins: me, captureTimeout: 1e9 });
    for (const value of [1, 2]) {
      state.set('new', value);
      mallory.transact(() => state.delete('new'), 'me');
    }
    const edits: Uint8Array[] = [Y.encodeStateAsUpdate(mallory, Y.encodeStateVector(doc))];
    mallory.on('update', (update: Uint8Array) => edits.push(update));
    undo.undo();
    const restored = decodeUpdate(edits[1] ?? new Uint8Array());
    expect(restored.structs).toMatchObject([{ length: 2, content: { arr: [1, 2] } }]);
    expect(restored.ds.clients.size).toBe(0);
    for (const edit of edits) expect(expectHarmless(doc, edit)).toBeUndefined();
    expect(stateOf(doc, 'open').get('new')).toBe(2);
    // Yjs alone would fail here.
    const clock = Y.getState(mallory.store, MALLORY) - 1;
    applyFiltered(doc, forgedUpdate([], { [MALLORY]: [{ clock, len: 1 }] }), rules);
    expect(stateOf(doc, 'open').has('new')).toBe(false);
    removeWidget(doc, 'open');
    expect(widgetsOf(doc).has('open')).toBe(false);
    undo.destroy();
  });

  it('may be sent overwritten values as one, which an undo has kept', () => {
    const doc = makeBoard();
    const mallory = docOf(MALLORY);
    Y.applyUpdate(mallory, Y.encodeStateAsUpdate(doc));
    const undo = new Y.UndoManager(widgetsOf(mallory));
    for (const value of [1, 2, 3, 4]) setState(mallory, 'open', { key: value });
    const edit = Y.encodeStateAsUpdate(mallory, Y.encodeStateVector(doc));
    expect(decodeUpdate(edit).structs.some(({ length }) => length > 1)).toBe(true);
    expect(expectHarmless(doc, edit)).toBeUndefined();
    expect(stateOf(doc, 'open').get('key')).toBe(4);
    undo.destroy();
  });
});

describe('what was collected as garbage', () => {
  it('makes garbage of what was written beside it, which is no offence', () => {
    const doc = makeBoard();
    const mallory = docOf(MALLORY);
    Y.applyUpdate(mallory, Y.encodeStateAsUpdate(doc));
    const update = Y.encodeStateVector(mallory);
    (shared(mallory, 'open', 'text') as Y.Text).insert(1, 'typed meanwhile');
    stateOf(doc, 'open').delete('text');
    expect(expectHarmless(doc, Y.encodeStateAsUpdate(mallory, update))).toBeUndefined();
  });
});

describe('structs that are there already', () => {
  it('in part cannot put several values behind the one of a key', () => {
    const doc = makeBoard();
    const [text, map] = [shared(doc, 'open', 'text'), shared(doc, 'open', 'map')];
    const there = [
      forge({ id: [MALLORY, 0], parent: idOf(text), content: new Y.ContentString('a') }),
      forge({ id: [MALLORY, 1], parent: idOf(map), key: 'x', content: any(1) }),
    ];
    expect(expectHarmless(doc, forgedUpdate(there))).toBeUndefined();
    const content = new Y.ContentString('abcd');
    const attack = forgedUpdate([forge({ id: [MALLORY, 0], parent: idOf(text), content })]);
    expect(expectHarmless(doc, attack)?.widgets).toEqual(['open']);
  });

  it('do not make Yjs split the neighbours they name', () => {
    const doc = makeBoard();
    Y.applyUpdate(doc, forgedUpdate([forge({ id: [7, 0], parent: 'else', key: 'seven' })]));
    const attack = forgedUpdate([forge({ id: [7, 0], origin: letter(doc, 'shut', 3) })]);
    expect(expectHarmless(doc, attack)).toBeUndefined();
  });

  it('do not make root types', () => {
    const doc = makeBoard();
    expectHarmless(doc, forgedUpdate([forge({ id: [ADA, 0], parent: 'mine' })]));
    expect(doc.share.has('mine')).toBe(false);
  });

  it.each([rules, allOwn])('in part cannot put the rest behind that part', (by) => {
    const doc = makeBoard();
    // The last thing Ada wrote is in the forbidden text.
    (shared(doc, 'shut', 'text') as Y.Text).insert(8, 'abc');
    const clock = Y.getState(doc.store, ADA) - 3;
    const parent = idOf(shared(doc, 'open', 'text'));
    const content = new Y.ContentString('abcdefg');
    const attack = forgedUpdate([forge({ id: [ADA, clock], parent, content })]);
    expect(expectHarmless(doc, attack, by)?.widgets).toEqual(['shut']);
  });

  it('in part are merged as they should be in an open widget', () => {
    const doc = makeBoard();
    const mallory = docOf(MALLORY);
    Y.applyUpdate(mallory, Y.encodeStateAsUpdate(doc));
    const text = shared(mallory, 'open', 'text') as Y.Text;
    text.insert(0, 'ab');
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(mallory, Y.encodeStateVector(doc)));
    text.insert(2, 'cd');
    const whole = Y.encodeStateAsUpdate(mallory, Y.encodeStateVector(makeBoard()));
    expect(expectHarmless(doc, whole)).toBeUndefined();
    expect(String(shared(doc, 'open', 'text'))).toBe('abcdone😀two');
  });

  it('in part are not counted in a container they are not put into', () => {
    const doc = makeBoard();
    const [text, list] = [
      shared(doc, 'open', 'text'),
      shared(doc, 'open', 'list') as Y.Array<unknown>,
    ];
    const first = forge({
      id: [MALLORY, 0],
      parent: idOf(text),
      content: new Y.ContentString('ab'),
    });
    applyFiltered(doc, forgedUpdate([first]), rules);
    const content = new Y.ContentString('abcd');
    expectHarmless(doc, forgedUpdate([forge({ id: [MALLORY, 0], parent: idOf(list), content })]));
    expect(String(text)).toContain('abcd');
    expect(list).toHaveLength(3);
  });

  it('in part, as garbage, do not stop Yjs', () => {
    const doc = makeBoard();
    applyFiltered(doc, forgedUpdate([forge({ id: [MALLORY, 0], parent: 'mine' })]), rules);
    const content = new Y.ContentString('forged and more');
    const parent = idOf(shared(doc, 'open', 'text'));
    expectHarmless(doc, forgedUpdate([forge({ id: [MALLORY, 0], parent, content })]));
  });
});

describe('deletions', () => {
  it('of everything delete what may be deleted', () => {
    const doc = makeBoard();
    const len = Y.getState(doc.store, ADA);
    const before = forbiddenIn(doc);
    expect(applyFiltered(doc, forgedUpdate([], { [ADA]: [{ clock: 0, len }] }), rules)).toEqual({
      widgets: ['shut'],
      roots: ['board', 'else'],
      parts: expect.any(Number),
      own: true,
    });
    expect(forbiddenIn(doc)).toEqual(before);
    expect(widgetsOf(doc).has('open')).toBe(false);
  });

  it.each([
    ['a letter', 1, 1],
    ['half an emoji', 3, 1],
    ['a part that ends inside an emoji', 0, 4],
  ])('of %s are refused', (_, at, len) => {
    const doc = makeBoard();
    const { clock } = letter(doc, 'shut', at);
    const refused = expectHarmless(doc, forgedUpdate([], { [ADA]: [{ clock, len }] }));
    expect(refused?.widgets).toEqual(['shut']);
  });

  it('that come twice, unordered and overlapping are each looked at', () => {
    const doc = makeBoard();
    const [open, shut] = [letter(doc, 'open', 0), letter(doc, 'shut', 0)];
    const ranges = [
      { clock: shut.clock, len: 2 },
      { clock: open.clock, len: 1 },
      { clock: shut.clock, len: 8 },
      { clock: open.clock, len: 2 },
    ];
    expectHarmless(doc, forgedUpdate([], { [ADA]: ranges }));
    expect(String(shared(doc, 'open', 'text'))).toBe('e😀two');
  });

  it('of what is deleted already are not refused, whoever may not do it', () => {
    const doc = makeBoard();
    const { clock } = letter(doc, 'shut', 0);
    (shared(doc, 'shut', 'text') as Y.Text).delete(0, 2);
    const again = forgedUpdate([], { [ADA]: [{ clock, len: 2 }] });
    const filtered = filterUpdate(decodeUpdate(again), again, doc, rules);
    expect(filtered).toMatchObject({ bytes: again, refused: undefined });
  });

  it('of what comes with them follow its fate', () => {
    const doc = makeBoard();
    const structs = [
      forge({ id: [MALLORY, 0], parent: entry(doc, 'shut'), key: 'x' }),
      forge({ id: [MALLORY, 6], parent: idOf(shared(doc, 'open', 'list')), content: any(7, 8) }),
    ];
    const attack = forgedUpdate(structs, { [MALLORY]: [{ clock: 0, len: 7 }] });
    expect(expectHarmless(doc, attack)?.widgets).toEqual(['shut']);
    expect(stateOf(doc, 'open').toJSON()['list']).toContain(8);
    expect(stateOf(doc, 'open').toJSON()['list']).not.toContain(7);
  });

  it('of what is not there yet are not complete, and never wait in the document', () => {
    const doc = makeBoard();
    const clock = Y.getState(doc.store, ADA);
    const update = decodeUpdate(forgedUpdate([], { [ADA]: [{ clock, len: 1 }] }));
    expect(isComplete(update, doc)).toBe(false);
  });
});

describe('structs in one update that lean on each other', () => {
  it('are refused with what they lean on, in any order of clients', () => {
    for (const other of [1, 9999]) {
      const doc = makeBoard();
      const container = new Y.ContentType(new Y.Map());
      const attack = forgedUpdate([
        forge({ id: [MALLORY, 0], parent: id(other, 0), key: 'x' }),
        forge({ id: [other, 0], parent: entry(doc, 'shut'), key: 'z', content: container }),
      ]);
      expect(expectHarmless(doc, attack, allOwn)).toMatchObject({ widgets: ['shut'], parts: 2 });
    }
  });

  it('are refused when they go round in a circle', () => {
    const doc = makeBoard();
    const attack = forgedUpdate([
      forge({ id: [MALLORY, 0], origin: id(7, 0), content: any(1) }),
      forge({ id: [7, 0], origin: id(MALLORY, 0), content: any(1) }),
    ]);
    expect(expectHarmless(doc, attack, allOwn)).toMatchObject({ widgets: [], parts: 2 });
  });

  it('are found however long the chain', () => {
    const doc = makeBoard();
    const chain = Array.from({ length: 50_000 }, (_, clock) =>
      forge({
        id: [clock % 2 === 0 ? MALLORY : 7, Math.floor(clock / 2)],
        content: any(clock),
        ...(clock === 0
          ? { parent: entry(doc, 'shut'), key: 'x' }
          : { origin: id(clock % 2 === 0 ? 7 : MALLORY, Math.floor((clock - 1) / 2)) }),
      }),
    );
    const attack = forgedUpdate([...chain].sort((a, b) => a.id.clock - b.id.clock));
    expect(expectHarmless(doc, attack, allOwn)?.widgets).toEqual(['shut']);
  });

  it('are found however deep the containers', () => {
    const doc = makeBoard();
    const nest = Array.from({ length: 2_000 }, (_, clock) =>
      forge({
        id: [MALLORY, clock],
        parent: clock === 0 ? entry(doc, 'open') : id(MALLORY, clock - 1),
        key: 'x',
        content: new Y.ContentType(new Y.Map()),
      }),
    );
    expect(expectHarmless(doc, forgedUpdate(nest))).toBeUndefined();
    const parent = id(MALLORY, 1_999);
    const inside = forge({ id: [7, 0], parent, key: 'y', content: any(1) });
    expect(applyFiltered(doc, forgedUpdate([inside]), allOwn)).toBeUndefined();
  });
});

describe('updates that two readers may read in two ways', () => {
  it('with two parts for one client are malformed', () => {
    const doc = makeBoard();
    const open = forge({ id: [MALLORY, 0], parent: entry(doc, 'open'), key: 'x' });
    const shut = forge({ id: [MALLORY, 0], parent: entry(doc, 'shut'), key: 'x' });
    const other = forge({ id: [7, 0], parent: entry(doc, 'open'), key: 'x' });
    for (const runs of [
      [[shut], [open]],
      [[open], [other], [shut]],
      [[open], [forge({ id: [MALLORY, 6], parent: 'mine' })]],
      [[open], []],
    ]) {
      expect(() => applyFiltered(doc, forgedRuns(runs), rules)).toThrow(/one part/);
    }
  });

  it.each([
    ['text', new Y.ContentString('')],
    ['values', any()],
    ['deletion', new Y.ContentDeleted(0)],
  ])('with an empty %s are malformed', (_, content) => {
    const doc = makeBoard();
    const parent = entry(doc, 'open');
    const attack = forgedUpdate([forge({ id: [MALLORY, 0], parent, key: 'x', content })]);
    expect(() => applyFiltered(doc, attack, rules)).toThrow(/no length/);
  });
});

describe('client ids', () => {
  it('of others keep their clocks free for what they make', () => {
    const doc = makeBoard();
    const copy = docOf(ADA);
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
    const before = Y.encodeStateVector(copy);
    // Ada's edit reaches Mallory, and from her a node that has not heard of it yet.
    setState(copy, 'shut', { key: 'of Ada' });
    setState(copy, 'open', { key: 'of Ada too' });
    const ofAda = Y.encodeStateAsUpdate(copy, before);
    const mallory = docOf(MALLORY);
    Y.applyUpdate(mallory, Y.encodeStateAsUpdate(copy));
    stateOf(mallory, 'open').set('own', 1);
    const all = Y.encodeStateAsUpdate(mallory, before);
    expect(applyFiltered(doc, all, rules)).toMatchObject({ widgets: ['shut', 'open'], own: false });
    expect(stateOf(doc, 'open').get('own')).toBe(1);
    expect(Y.getState(doc.store, ADA)).toBe(Y.decodeStateVector(before).get(ADA));
    Y.applyUpdate(doc, ofAda);
    expect(readBoard(doc)).toEqual(readBoard(mallory));
  });

  it('of a former session take no value away when the new one is left out', () => {
    const doc = makeBoard();
    const former = docOf(665);
    Y.applyUpdate(former, Y.encodeStateAsUpdate(doc));
    former.transact(() => {
      setState(former, 'shut', { key: 'of Mallory' });
      setState(former, 'open', { key: 'of Mallory' });
    });
    const update = Y.encodeStateAsUpdate(former, Y.encodeStateVector(doc));
    expect(expectHarmless(doc, update)?.widgets).toContain('shut');
    expect(stateOf(doc, 'open').get('key')).toBe('value');
  });

  it('take with them what of the own leans on them', () => {
    const doc = makeBoard();
    const structs = [
      forge({ id: [MALLORY, 0], parent: id(7, 1), content: any(1) }),
      forge({ id: [7, 0], parent: entry(doc, 'shut'), key: 'x', content: any(1) }),
      forge({
        id: [7, 1],
        parent: entry(doc, 'open'),
        key: 'x',
        content: new Y.ContentType(new Y.Array()),
      }),
    ];
    const deletions = { 7: [{ clock: 0, len: 2 }] };
    const refused = expectHarmless(doc, forgedUpdate(structs, deletions));
    expect(refused).toMatchObject({ widgets: ['open', 'shut'], own: true });
    expect(Y.getState(doc.store, 7)).toBe(0);
  });

  it('may be as large as they come', () => {
    const doc = makeBoard();
    const client = Number.MAX_SAFE_INTEGER;
    const attack = forgedUpdate([forge({ id: [client, 0], parent: entry(doc, 'shut'), key: 'x' })]);
    expect(expectHarmless(doc, attack, allOwn)?.widgets).toEqual(['shut']);
  });

  it('whose clocks jump are not complete', () => {
    const doc = makeBoard();
    const item = forge({ id: [MALLORY, 5], parent: entry(doc, 'open'), key: 'x' });
    expect(isComplete(decodeUpdate(forgedUpdate([item])), doc)).toBe(false);
    const skip = forgedUpdate([new Y.Skip(id(MALLORY, 0), 5), item]);
    expect(isComplete(decodeUpdate(skip), doc)).toBe(false);
  });
});

describe('what is deleted', () => {
  it('takes nothing in, and leaves nothing waiting', () => {
    const doc = makeBoard();
    const map = idOf(shared(doc, 'shut', 'map'));
    const [widget, text] = [entry(doc, 'shut'), letter(doc, 'shut', 0)];
    removeWidget(doc, 'shut');
    const structs = [
      forge({ id: [MALLORY, 0], parent: map, key: 'x' }),
      forge({ id: [MALLORY, 6], origin: text }),
      forge({ id: [MALLORY, 12], parent: widget, key: 'x' }),
    ];
    const before = forbiddenIn(doc);
    expect(applyFiltered(doc, forgedUpdate(structs), rules)).toMatchObject({ widgets: ['shut'] });
    expect(forbiddenIn(doc)).toEqual(before);
    expect(Y.getState(doc.store, MALLORY)).toBe(18);
    expect(doc.store.pendingStructs).toBeNull();
  });

  it('does not make this copy alone split what is beside it', () => {
    const doc = makeBoard();
    const rightOrigin = letter(doc, 'shut', 0);
    removeWidget(doc, 'shut');
    const attack = forgedUpdate([
      forge({ id: [MALLORY, 0], origin: letter(doc, 'open', 3), rightOrigin }),
    ]);
    expect(applyFiltered(doc, attack, rules)).toBeUndefined();
    expect(String(shared(doc, 'open', 'text'))).toBe('one😀two');
  });

  it('stays removed: a widget cannot be put back by its old entry', () => {
    const doc = makeBoard();
    const origin = entry(doc, 'shut');
    removeWidget(doc, 'shut');
    const content = new Y.ContentType(new Y.Map());
    const attack = forgedUpdate([forge({ id: [MALLORY, 0], origin, content })]);
    expect(applyFiltered(doc, attack, rules)?.widgets).toEqual(['shut']);
    expect(widgetsOf(doc).has('shut')).toBe(false);
  });

  it('is not refused again: what leans on a refused item is garbage too', () => {
    const doc = makeBoard();
    const content = new Y.ContentType(new Y.Map());
    const first = forge({ id: [MALLORY, 0], parent: 'widgets', key: 'mine', content });
    expect(applyFiltered(doc, forgedUpdate([first]), rules)?.widgets).toEqual(['mine']);
    const inside = forge({ id: [MALLORY, 1], parent: id(MALLORY, 0), key: 'x', content: any(1) });
    expect(expectHarmless(doc, forgedUpdate([inside]))).toBeUndefined();
  });
});
