import {
  createWidget,
  insertItems,
  readBoard,
  readWidget,
  removeItems,
  removeWidget,
  setGeom,
  setState,
  setTitle,
  widgetList,
  widgetText,
} from '@tessera/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { BoardHistory } from './history.ts';

const me = 'me';

type Edit = (doc: Y.Doc, origin: unknown) => void;

function startOf(clientId: number, from?: Y.Doc): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = clientId;
  if (from !== undefined) Y.applyUpdate(doc, Y.encodeStateAsUpdate(from), 'start');
  return doc;
}

function newWidget(id: string) {
  return {
    id,
    type: 't',
    version: 1,
    geom: { x: 0, y: 0, w: 1, h: 1 },
    state: { k: 0, j: 0 },
    texts: { text: 'hello' },
    lists: { list: [1, 2, 3] },
  };
}

/** An edit of one of these widgets, which does nothing if it is not there. */
function ofWidget(ids: string[], edit: (doc: Y.Doc, id: string, origin: unknown) => void) {
  return fc.constantFrom(...ids).map(
    (id): Edit =>
      (doc, origin) => {
        if (readWidget(doc, id) !== undefined) edit(doc, id, origin);
      },
  );
}

function creates(id: string): Edit {
  return (doc, origin) => {
    if (readWidget(doc, id) === undefined) createWidget(doc, newWidget(id), origin);
  };
}

function removes(id: string): Edit {
  return (doc, origin) => removeWidget(doc, id, origin);
}

/** Edits that set something to a value, whatever it was. */
function setting(ids: string[]) {
  const value = fc.nat(1000);
  return fc.oneof(
    fc
      .tuple(fc.constantFrom('k', 'j', 'new'), value)
      .chain(([key, n]) =>
        ofWidget(ids, (doc, id, origin) => setState(doc, id, { [key]: n }, origin)),
      ),
    value.chain((x) =>
      ofWidget(ids, (doc, id, origin) => setGeom(doc, id, { x, y: x, w: 1, h: 1 }, origin)),
    ),
    value.map(
      (n): Edit =>
        (doc, origin) =>
          setTitle(doc, `title ${n}`, origin),
    ),
  );
}

function inserting(ids: string[]) {
  return fc.tuple(fc.nat(), fc.string({ minLength: 1, maxLength: 4 })).chain(([at, string]) =>
    fc.oneof(
      ofWidget(ids, (doc, id, origin) => {
        const text = widgetText(doc, id, 'text');
        doc.transact(() => text?.insert(at % (text.length + 1), string), origin);
      }),
      ofWidget(ids, (doc, id, origin) => {
        const length = widgetList(doc, id, 'list')?.length ?? 0;
        insertItems(doc, id, 'list', at % (length + 1), [string], origin);
      }),
    ),
  );
}

function deleting(ids: string[]) {
  return fc.nat().chain((at) =>
    fc.oneof(
      ofWidget(ids, (doc, id, origin) => {
        const text = widgetText(doc, id, 'text');
        if (text?.length) doc.transact(() => text.delete(at % text.length, 1), origin);
      }),
      ofWidget(ids, (doc, id, origin) => {
        const length = widgetList(doc, id, 'list')?.length ?? 0;
        if (length > 0) removeItems(doc, id, 'list', at % length, 1, origin);
      }),
    ),
  );
}

function step(edit: fc.Arbitrary<Edit>, theirEdit: fc.Arbitrary<Edit>) {
  return fc.oneof(
    { arbitrary: fc.record({ who: fc.constant('me'), edit }), weight: 4 },
    { arbitrary: fc.record({ who: fc.constant('them'), edit: theirEdit }), weight: 4 },
    { arbitrary: fc.record({ who: fc.constantFrom('begin', 'end', 'deliver') }), weight: 3 },
  );
}

function undoAll(history: BoardHistory): void {
  while (history.undo());
  expect(history.canUndo).toBe(false);
}

const seed = process.env['TEST_SEED'];
const parameters = { numRuns: 500, ...(seed === undefined ? {} : { seed: Number(seed) }) };

