import {
  addText,
  createWidget,
  decodeUpdate,
  encodeUpdate,
  filterUpdate,
  removeWidget,
  setState,
  widgetText,
} from '@tessera/model';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { random } from '../../../test/support/random.ts';
import { BoardSize } from './board-size.ts';

const yes = () => true;
const sizeOf = (doc: Y.Doc) => Y.encodeStateAsUpdate(doc).byteLength;

/** A board with a limit, and a client with the same content. */
function boardOf(
  limits: { maxBytes?: number; maxWidgets?: number },
  content?: (doc: Y.Doc) => void,
) {
  const live = new Y.Doc();
  content?.(live);
  const size = new BoardSize(live, { maxBytes: 1e9, maxWidgets: 1e6, ...limits });
  const client = new Y.Doc();
  Y.applyUpdate(client, Y.encodeStateAsUpdate(live));
  /** What is objected to; without an objection it is applied, else the client begins anew. */
  const edit = (change: (doc: Y.Doc) => void) => {
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(live));
    let bytes: Uint8Array | undefined;
    copy.on('update', (update: Uint8Array) => {
      bytes = update;
    });
    copy.transact(() => change(copy));
    if (bytes === undefined) return { objections: [], hasNews: false };
    const decoded = decodeUpdate(bytes);
    const { entries } = filterUpdate(decoded, bytes, live, { mayWrite: yes, isOwn: yes });
    const objections = size.objectionsTo(decoded, bytes.byteLength, entries);
    if (objections.length === 0) Y.applyUpdate(live, bytes);
    return { objections, hasNews: decoded.structs.length > 0 };
  };
  return { live, edit };
}

const note = (id: string) => (doc: Y.Doc) => createWidget(doc, { id, type: 'note', version: 1 });

describe('the bytes of a board', () => {
  it('are never more than the limit, whatever is typed, split, overwritten and deleted', () => {
    const rng = random();
    console.log(`board-size: TEST_SEED=${rng.seed}`);
    let refusedSome = 0;
    for (let round = 0; round < 15; round += 1) {
      const maxBytes = Math.floor(rng.between(1_500, 6_000));
      const { live, edit } = boardOf({ maxBytes }, (doc) => {
        note('w')(doc);
        addText(doc, 'w', 'text', 'some text to begin with');
      });
      const at = (length: number) => Math.floor(rng.next() * length);
      for (let step = 0; step < 120; step += 1) {
        const before = sizeOf(live);
        const { objections, hasNews } = edit((doc) => {
          const text = widgetText(doc, 'w', 'text') as Y.Text;
          const kind = rng.next();
          if (kind < 0.4) text.insert(at(text.length), rng.next() < 0.9 ? 'x' : 'y'.repeat(200));
          else if (kind < 0.6) text.insert(at(text.length), '🙂🙂');
          else if (kind < 0.8 && text.length > 9) text.delete(at(text.length - 8), 1 + at(4));
          else setState(doc, 'w', { [`key-${at(9)}`]: 'z'.repeat(at(60)) });
        });
        if (objections.length > 0) refusedSome += 1;
        else if (hasNews) expect(sizeOf(live)).toBeLessThanOrEqual(Math.max(maxBytes, before));
        else expect(sizeOf(live)).toBeLessThanOrEqual(maxBytes * 2);
      }
    }
    expect(refusedSome).toBeGreaterThan(40);
  });

  it('are never more than the limit by garbage and letters by turns: a board notes what is deleted, too', () => {
    const maxBytes = 200_000;
    const live = new Y.Doc();
    const size = new BoardSize(live, { maxBytes, maxWidgets: 1 });
    const take = (structs: Parameters<typeof encodeUpdate>[0]) => {
      const bytes = encodeUpdate(structs, new Map(), () => 0);
      const objections = size.objectionsTo(decodeUpdate(bytes), bytes.byteLength, 0);
      if (objections.length === 0) Y.applyUpdate(live, bytes);
      return objections;
    };
    // Clocks of five bytes.
    let clock = 2 ** 28;
    take([new Y.GC(Y.createID(9, 0), clock)]);
    const byTurns = () =>
      Array.from({ length: 300 }, (_, n) => {
        const id = Y.createID(9, clock++);
        if (n % 2 === 0) return new Y.GC(id, 1);
        const letter = new Y.ContentString('x');
        return new Y.Item(id, null, null, null, null, live.getText('text'), null, letter);
      });
    let taken = 0;
    while (take(byTurns()).length === 0) {
      taken += 1;
      expect(sizeOf(live)).toBeLessThanOrEqual(maxBytes);
    }
    expect(taken).toBeGreaterThan(50);
  });

  it('are refused with how many there are, for each place that would grow', () => {
    const { edit } = boardOf({ maxBytes: 2048 }, (doc) => {
      for (const id of ['a', 'b']) note(id)(doc);
      setState(doc, 'a', { large: 'x'.repeat(2000) });
    });
    const { objections } = edit((doc) => {
      setState(doc, 'a', { large: 'y' });
      setState(doc, 'b', { large: 'y'.repeat(500) });
      doc.getMap('else').set('key', 'value');
    });
    const reason = expect.stringMatching(/^the board is full: it has 0\.00\d+ of 0\.00195 MiB$/);
    expect(objections).toEqual([
      { place: { widget: 'b' }, rule: 'bytes', reason },
      { place: { root: 'else' }, rule: 'bytes', reason },
    ]);
  });

  it('may become fewer when the board is full, and then there is room again', () => {
    const { live, edit } = boardOf({ maxBytes: 3000 }, (doc) => {
      for (const id of ['a', 'b', 'c']) {
        createWidget(doc, { id, type: 'note', version: 1, state: { text: 'x'.repeat(1000) } });
      }
    });
    expect(edit(note('d')).objections).toHaveLength(1);
    expect(edit((doc) => setState(doc, 'a', { text: 'y' })).objections).toEqual([]);
    expect(edit((doc) => removeWidget(doc, 'b')).objections).toEqual([]);
    expect(sizeOf(live)).toBeLessThan(2000);
    expect(edit(note('d')).objections).toEqual([]);
  });

  it('may become fewer however far the board is above a limit that was lowered', () => {
    const { edit } = boardOf({ maxBytes: 1024 }, (doc) => {
      for (let n = 0; n < 99; n += 1) note(`w-${n}`)(doc);
    });
    expect(edit((doc) => removeWidget(doc, 'w-3')).objections).toEqual([]);
    expect(edit((doc) => removeWidget(doc, 'w-50')).objections).toEqual([]);
  });
});

