import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { editText } from './text-edit.ts';

function textOf(content: string): Y.Text {
  const text = new Y.Doc().getText();
  text.insert(0, content);
  return text;
}

/** What an edit does to the text, as Yjs tells its observers. */
function changesOf(from: string, to: string): unknown[] {
  const text = textOf(from);
  let changes: unknown[] = [];
  text.observe(({ delta }) => {
    changes = delta;
  });
  text.doc?.transact(() => editText(text, to));
  return changes;
}

describe('the edit of a text', () => {
  test('makes any text read as any other, and never cuts a character in two', () => {
    // The first two share the first half of their surrogate pairs, the first and the last the second.
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '😀', '😁', '🈀'),
      maxLength: 8,
    });
    fc.assert(
      fc.property(text, text, (from, to) => {
        const edited = textOf(from);
        const other = new Y.Doc();
        editText(edited, to);
        Y.applyUpdate(other, Y.encodeStateAsUpdate(edited.doc as Y.Doc));
        expect(other.getText().toString()).toBe(to);
      }),
    );
  });

  test('replaces only the part that differs', () => {
    expect(changesOf('one two three', 'one 2 three')).toEqual([
      { retain: 4 },
      { delete: 3 },
      { insert: '2' },
    ]);
    expect(changesOf('aa', 'aaa')).toEqual([{ retain: 2 }, { insert: 'a' }]);
    expect(changesOf('a😀b', 'a😁b')).toEqual([{ retain: 1 }, { delete: 2 }, { insert: '😁' }]);
    expect(changesOf('a😀b', 'a🈀b')).toEqual([{ retain: 1 }, { delete: 2 }, { insert: '🈀' }]);
    expect(changesOf('same', 'same')).toEqual([]);
  });

  test('leaves objects that an editor embedded where they are', () => {
    const text = textOf('abcd');
    text.insertEmbed(2, { image: 1 });
    editText(text, 'abXd');
    expect(text.toDelta()).toEqual([{ insert: 'ab' }, { insert: { image: 1 } }, { insert: 'Xd' }]);
    editText(text, 'bXd');
    expect(text.toDelta()).toEqual([{ insert: 'b' }, { insert: { image: 1 } }, { insert: 'Xd' }]);
  });
});
