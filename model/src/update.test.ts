import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { forge, forgedRuns, forgedUpdate } from './test-update.ts';
import { decodeUpdate, expectCanonical, isComplete, isIntegrated, mergeUpdates } from './update.ts';

/** The updates a document makes, one for each edit. */
function updatesOf(doc: Y.Doc, edits: ((doc: Y.Doc) => void)[]): Uint8Array[] {
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  for (const edit of edits) edit(doc);
  return updates;
}

function isCompleteIn(doc: Y.Doc, update: Uint8Array | undefined): boolean {
  return isComplete(decodeUpdate(update ?? new Uint8Array()), doc);
}

describe('decodeUpdate', () => {
  it('refuses bytes that are no update', () => {
    for (const bytes of [[], [1, 2, 3], [255, 255, 255, 255, 255, 255, 255, 255, 255, 255]]) {
      expect(() => decodeUpdate(new Uint8Array(bytes))).toThrow(/malformed/);
    }
  });
});

describe('isComplete', () => {
  it('takes an update whose predecessors are there, and none before', () => {
    const [first, second] = updatesOf(new Y.Doc(), [
      (doc) => doc.getText('t').insert(0, 'a'),
      (doc) => doc.getText('t').insert(1, 'b'),
    ]);
    const doc = new Y.Doc();
    expect(isCompleteIn(doc, second)).toBe(false);
    expect(isCompleteIn(doc, first)).toBe(true);
    Y.applyUpdate(doc, first ?? new Uint8Array());
    expect(isCompleteIn(doc, second)).toBe(true);
  });

  it('looks for the neighbours and containers that other clients made', () => {
    const author = new Y.Doc();
    author.getMap('root').set('child', new Y.Map());
    const editor = new Y.Doc();
    Y.applyUpdate(editor, Y.encodeStateAsUpdate(author));
    const [inContainer] = updatesOf(editor, [
      (doc) => (doc.getMap('root').get('child') as Y.Map<number>).set('key', 1),
    ]);
    expect(isCompleteIn(new Y.Doc(), inContainer)).toBe(false);
    expect(isCompleteIn(author, inContainer)).toBe(true);
  });

  it('looks for what is deleted', () => {
    const author = new Y.Doc();
    author.getText('t').insert(0, 'abc');
    const editor = new Y.Doc();
    Y.applyUpdate(editor, Y.encodeStateAsUpdate(author));
    const [deletion] = updatesOf(editor, [(doc) => doc.getText('t').delete(0, 2)]);
    expect(isCompleteIn(new Y.Doc(), deletion)).toBe(false);
    expect(isCompleteIn(author, deletion)).toBe(true);
  });

  it('sees the gap in a merged update', () => {
    const [first, second, third] = updatesOf(new Y.Doc(), [
      (doc) => doc.getMap('m').set('a', 1),
      (doc) => doc.getMap('m').set('b', 2),
      (doc) => doc.getMap('m').set('c', 3),
    ]);
    const gap = Y.mergeUpdates([first, third].filter((update) => update !== undefined));
    const doc = new Y.Doc();
    expect(isCompleteIn(doc, gap)).toBe(false);
    Y.applyUpdate(doc, Y.mergeUpdates([first, second].filter((update) => update !== undefined)));
    expect(isCompleteIn(doc, gap)).toBe(true);
  });
});

describe('isIntegrated', () => {
  it('is true after an update was applied, and false before', () => {
    const [update = new Uint8Array()] = updatesOf(new Y.Doc(), [
      (doc) => doc.getArray('a').push([1, 2, 3]),
    ]);
    const doc = new Y.Doc();
    expect(isIntegrated(decodeUpdate(update), doc)).toBe(false);
    Y.applyUpdate(doc, update);
    expect(isIntegrated(decodeUpdate(update), doc)).toBe(true);
  });
});

describe('mergeUpdates', () => {
  it.each([1, 31, 33, 1_000, 1_100])(
    'makes of %i updates what Yjs makes of them, gaps included',
    (count) => {
      const writers = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
      const updates = Array.from({ length: count }, (_, n) => {
        const writer = writers[n % 3] ?? new Y.Doc();
        const edit = (doc: Y.Doc) => {
          const text = doc.getText('t');
          if (n % 5 === 4 && text.length > 0) text.delete(0, 1);
          else text.insert(0, `${n} `);
        };
        return updatesOf(writer, [edit])[0] ?? new Uint8Array();
      }).filter((_, n) => n % 100 !== 50);
      const [merged, expected] = [mergeUpdates(updates), Y.mergeUpdates(updates)];
      expect(decodeUpdate(merged)).toEqual(decodeUpdate(expected));
    },
  );

  it('leaves a lone update as it is', () => {
    const [update = new Uint8Array()] = updatesOf(new Y.Doc(), [
      (doc) => doc.getMap('m').set('a', 1),
    ]);
    expect(mergeUpdates([update])).toEqual(update);
  });
});

describe('expectCanonical', () => {
  const expectRefused = (bytes: Uint8Array, reason: string) =>
    expect(() => expectCanonical(decodeUpdate(bytes), bytes)).toThrow(reason);
  const [first, second] = [Y.createID(1, 0), Y.createID(1, 1)];

  it('takes what Yjs makes', () => {
    const updates = updatesOf(new Y.Doc(), [
      (doc) => doc.getText('t').insert(0, 'ab'),
      (doc) => doc.getText('t').insert(1, 'c'),
      (doc) => doc.getText('t').delete(0, 2),
    ]);
    for (const bytes of [...updates, Y.mergeUpdates(updates)]) {
      expectCanonical(decodeUpdate(bytes), bytes);
    }
  });

  it('refuses structs and deletions of no length', () => {
    expectRefused(forgedUpdate([new Y.GC(first, 0)]), 'struct of no length');
    expectRefused(forgedUpdate([], { 1: [{ clock: 3, len: 0 }] }), 'deletion of no length');
  });

  it('refuses two runs of one client', () => {
    const run = [new Y.GC(first, 1)];
    expectRefused(forgedRuns([run, run]), 'not one part for each client');
  });

  it('refuses structs that lean on what their client makes later', () => {
    for (const ahead of [{ origin: second }, { rightOrigin: second }, { parent: second }]) {
      const update = forgedUpdate([forge({ id: [1, 0], ...ahead }), new Y.GC(second, 9)]);
      expectRefused(update, 'leans on a later one');
    }
  });
});
