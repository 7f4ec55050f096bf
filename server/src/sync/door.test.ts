import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { character, crowd, hostileUpdate } from '../../../model/src/test-hostile.ts';
import { random } from '../../../test/support/random.ts';
import { applyUpdate, damageOf } from './door.ts';

/** A document, and the updates it has told of. */
function listened(): { doc: Y.Doc; told: Uint8Array[] } {
  const doc = new Y.Doc();
  const told: Uint8Array[] = [];
  doc.on('update', (bytes: Uint8Array) => told.push(bytes));
  return { doc, told };
}

/** Edits of several people, who have now and then seen each other's. */
function editedTogether(edits: number, { next, between }: ReturnType<typeof random>): Y.Doc[] {
  const docs = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
  const below = (end: number) => Math.floor(between(0, end));
  for (let edit = 0; edit < edits; edit++) {
    const doc = docs[edit % 3] ?? new Y.Doc();
    const text = doc.getText('text');
    if (next() < 0.3 && text.length > 2) text.delete(below(text.length - 2), 2);
    else text.insert(below(text.length), 'ab', next() < 0.1 ? { bold: true } : {});
    const map = doc.getMap<unknown>('map');
    if (next() < 0.2) map.set(`key ${below(5)}`, new Y.Map([['a', edit]]));
    const inner = map.get(`key ${below(5)}`);
    if (inner instanceof Y.Map) inner.set('b', edit);
    doc.getArray('list').insert(0, [edit]);
    if (next() < 0.05) Y.applyUpdate(doc, Y.encodeStateAsUpdate(docs[below(3)] ?? doc));
  }
  return docs;
}

describe('an update of many parts', () => {
  it('makes the same document as Yjs makes of it, and tells the same', () => {
    const dice = random();
    console.info(`TEST_SEED=${dice.seed}`);
    for (let round = 0; round < 20; round++) {
      const docs = editedTogether(300, dice);
      const [base, whole] = [docs[0], new Y.Doc()];
      for (const doc of docs) Y.applyUpdate(whole, Y.encodeStateAsUpdate(doc));
      const { doc, told } = listened();
      const expected = listened();
      for (const each of [doc, expected.doc]) {
        if (round % 2 === 0 && base) Y.applyUpdate(each, Y.encodeStateAsUpdate(base));
      }
      // With parts that are there already.
      const bytes = Y.encodeStateAsUpdate(whole);
      expect(Y.decodeUpdate(bytes).structs.length).toBeGreaterThan(200);
      expect(applyUpdate(doc, bytes, 'origin')).toBe(true);
      Y.applyUpdate(expected.doc, bytes, 'origin');
      expect(Y.encodeStateAsUpdate(doc)).toEqual(Y.encodeStateAsUpdate(expected.doc));
      expect(told).toEqual(expected.told);
      expect(doc.getText('text').toDelta()).toEqual(whole.getText('text').toDelta());
    }
  });

  it('that takes too long is given up, without telling anybody, and the document with it', () => {
    const { doc, told } = listened();
    const bytes = hostileUpdate([crowd(20_000)]);
    const soon = { atLeast: 50, perPart: 0, atMost: 50 };
    expect(() => applyUpdate(doc, bytes, 'origin', undefined, soon)).toThrow(
      expect.objectContaining({
        code: 'too-large',
        message: 'the message is too large: merging the update takes too long',
      }),
    );
    expect(Y.getState(doc.store, 1)).toBeGreaterThan(0);
    expect(told).toEqual([]);
    expect(damageOf(doc)).toBeDefined();
    expect(doc.isDestroyed).toBe(true);
  });

  it('whose structs lean on each other in a circle is refused, and leaves the document in use', () => {
    const { doc } = listened();
    const far = (client: number) => [client, 150] as const;
    const run = (client: number, other: number) => ({
      client,
      structs: 200,
      write: character((index) => (index === 100 ? { origin: far(other) } : {})),
    });
    const bytes = hostileUpdate([run(1, 2), run(2, 1)]);
    expect(() => applyUpdate(doc, bytes, 'origin')).toThrow(/circle/);
    expect(damageOf(doc)).toBeUndefined();
    expect(applyUpdate(doc, hostileUpdate([{ ...run(3, 3), structs: 5 }]), 'origin')).toBe(true);
  });
});
