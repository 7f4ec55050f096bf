import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { UpdateMutator } from '../../test/fuzz/mutate-update.ts';
import { random } from '../../test/support/random.ts';
import { hasSharedData, readDashboard, readTrace } from '../../test/support/traces.ts';
import { type Dashboard, widgetsFromDashboard } from '../../test/support/widgets-from-dashboard.ts';
import {
  character,
  hostileToBoards,
  hostileUpdate,
  hostileUpdates,
  nestedMap,
} from './test-hostile.ts';
import { decodeUpdate, expectCanonical, isComplete } from './update.ts';
import { updateBudget } from './update-budget.ts';
import { checkBoardBudget } from './update-budget-board.ts';
import { UpdateScan } from './update-budget-scan.ts';
import { createWidget, setState } from './widget.ts';

/** What a scan counts, of an update that may hold this share of the budget. */
function counts(bytes: Uint8Array, share = 1) {
  const budget = Object.fromEntries(
    Object.entries(updateBudget).map(([name, limit]) => [name, limit / share]),
  ) as typeof updateBudget;
  const scan = new UpdateScan(bytes, budget);
  scan.run();
  const { structs, clients, deletions } = scan;
  return { structs, clients, deletions };
}

function countsOf({ structs, ds }: ReturnType<typeof Y.decodeUpdate>) {
  const deletions = [...ds.clients.values()].reduce((sum, ranges) => sum + ranges.length, 0);
  return {
    structs: structs.length,
    clients: new Set(structs.map(({ id }) => id.client)).size,
    deletions,
  };
}

/** What a door lets in. */
function accept(bytes: Uint8Array, doc = new Y.Doc()): void {
  const update = decodeUpdate(bytes);
  expectCanonical(update, bytes);
  expect(isComplete(update, doc)).toBe(true);
  checkBoardBudget(update, doc);
}

describe('the budget of an update', () => {
  it.each(Object.keys(hostileUpdates))(
    'refuses too many %s, before anything is decoded',
    (what) => {
      const bytes = hostileUpdates[what]?.() ?? new Uint8Array();
      const name = what.replace(' of JSON', '');
      expect(() => decodeUpdate(bytes)).toThrow(
        expect.objectContaining({
          code: 'too-large',
          closeCode: 4413,
          message: expect.stringMatching(
            new RegExp(`the update has \\d+ ${name}.*, at most \\d+ are`),
          ),
        }),
      );
    },
  );

  it.each(Object.keys(hostileToBoards))('refuses too many %s on a board', (what) => {
    const bytes = hostileToBoards[what]?.() ?? new Uint8Array();
    expect(() => accept(bytes)).toThrow(
      expect.objectContaining({
        code: 'too-large',
        message: expect.stringContaining(what),
      }),
    );
  });

  it('refuses one more level, or root type, of a board that has as many as it may', () => {
    const { maxLevels, maxRootTypes } = updateBudget;
    const nested = new Y.Doc();
    Y.applyUpdate(nested, hostileUpdate([{ client: 1, structs: maxLevels, write: nestedMap }]));
    const editor = new Y.Doc();
    Y.applyUpdate(editor, Y.encodeStateAsUpdate(nested));
    let inEditor = editor.getMap('root').get('k') as Y.Map<unknown>;
    for (let level = 1; level < maxLevels; level++) inEditor = inEditor.get('k') as Y.Map<unknown>;
    let update = new Uint8Array();
    editor.on('update', (bytes: Uint8Array) => {
      update = new Uint8Array(bytes);
    });
    inEditor.set('a value', 1);
    accept(update, nested);
    Y.applyUpdate(nested, update);
    inEditor.set('a map', new Y.Map());
    expect(() => accept(update, nested)).toThrow(`${maxLevels + 1} levels of types`);

    const rooted = new Y.Doc();
    for (let root = 0; root < maxRootTypes; root++) rooted.getMap(`${root}`);
    const inRoot = (root: string) =>
      hostileUpdate([{ client: 1, structs: 1, write: character(() => ({ root })) }]);
    accept(inRoot('7'), rooted);
    expect(() => accept(inRoot('new'), rooted)).toThrow(`${maxRootTypes + 1} root types`);
  });

  it('leaves bytes that are no update to be refused as malformed', () => {
    const whole = hostileUpdate([{ client: 1, structs: 2_000, write: character(() => ({})) }]);
    for (const length of [501, 1_000, whole.length - 2, whole.length - 1]) {
      expect(() => decodeUpdate(whole.subarray(0, length))).toThrow(/malformed/);
    }
    for (const byte of [128, 200, 255]) {
      expect(() => decodeUpdate(new Uint8Array(5_000).fill(byte))).toThrow(/malformed/);
    }
  });

  it('takes whatever documents people make, and counts what Yjs decodes', () => {
    const dice = random();
    console.info(`TEST_SEED=${dice.seed}`);
    for (let round = 0; round < 150; round++) {
      const docs = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
      for (let edit = 0; edit < 60; edit++) {
        const doc = docs[edit % 3] ?? new Y.Doc();
        editSomehow(doc, dice);
        if (dice.next() < 0.2) Y.applyUpdate(docs[0] ?? doc, Y.encodeStateAsUpdate(doc));
      }
      const bytes = Y.mergeUpdates(docs.map((doc) => Y.encodeStateAsUpdate(doc)));
      expect(counts(bytes, 4)).toEqual(countsOf(Y.decodeUpdate(bytes)));
      accept(bytes);
    }
  });

  it('counts what Yjs decodes of updates that nobody makes, too', () => {
    const dice = random();
    console.info(`TEST_SEED=${dice.seed}`);
    const mutator = new UpdateMutator(dice);
    let decoded = 0;
    for (let round = 0; round < 3_000; round++) {
      const doc = new Y.Doc();
      for (let edit = 0; edit < 5; edit++) editSomehow(doc, dice);
      const bytes = mutator.mutate(Y.encodeStateAsUpdate(doc), { doc, clients: [doc.clientID, 7] });
      let update: ReturnType<typeof Y.decodeUpdate>;
      try {
        update = Y.decodeUpdate(bytes);
      } catch {
        continue; // what a scan says of it does not matter
      }
      decoded += 1;
      const { structs, deletions } = counts(bytes);
      expect(structs).toBe(update.structs.length);
      // Yjs forgets a first list of deletions of a client it has a second one of.
      expect(deletions).toBeGreaterThanOrEqual(countsOf(update).deletions);
    }
    expect(decoded).toBeGreaterThan(1_000);
  });
});

