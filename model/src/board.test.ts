import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { readBoard, readTitle, setTitle } from './board.ts';
import { isWidgetId } from './ids.ts';
import { anyJson } from './test-json.ts';
import {
  createWidget,
  readWidget,
  removeWidget,
  setGeom,
  setState,
  unsetState,
  widgetsOf,
} from './widget.ts';
import { insertItems, removeItems, widgetList, widgetText } from './widget-content.ts';

test('an empty board has no title and no widgets', () => {
  expect(readBoard(new Y.Doc())).toStrictEqual({ title: '', widgets: {} });
});

test('a board reads as its title and its widgets', () => {
  const doc = new Y.Doc();
  setTitle(doc, 'Sales 🙂', 'me');
  createWidget(doc, { id: 'a', type: 'line', version: 1, state: { n: 1 } });
  widgetsOf(doc).set('not-a-widget', 'x');
  expect(readBoard(doc)).toStrictEqual({
    title: 'Sales 🙂',
    widgets: { a: { id: 'a', type: 'line', version: 1, state: { n: 1 } } },
  });
});

test('the title is written only when it changes, and only when UTF-8 can carry it', () => {
  const doc = new Y.Doc();
  setTitle(doc, 'Sales');
  let updates = 0;
  doc.on('update', () => updates++);
  setTitle(doc, 'Sales');
  expect(() => setTitle(doc, '\udc00')).toThrow(/surrogate/);
  expect(updates).toBe(0);
  expect(readTitle(doc)).toBe('Sales');
});

test('an id __proto__ that some other program wrote does no harm', () => {
  const doc = new Y.Doc();
  widgetsOf(doc).set(
    '__proto__',
    new Y.Map<unknown>([
      ['type', 't'],
      ['version', 1],
    ]),
  );
  const { widgets } = readBoard(doc);
  expect(Object.getPrototypeOf(widgets)).toBe(Object.prototype);
  expect(Object.keys(widgets)).toEqual(['__proto__']);
});

type Edit = (doc: Y.Doc) => void;

const ids = ['a', 'b', 'c'];
const id = fc.constantFrom(...ids);
const key = fc.constantFrom('p', 'q', 'r');
const json = anyJson({ maxDepth: 2 });
const side = fc.integer({ min: 0, max: 50 });

/** An edit of a widget, which does nothing where somebody removed the widget. */
function ofWidget(edit: (doc: Y.Doc, id: string) => void) {
  return id.map(
    (which): Edit =>
      (doc) => {
        if (readWidget(doc, which) !== undefined) edit(doc, which);
      },
  );
}

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.string().map(
    (title): Edit =>
      (doc) =>
        setTitle(doc, title),
  ),
  id.map(
    (which): Edit =>
      (doc) => {
        if (widgetsOf(doc).has(which)) return;
        createWidget(doc, {
          id: which,
          type: 't',
          version: 1,
          texts: { text: '' },
          lists: { list: [] },
        });
      },
  ),
  id.map(
    (which): Edit =>
      (doc) => {
        removeWidget(doc, which);
      },
  ),
  fc.tuple(key, json).chain(([k, value]) => ofWidget((doc, w) => setState(doc, w, { [k]: value }))),
  key.chain((k) => ofWidget((doc, w) => unsetState(doc, w, [k]))),
  fc
    .record({ x: side, y: side, w: side, h: side })
    .chain((geom) => ofWidget((doc, w) => setGeom(doc, w, geom))),
  fc.tuple(fc.nat(), fc.string()).chain(([at, text]) =>
    ofWidget((doc, w) => {
      const target = widgetText(doc, w, 'text');
      target?.insert(at % (target.length + 1), text);
    }),
  ),
  fc.tuple(fc.nat(), json, fc.boolean()).chain(([at, value, remove]) =>
    ofWidget((doc, w) => {
      const length = widgetList(doc, w, 'list')?.length ?? 0;
      if (!remove) insertItems(doc, w, 'list', at % (length + 1), [value]);
      else if (length > 0) removeItems(doc, w, 'list', at % length);
    }),
  ),
);

describe('two people', () => {
  test('who edit at random and hear of each other in any order end up equal', () => {
    const step = fc.record({ who: fc.nat(1), edit, deliver: fc.option(fc.nat()) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(), (steps, order) => {
        const docs = [new Y.Doc(), new Y.Doc()] as const;
        // What each has still to hear from the other, taken out in any order.
        const inbox: [Uint8Array[], Uint8Array[]] = [[], []];
        docs.forEach((doc, me) => {
          doc.on('update', (update: Uint8Array, origin: unknown) => {
            if (origin !== 'wire') inbox[me === 0 ? 1 : 0].push(update);
          });
        });
        const deliver = (to: number, which: number) => {
          const waiting = inbox[to === 0 ? 0 : 1];
          const [update] = waiting.splice(which % Math.max(1, waiting.length), 1);
          const doc = docs[to === 0 ? 0 : 1];
          if (update !== undefined) Y.applyUpdate(doc, update, 'wire');
        };
        for (const { who, edit: apply, deliver: which } of steps) {
          apply(docs[who === 0 ? 0 : 1]);
          if (which !== null) deliver(1 - who, which);
        }
        for (let n = order; inbox[0].length + inbox[1].length > 0; n = (n * 7 + 3) % 1009) {
          deliver(inbox[0].length > 0 ? 0 : 1, n);
        }
        const board = readBoard(docs[0]);
        expect(readBoard(docs[1])).toStrictEqual(board);
        expect(Object.keys(board.widgets).every(isWidgetId)).toBe(true);
        const restored = new Y.Doc();
        Y.applyUpdateV2(restored, Y.encodeStateAsUpdateV2(docs[1]));
        expect(readBoard(restored)).toStrictEqual(board);
      }),
      { numRuns: 300 },
    );
  });
});
