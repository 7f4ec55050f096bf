import { beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { createWidget, readWidget } from './widget.ts';
import {
  addList,
  addText,
  insertItems,
  removeItems,
  widgetList,
  widgetText,
} from './widget-content.ts';

let doc: Y.Doc;
beforeEach(() => {
  doc = new Y.Doc();
  createWidget(doc, {
    id: 'w',
    type: 'note',
    version: 1,
    state: { plain: 1 },
    texts: { body: 'hello' },
    lists: { todo: ['a', { b: [1] }] },
  });
});

function exchange(a: Y.Doc, b: Y.Doc): void {
  Y.applyUpdate(b, Y.encodeStateAsUpdate(a));
  Y.applyUpdate(a, Y.encodeStateAsUpdate(b));
}

describe('texts', () => {
  test('merge character by character', () => {
    const other = new Y.Doc();
    exchange(doc, other);
    widgetText(doc, 'w', 'body')?.insert(0, '>> ');
    widgetText(other, 'w', 'body')?.insert(5, ' world');
    exchange(doc, other);
    expect(readWidget(doc, 'w')?.state['body']).toBe('>> hello world');
  });

  test('can be added to a widget, but not over something else', () => {
    const added = addText(doc, 'w', 'footer', 'fin', 'me');
    expect(widgetText(doc, 'w', 'footer')).toBe(added);
    expect(() => addText(doc, 'w', 'plain')).toThrow(/is taken/);
    expect(() => addText(doc, 'w', '__proto__')).toThrow(/no valid key/);
    expect(() => addText(doc, 'w', 'x', '\ud800')).toThrow(/surrogate/);
  });

  test('are found only where there is one', () => {
    expect(widgetText(doc, 'w', 'plain')).toBeUndefined();
    expect(widgetText(doc, 'w', 'todo')).toBeUndefined();
    expect(widgetText(doc, 'w', 'nothing')).toBeUndefined();
    expect(() => widgetText(doc, 'gone', 'body')).toThrow(/no widget/);
  });
});

describe('lists', () => {
  test('merge item by item', () => {
    const other = new Y.Doc();
    exchange(doc, other);
    insertItems(doc, 'w', 'todo', 0, ['first']);
    insertItems(other, 'w', 'todo', 2, ['last', null]);
    removeItems(other, 'w', 'todo', 0);
    exchange(doc, other);
    expect(readWidget(doc, 'w')?.state['todo']).toStrictEqual(['first', { b: [1] }, 'last', null]);
  });

  test('can be added to a widget', () => {
    addList(doc, 'w', 'done', [1, 2], 'me');
    expect(widgetList(doc, 'w', 'done')?.toArray()).toEqual([1, 2]);
    expect(() => addList(doc, 'w', 'todo')).toThrow(/is taken/);
  });

  test('refuse what is no JSON, no list or outside of them, and stay as they are', () => {
    expect(() => insertItems(doc, 'w', 'todo', 0, [NaN])).toThrow(/todo\.0 is NaN/);
    expect(() => insertItems(doc, 'w', 'todo', 3, [1])).toThrow(/outside of the list/);
    expect(() => insertItems(doc, 'w', 'todo', -1, [1])).toThrow(/outside of the list/);
    expect(() => removeItems(doc, 'w', 'todo', 1, 2)).toThrow(/outside of the list/);
    expect(() => removeItems(doc, 'w', 'body', 0)).toThrow(/is not a list/);
    expect(widgetList(doc, 'w', 'body')).toBeUndefined();
    expect(widgetList(doc, 'w', 'todo')?.toArray()).toEqual(['a', { b: [1] }]);
  });
});
