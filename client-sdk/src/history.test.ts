import {
  createWidget,
  insertItems,
  type Json,
  readBoard,
  removeItems,
  removeWidget,
  setGeom,
  setState,
  setTitle,
  unsetState,
  widgetList,
  widgetsOf,
  widgetText,
} from '@tessera/model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { eventually } from '../../test/support/wait.ts';
import { BoardHistory } from './history.ts';

const me = { name: 'the board' };
let mine: Y.Doc;
let theirs: Y.Doc;
let history: BoardHistory;

beforeEach(() => {
  [mine, theirs] = [documentOf(1), documentOf(2)];
  createWidget(mine, {
    id: 'w',
    type: 't',
    version: 1,
    geom: geom(0),
    state: { k: 0, j: 0 },
    texts: { text: 'hello' },
    lists: { list: [1, 2, 3] },
  });
  meet();
  history = new BoardHistory({ mergeWithinMs: 0 });
  history.attach(mine, [me]);
});
afterEach(() => {
  history.close();
});

function documentOf(clientId: number): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = clientId;
  return doc;
}

/** What each has and the other has not goes over. */
function meet(a = mine, b = theirs): void {
  Y.applyUpdate(a, Y.encodeStateAsUpdate(b, Y.encodeStateVector(a)), 'remote');
  Y.applyUpdate(b, Y.encodeStateAsUpdate(a, Y.encodeStateVector(b)), 'remote');
  expect(readBoard(b)).toEqual(readBoard(a));
}

function geom(x: number) {
  return { x, y: 0, w: 4, h: 3 };
}

function set(state: Record<string, Json>, doc = mine): void {
  setState(doc, 'w', state, me);
}

function state(doc = mine): unknown {
  return readBoard(doc).widgets['w']?.state;
}

function text(doc = mine): Y.Text {
  const found = widgetText(doc, 'w', 'text');
  if (found === undefined) throw new Error('the widget w has no text');
  return found;
}

describe('undo and redo', () => {
  test('go back and forth over edits of every kind, exactly', () => {
    const boards = [readBoard(mine)];
    const edits = [
      () => set({ k: 1 }),
      () => set({ k: 2, added: { deep: [1] } }),
      () => setGeom(mine, 'w', geom(5), me),
      () => mine.transact(() => text().insert(5, ' you'), me),
      () => mine.transact(() => text().delete(0, 3), me),
      () => insertItems(mine, 'w', 'list', 1, ['new'], me),
      () => removeItems(mine, 'w', 'list', 0, 2, me),
      () => unsetState(mine, 'w', ['k', 'text'], me),
      () => setTitle(mine, 'Sales', me),
      () => createWidget(mine, { id: 'x', type: 't', version: 1 }, me),
      () => removeWidget(mine, 'w', me),
    ];
    for (const edit of edits) {
      edit();
      boards.push(readBoard(mine));
    }
    for (let round = 0; round < 3; round += 1) {
      for (const board of boards.slice(0, -1).reverse()) {
        expect(history.undo()).toBe(true);
        expect(readBoard(mine)).toEqual(board);
        meet();
      }
      expect(history.undo()).toBe(false);
      for (const board of boards.slice(1)) {
        expect(history.redo()).toBe(true);
        expect(readBoard(mine)).toEqual(board);
      }
      expect(history.redo()).toBe(false);
      meet();
    }
  });

  test('leave alone what was written with another origin, until it is tracked', () => {
    setState(mine, 'w', { k: 1 }, 'an editor');
    expect(history.canUndo).toBe(false);
    const stop = history.track('an editor');
    setState(mine, 'w', { k: 2 }, 'an editor');
    stop();
    setState(mine, 'w', { j: 3 }, 'an editor');
    expect(history.undo()).toBe(true);
    expect(state()).toMatchObject({ k: 1, j: 3 });
    expect(history.canUndo).toBe(false);
  });

  test('tell what can be done now, with one object until it changes', () => {
    const heard: unknown[] = [];
    const unsubscribe = history.subscribe(() => heard.push(history.state));
    const none = { canUndo: false, canRedo: false, undoLabel: undefined, redoLabel: undefined };
    expect(history.state).toEqual(none);
    set({ k: 1 });
    const one = history.state;
    set({ k: 2 });
    expect(history.state).toBe(one);
    history.undo();
    history.undo();
    set({ k: 3 });
    history.clear();
    unsubscribe();
    set({ k: 4 });
    expect(heard).toEqual([
      { ...none, canUndo: true },
      { ...none, canUndo: true, canRedo: true },
      { ...none, canRedo: true },
      { ...none },
      { ...none, canUndo: true },
      { ...none },
    ]);
  });

  test('keep no more steps than they were told to', () => {
    history.close();
    history = new BoardHistory({ mergeWithinMs: 0, maxSteps: 3 });
    history.attach(mine, [me]);
    for (let k = 1; k <= 5; k += 1) set({ k });
    let undone = 0;
    while (history.undo()) undone += 1;
    expect(undone).toBe(3);
    expect(state()).toMatchObject({ k: 2 });
  });

  test('begin anew on a document that takes the place of the first', () => {
    set({ k: 1 });
    let told = 0;
    history.subscribe(() => {
      told += 1;
    });
    history.attach(theirs, [me]);
    expect([history.canUndo, told]).toEqual([false, 1]);
    set({ k: 2 });
    expect(history.canUndo).toBe(false);
    set({ k: 3 }, theirs);
    expect(history.undo()).toBe(true);
    expect(state(theirs)).toMatchObject({ k: 0 });
    history.detach();
    expect([history.canRedo, history.undo()]).toEqual([false, false]);
    history.batch(() => set({ k: 4 }, theirs));
    expect(history.canUndo).toBe(false);
  });
});

