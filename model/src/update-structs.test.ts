import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { random } from '../../test/support/random.ts';
import { endOfRun, UpdateStructs } from './update-structs.ts';

/** A board, and an update of three clients that leans on it, with items of many lengths. */
function edited(dice: ReturnType<typeof random>) {
  const board = new Y.Doc();
  board.getText('text').insert(0, 'text that is there');
  const docs = [board, new Y.Doc(), new Y.Doc()];
  const edit = (doc: Y.Doc) => {
    const text = doc.getText('text');
    const at = Math.floor(dice.between(0, text.length));
    if (dice.next() < 0.3 && text.length > 3) text.delete(Math.min(at, text.length - 2), 2);
    else text.insert(at, 'x'.repeat(1 + Math.floor(dice.next() * dice.next() * 9)));
  };
  const meet = () => {
    const all = Y.mergeUpdates(docs.map((doc) => Y.encodeStateAsUpdate(doc)));
    for (const doc of docs) Y.applyUpdate(doc, all);
  };
  for (let round = 0; round < 8; round++) {
    meet();
    for (const doc of docs) for (let n = 0; n < 5; n++) edit(doc);
  }
  const before = new Y.Doc();
  Y.applyUpdate(before, Y.encodeStateAsUpdate(board));
  meet();
  for (const doc of docs) for (let n = 0; n < 30; n++) edit(doc);
  meet();
  const bytes = Y.encodeStateAsUpdate(board, Y.encodeStateVector(before));
  return { before, update: Y.decodeUpdate(bytes) };
}

it('finds what each clock is in, in whatever order it is asked', () => {
  const dice = random();
  console.info(`TEST_SEED=${dice.seed}`);
  for (let round = 0; round < 20; round++) {
    const { before, update } = edited(dice);
    const structs = new UpdateStructs(update, before);
    const all = [...before.store.clients.values()].flat().concat(update.structs as Y.Item[]);
    const clients = [...new Set(all.map(({ id }) => id.client)), 7];
    for (let n = 0; n < 2_000; n++) {
      const client = clients[Math.floor(dice.between(0, clients.length))] ?? 7;
      const clock = Math.floor(dice.between(0, 400));
      // Of the document rather than of the update.
      const expected = all.find(
        ({ id, length }) => id.client === client && id.clock <= clock && clock < id.clock + length,
      );
      expect(structs.find(client, clock)).toBe(expected);
      const author = structs.author(client);
      expect(author.known).toBe(Y.getState(before.store, client));
      const news = update.structs[structs.newsAt(author, clock)];
      if (clock >= author.known) expect(news).toBe(expected);
    }
  }
});

it('knows where the structs of a client end', () => {
  const runs = [3, 1, 4, 1].map((count, client) =>
    Array.from({ length: count }, (_, clock) => new Y.GC(Y.createID(client, clock), 1)),
  );
  const structs = runs.flat();
  expect([0, 1, 2, 3, 4, 7, 8].map((from) => endOfRun(structs, from))).toEqual([
    3, 3, 3, 4, 8, 8, 9,
  ]);
});