describe.skipIf(!hasSharedData)('real input (skipped without ../shared/data)', () => {
  const panels = () => widgetsFromDashboard(readDashboard('node-exporter-full') as Dashboard);

  it('of 4 MB at once takes a quarter of the budget at most', () => {
    const doc = new Y.Doc();
    let copies = 0;
    while (Y.encodeStateAsUpdate(doc).byteLength < 4_000_000) {
      copies += 1;
      for (const panel of panels()) createWidget(doc, { ...panel, id: `${panel.id}-${copies}` });
    }
    const bytes = Y.encodeStateAsUpdate(doc);
    counts(bytes, 4);
    accept(bytes);
  });

  it('of 10,000 edits made offline takes a quarter of the budget at most', () => {
    const doc = new Y.Doc();
    for (const panel of panels()) createWidget(doc, panel);
    const board = new Y.Doc();
    Y.applyUpdate(board, Y.encodeStateAsUpdate(doc));
    const ids = panels().map(({ id }) => id);
    for (let edit = 0; edit < 10_000; edit++) {
      setState(doc, ids[(edit * 7) % ids.length] ?? '', { title: `title ${edit}`, x: edit });
    }
    const bytes = Y.encodeStateAsUpdate(doc, Y.encodeStateVector(board));
    expect(counts(bytes, 4).structs).toBe(20_000);
    accept(bytes, board);
  });

  it('of 260,000 recorded edits takes a quarter of the budget at most', () => {
    const doc = new Y.Doc();
    const text = doc.getText('text');
    for (const { patches } of readTrace('automerge-paper').txns) {
      for (const [at, deleted, inserted] of patches) {
        if (deleted > 0) text.delete(at, deleted);
        if (inserted !== '') text.insert(at, inserted);
      }
    }
    const bytes = Y.encodeStateAsUpdate(doc);
    counts(bytes, 4);
    accept(bytes);
  });
});

function editSomehow(doc: Y.Doc, dice: ReturnType<typeof random>): void {
  const below = (end: number) => Math.floor(dice.between(0, end));
  const [map, list, text] = [doc.getMap('map'), doc.getArray('list'), doc.getText('text')];
  const xml = doc.getXmlFragment('xml');
  const value = [
    below(9),
    'ß😀"\\[{,',
    null,
    { a: [1, { b: [] }] },
    new Uint8Array(3),
    2 ** 40,
    -1.5,
  ][below(7)];
  switch (below(9)) {
    case 0:
      map.set(`key ${below(5)}`, value);
      return;
    case 1:
      map.set(`key ${below(5)}`, below(2) === 0 ? new Y.Map([['inner', value]]) : new Y.Array());
      return;
    case 2:
      list.insert(below(list.length), [value, value]);
      return;
    case 3:
      text.insert(below(text.length), 'some "text", [ß]', { bold: true, link: { to: 'x,y' } });
      return;
    case 4:
      text.insertEmbed(below(text.length), { image: ['a', { b: '"],' }] });
      return;
    case 5:
      xml.insert(0, [new Y.XmlElement('p'), new Y.XmlText('text')]);
      return;
    case 6:
      map.set('document', new Y.Doc({ guid: 'inner', meta: { value } }));
      return;
    case 7:
      list.delete(0, below(Math.min(3, list.length)));
      return;
    default:
      text.delete(0, below(Math.min(5, text.length)));
  }
}