describe('steps', () => {
  test('a gesture is one step with a name, however long it takes', () => {
    history.begin('move');
    for (let x = 1; x <= 60; x += 1) setGeom(mine, 'w', geom(x), me);
    history.end();
    history.end();
    set({ k: 1 });
    history.undo();
    expect(history.state).toMatchObject({ undoLabel: 'move', redoLabel: undefined });
    history.undo();
    expect(readBoard(mine).widgets['w']?.geom).toEqual(geom(0));
    expect(history.state).toMatchObject({ canUndo: false, redoLabel: 'move' });
    history.redo();
    expect(readBoard(mine).widgets['w']?.geom).toEqual(geom(60));
    expect(history.state).toMatchObject({ undoLabel: 'move', redoLabel: undefined });
  });

  test('a gesture whose end was missed ends with the next one, and with undo', () => {
    history.begin('first');
    set({ k: 1 });
    history.begin('second');
    set({ k: 2 });
    expect(history.state.undoLabel).toBe('second');
    history.undo();
    expect(state()).toMatchObject({ k: 1 });
    set({ j: 1 });
    set({ j: 2 });
    history.undo();
    expect(state()).toMatchObject({ k: 1, j: 1 });
  });

  test('edits shortly after each other are one step, and a pause ends it', async () => {
    history.close();
    history = new BoardHistory({ mergeWithinMs: 100 });
    history.attach(mine, [me]);
    const step = (value: number) => {
      for (let k = 1; k <= 10; k += 1) set({ k: value + k });
    };
    step(0);
    const last = performance.now();
    await eventually(() => performance.now() - last > 120);
    step(100);
    history.undo();
    expect(state()).toMatchObject({ k: 10 });
    history.undo();
    expect(state()).toMatchObject({ k: 0 });
  });

  test('a batch is one step and one update, and part of the gesture it is made in', () => {
    let updates = 0;
    mine.on('update', () => {
      updates += 1;
    });
    const id = history.batch(() => {
      set({ k: 1 });
      return createWidget(mine, { type: 't', version: 1 }, me);
    }, 'paste');
    expect([updates, history.state.undoLabel]).toEqual([1, 'paste']);
    history.undo();
    expect(state()).toMatchObject({ k: 0 });
    expect(widgetsOf(mine).has(id)).toBe(false);

    history.begin();
    history.batch(() => set({ k: 1 }));
    history.batch(() => set({ j: 1 }));
    history.end();
    history.undo();
    expect(state()).toMatchObject({ k: 0, j: 0 });
  });

  test('a batch that throws is a step of what it did until then', () => {
    expect(() =>
      history.batch(() => {
        set({ k: 1 });
        throw new Error('half way');
      }),
    ).toThrow('half way');
    set({ j: 1 });
    history.undo();
    expect(state()).toMatchObject({ k: 1, j: 0 });
    history.undo();
    expect(state()).toMatchObject({ k: 0 });
  });

  test('edits made while paused stay, and join the steps on neither side', () => {
    history.close();
    history = new BoardHistory({ mergeWithinMs: 60_000 });
    history.attach(mine, [me]);
    set({ k: 1 });
    history.pause();
    set({ j: 1, only: 'paused' });
    expect(history.undo()).toBe(true);
    expect(history.redo()).toBe(true);
    history.resume();
    set({ k: 2 });
    history.undo();
    expect(state()).toMatchObject({ k: 1, j: 1, only: 'paused' });
    history.undo();
    expect(state()).toMatchObject({ k: 0, j: 1, only: 'paused' });
  });

  test('a drag keeps the first and the last position, and not every frame', () => {
    const frames = 600;
    const drag = (doc: Y.Doc) => {
      for (let x = 1; x <= frames; x += 1) setGeom(doc, 'w', { ...geom(x), label: 'far' }, me);
      return Y.encodeStateAsUpdate(doc).length;
    };
    const bare = documentOf(3);
    meet(mine, bare);
    history.begin('move');
    expect(drag(mine) - drag(bare)).toBeLessThan(200);
    history.undo();
    expect(readBoard(mine).widgets['w']?.geom).toEqual(geom(0));
    history.redo();
    expect(readBoard(mine).widgets['w']?.geom).toMatchObject({ x: frames });
  });
});