describe('the widgets of a board', () => {
  const full = (doc: Y.Doc) => {
    for (const id of ['a', 'b', 'c']) note(id)(doc);
  };

  it('are as many as the limit and no more, also in one update', () => {
    const { edit } = boardOf({ maxWidgets: 5 }, full);
    const { objections } = edit((doc) => {
      setState(doc, 'a', { key: 1 });
      for (const id of ['d', 'e', 'f']) note(id)(doc);
    });
    const reason = 'the board is full: it has 3 widgets, and 3 more would be above the limit of 5';
    expect(objections).toEqual(
      ['d', 'e', 'f'].map((widget) => ({ place: { widget }, rule: 'widgets', reason })),
    );
    expect(edit((doc) => ['d', 'e'].map((id) => note(id)(doc))).objections).toEqual([]);
    expect(edit(note('f')).objections).toHaveLength(1);
  });

  it('are as many as the limit also when one is put back that was removed', () => {
    const { live, edit } = boardOf({ maxWidgets: 3 }, full);
    expect(edit((doc) => removeWidget(doc, 'b')).objections).toEqual([]);
    expect(edit(note('d')).objections).toEqual([]);
    // Its key has had a value before, which the new one leans on.
    expect(edit(note('b')).objections).toHaveLength(1);
    expect(edit((doc) => removeWidget(doc, 'd')).objections).toEqual([]);
    expect(edit(note('b')).objections).toEqual([]);
    expect([...live.getMap('widgets').keys()].sort()).toEqual(['a', 'b', 'c']);
  });

  it('may be edited, replaced by another of the same id, and removed, which makes room', () => {
    const { edit } = boardOf({ maxWidgets: 3 }, full);
    expect(edit((doc) => setState(doc, 'a', { key: 1 })).objections).toEqual([]);
    expect(edit((doc) => addText(doc, 'a', 'text', 'more')).objections).toEqual([]);
    const again = (doc: Y.Doc) => {
      removeWidget(doc, 'b');
      note('b')(doc);
    };
    expect(edit(again).objections).toEqual([]);
    expect(edit(note('d')).objections).toHaveLength(1);
    expect(edit((doc) => removeWidget(doc, 'a')).objections).toEqual([]);
    expect(edit(note('d')).objections).toEqual([]);
    expect(edit(note('e')).objections).toHaveLength(1);
  });

  it('are counted when a removed one is put back, whose item names no parent', () => {
    const { live, edit } = boardOf({ maxWidgets: 3 }, full);
    edit((doc) => removeWidget(doc, 'a'));
    edit(note('d'));
    const { objections } = edit(note('a'));
    expect(objections).toMatchObject([{ place: { widget: 'a' }, rule: 'widgets' }]);
    expect(live.getMap('widgets').size).toBe(3);
  });

  it('are counted also when they come from elsewhere', () => {
    const { live, edit } = boardOf({ maxWidgets: 4 }, full);
    expect(edit((doc) => setState(doc, 'a', { key: 1 })).objections).toEqual([]);
    note('d')(live);
    expect(edit(note('e')).objections).toHaveLength(1);
  });
});