// Of what both can remove at the same time Yjs does not say that both did: see the docstring of History.
const any = ['a', 'b', 'mine', 'theirs'];
const myEdit = fc.oneof(
  setting(any),
  inserting(any),
  deleting(['a', 'mine', 'theirs']),
  fc.constantFrom(creates('mine'), removes('mine'), removes('a'), removes('theirs')),
);
const theirEdit = fc.oneof(
  setting(['a', 'b', 'theirs']),
  inserting(['a', 'b', 'theirs']),
  deleting(['b']),
  fc.constantFrom(creates('theirs'), removes('b')),
);

test('undoing all leaves what the others made of the board, who knew nothing of my edits', () => {
  fc.assert(
    fc.property(
      fc.array(step(myEdit, theirEdit), { maxLength: 40 }),
      fc.boolean(),
      (steps, iWin) => {
        const start = startOf(1);
        for (const id of ['a', 'b']) createWidget(start, newWidget(id));
        const [mine, theirs] = [startOf(iWin ? 9 : 2, start), startOf(3, start)];
        const history = new BoardHistory({ mergeWithinMs: 0 });
        history.attach(mine, [me]);
        const inbox: Uint8Array[] = [];
        theirs.on('update', (update: Uint8Array) => inbox.push(update));
        for (const one of steps) {
          if (one.who === 'begin') history.begin();
          else if (one.who === 'end') history.end();
          else if (!('edit' in one)) Y.applyUpdate(mine, inbox.shift() ?? noUpdate, 'remote');
          else if (one.who === 'me') one.edit(mine, me);
          else one.edit(theirs, 'them');
        }
        for (const update of inbox) Y.applyUpdate(mine, update, 'remote');
        undoAll(history);
        expect(readBoard(mine)).toEqual(readBoard(theirs));
        while (history.redo());
        undoAll(history);
        expect(readBoard(mine)).toEqual(readBoard(theirs));
        Y.applyUpdate(theirs, Y.encodeStateAsUpdate(mine), 'remote');
        expect(readBoard(theirs)).toEqual(readBoard(mine));
        history.close();
      },
    ),
    parameters,
  );
});

const mySetting = fc.oneof(
  setting(any),
  fc.constantFrom(creates('mine'), removes('mine'), removes('a')),
);
const theirSetting = fc.oneof(
  setting(['a', 'b', 'theirs']),
  fc.constantFrom(creates('theirs'), removes('b')),
);

test('undoing all leaves what the others set, who saw my edits and set things over them', () => {
  fc.assert(
    fc.property(
      fc.array(step(mySetting, theirSetting), { maxLength: 40 }),
      fc.boolean(),
      (steps, iWin) => {
        const start = startOf(1);
        for (const id of ['a', 'b']) createWidget(start, newWidget(id));
        const [mine, theirs] = [startOf(iWin ? 9 : 2, start), startOf(3, start)];
        const alone = startOf(4, start);
        const history = new BoardHistory({ mergeWithinMs: 0 });
        history.attach(mine, [me]);
        const meet = () => {
          Y.applyUpdate(mine, Y.encodeStateAsUpdate(theirs), 'remote');
          Y.applyUpdate(theirs, Y.encodeStateAsUpdate(mine), 'remote');
          expect(readBoard(theirs)).toEqual(readBoard(mine));
        };
        for (const one of steps) {
          if (one.who === 'begin') history.begin();
          else if (one.who === 'end') history.end();
          else if (!('edit' in one)) meet();
          else if (one.who === 'me') one.edit(mine, me);
          else {
            // Only what they really did counts: a widget may be away for them, and not for `alone`.
            let did = false;
            theirs.once('update', () => {
              did = true;
            });
            one.edit(theirs, 'them');
            if (did) one.edit(alone, 'them');
          }
        }
        meet();
        undoAll(history);
        expect(readBoard(mine)).toEqual(readBoard(alone));
        meet();
        history.close();
      },
    ),
    parameters,
  );
});

const noUpdate = Y.encodeStateAsUpdate(new Y.Doc());