describe('what others did stays', () => {
  test('a key that somebody set after me keeps their value', () => {
    set({ k: 'mine' });
    meet();
    setState(theirs, 'w', { k: 'theirs' });
    meet();
    expect(history.canUndo).toBe(true);
    expect(history.undo()).toBe(false);
    expect(state()).toMatchObject({ k: 'theirs' });
  });

  test.each([
    ['loses', 1, 2],
    ['wins', 2, 1],
  ])('a key set by both at the same time keeps their value, also if it %s', (_, theirId, myId) => {
    [mine.clientID, theirs.clientID] = [myId, theirId];
    set({ k: 'mine' });
    setState(theirs, 'w', { k: 'theirs' });
    setState(theirs, 'w', { k: 'theirs, again' });
    meet();
    history.undo();
    expect(state()).toMatchObject({ k: 'theirs, again' });
    meet();
    history.redo();
    meet();
  });

  test('a key they set between two steps of mine', () => {
    set({ k: 1 });
    meet();
    setState(theirs, 'w', { k: 'theirs' });
    meet();
    set({ k: 3 });
    meet();
    expect(history.undo()).toBe(true);
    expect(state()).toMatchObject({ k: 'theirs' });
    expect(history.undo()).toBe(false);
    expect(state()).toMatchObject({ k: 'theirs' });
    expect(history.redo()).toBe(true);
    expect(state()).toMatchObject({ k: 3 });
    meet();
  });

  test('a key under two steps of mine that both overtook theirs', () => {
    mine.clientID = 3;
    set({ k: 1 });
    set({ k: 2 });
    setState(theirs, 'w', { k: 'theirs' });
    meet();
    history.undo();
    expect(state()).toMatchObject({ k: 1 });
    history.undo();
    expect(state()).toMatchObject({ k: 'theirs' });
    history.redo();
    expect(state()).toMatchObject({ k: 1 });
    history.undo();
    expect(state()).toMatchObject({ k: 'theirs' });
    meet();
  });

  test('a key they set at the same time, and lost to mine at the server, is what it was before', () => {
    const third = documentOf(0);
    meet(mine, third);
    set({ k: 1 });
    meet(mine, third);
    set({ k: 2 });
    setState(third, 'w', { k: 'lost', new: 'lost' });
    set({ new: 1 });
    // As from a server that has mine already: it comes without its content.
    meet(third, mine);
    expect(state()).toMatchObject({ k: 2, new: 1 });
    for (let round = 0; round < 2; round += 1) {
      history.undo();
      expect(state()).not.toHaveProperty('new');
      history.undo();
      expect(state()).toMatchObject({ k: 1 });
      history.undo();
      expect(state()).toMatchObject({ k: 0 });
      while (history.redo());
      expect(state()).toMatchObject({ k: 2, new: 1 });
    }
    meet(third, mine);
    setState(third, 'w', { k: 'seen' });
    meet(third, mine);
    history.undo();
    history.undo();
    expect(state()).toMatchObject({ k: 'seen' });
    meet(third, mine);
  });

  test('a widget that I removed comes back with what they did to it before and meanwhile', () => {
    setState(theirs, 'w', { before: 1, k: 1 });
    meet();
    removeWidget(mine, 'w', me);
    setState(theirs, 'w', { k: 2, meanwhile: { deep: true } });
    setGeom(theirs, 'w', geom(9));
    text(theirs).insert(5, '!');
    text(theirs).delete(0, 1);
    insertItems(theirs, 'w', 'list', 3, [4]);
    const expected = readBoard(theirs);
    meet();
    expect(readBoard(mine).widgets).toEqual({});
    history.undo();
    // What both removed comes back: see the docstring of History.
    const { w } = expected.widgets;
    expect(readBoard(mine).widgets['w']).toEqual({ ...w, state: { ...w?.state, text: 'hello!' } });
    meet();
    history.redo();
    expect(readBoard(mine).widgets).toEqual({});
    meet();
    history.undo();
    expect(readBoard(mine).widgets['w']?.state).toMatchObject({ k: 2, text: 'hello!' });
    meet();
  });

  test('a text or list that they added to a widget while I removed it', () => {
    removeWidget(mine, 'w', me);
    const state = widgetsOf(theirs).get('w') as Y.Map<Y.Map<unknown>>;
    state.get('state')?.set('notes', new Y.Text('theirs'));
    meet();
    history.undo();
    expect(widgetText(mine, 'w', 'notes')?.toString()).toBe('theirs');
    meet();
  });

  test('what they typed in the middle of what I typed, or removed', () => {
    mine.transact(() => text().insert(5, ' my friend'), me);
    meet();
    text(theirs).insert(8, ' dear');
    meet();
    expect(text().toString()).toBe('hello my dear friend');
    history.undo();
    expect(text().toString()).toBe('hello dear');
    meet();
    mine.transact(() => text().delete(0, 10), me);
    text(theirs).insert(5, ',');
    meet();
    expect(text().toString()).toBe(',');
    history.undo();
    expect(text().toString()).toBe('hello, dear');
    meet();
  });

  test.each([
    ['before', 3],
    ['after', 1],
  ])('an item they put %s mine while I removed the widget', (_, myId) => {
    mine.clientID = myId;
    insertItems(mine, 'w', 'list', 0, ['mine'], me);
    insertItems(theirs, 'w', 'list', 0, ['theirs']);
    removeWidget(mine, 'w', me);
    meet();
    history.undo();
    expect(state()).toMatchObject({ list: expect.arrayContaining(['mine', 'theirs', 1, 2, 3]) });
    history.undo();
    expect(state()).toMatchObject({ list: ['theirs', 1, 2, 3] });
    meet();
  });

  test('a drag of mine goes back, and one of theirs that came after it stays', () => {
    history.begin();
    for (let x = 1; x < 9; x += 1) setGeom(mine, 'w', geom(x), me);
    history.end();
    meet();
    setGeom(theirs, 'w', geom(50));
    meet();
    expect(history.undo()).toBe(false);
    expect(readBoard(mine).widgets['w']?.geom).toEqual(geom(50));
  });

  test('a widget they removed stays away', () => {
    set({ k: 1 });
    meet();
    removeWidget(theirs, 'w');
    meet();
    expect(history.undo()).toBe(false);
    expect(readBoard(mine).widgets).toEqual({});
  });

  test('undoing the creation of a widget takes their edits along, and redo brings them back', () => {
    createWidget(mine, { id: 'x', type: 't', version: 1, state: { k: 1 } }, me);
    meet();
    setState(theirs, 'x', { k: 2 });
    meet();
    history.undo();
    setState(theirs, 'x', { j: 3 });
    meet();
    expect(widgetList(mine, 'w', 'list')?.length).toBe(3);
    expect(Object.keys(readBoard(mine).widgets)).toEqual(['w']);
    history.redo();
    expect(readBoard(mine).widgets['x']?.state).toEqual({ k: 2, j: 3 });
    meet();
  });
});
