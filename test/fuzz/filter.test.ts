import {
  decodeUpdate,
  expectCanonical,
  filterUpdate,
  isComplete,
  isIntegrated,
  type Place,
  readBoard,
  type UpdateRules,
} from '@tessera/model';
import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { makeBoard } from '../support/grant-cases.ts';
import { random } from '../support/random.ts';
import { contentOf } from './content.ts';
import { honestEdit } from './honest-edits.ts';
import { UpdateMutator } from './mutate-update.ts';

const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 30_000);
/** Boards grow, and rounds take longer. */
const ROUNDS_PER_BOARD = 50;
const [ADA, MALLORY] = [100, 200];

const mayWriteSome = (place: Place) => 'widget' in place && place.widget.startsWith('open');
const mayWriteAll = () => true;

/** A copy to edit under this client id, even if it has edited before. */
function copyFor(clientId: number, doc: Y.Doc): Y.Doc {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  copy.clientID = clientId;
  return copy;
}

/** What may not change. */
function forbiddenIn(doc: Y.Doc): unknown {
  const { widgets, title } = readBoard(doc);
  const shut = Object.entries(widgets).filter(([id]) => !id.startsWith('open'));
  const roots = [...doc.share.keys()].sort();
  return { title, roots, else: doc.getMap('else').toJSON(), shut: Object.fromEntries(shut) };
}

/** What the node does with an update; undefined when it was not taken. */
function take(doc: Y.Doc, bytes: Uint8Array, rules: UpdateRules) {
  let filtered: ReturnType<typeof filterUpdate>;
  try {
    const update = decodeUpdate(bytes);
    expectCanonical(update, bytes);
    if (!isComplete(update, doc)) return undefined;
    filtered = filterUpdate(update, bytes, doc, rules);
  } catch (error) {
    expect(String(error)).toMatch(/malformed|too large/);
    return undefined;
  }
  try {
    Y.applyUpdate(doc, filtered.bytes);
  } catch {
    return undefined; // Yjs cannot read it; the node closes the socket, and keeps what it had read
  }
  return filtered;
}

it('no update changes what its sender may not write, or makes copies part, however it is made', () => {
  const dice = random();
  console.info(`TEST_SEED=${dice.seed}, ${ROUNDS} updates`);
  const mutator = new UpdateMutator(dice);
  const counts = { taken: 0, whole: 0, refused: 0 };
  for (let done = 0; done < ROUNDS; done += ROUNDS_PER_BOARD) {
    const server = new Y.Doc();
    makeBoard(server);
    server.getMap('else');
    const replica = new Y.Doc();
    Y.applyUpdate(replica, Y.encodeStateAsUpdate(server));
    server.on('update', (update: Uint8Array) => Y.applyUpdate(replica, update));
    const clients = [MALLORY, MALLORY, ADA, 7, 1_000];
    const mayWrite = dice.next() < 0.7 ? mayWriteSome : mayWriteAll;
    for (let round = 0; round < ROUNDS_PER_BOARD; round++) {
      if (round % 10 === 0) {
        Y.applyUpdate(server, honestEdit(copyFor(ADA, server), dice));
      }
      const honest = honestEdit(copyFor(MALLORY, server), dice);
      const bytes = mutator.mutate(honest, { doc: server, clients });
      const before = forbiddenIn(server);
      const isOwn = dice.next() < 0.5 ? () => true : (client: number) => client === MALLORY;
      const taken = take(server, bytes, { mayWrite, isOwn });
      if (mayWrite === mayWriteSome) {
        expect(forbiddenIn(server), `round ${done + round}`).toEqual(before);
      }
      if (taken !== undefined) {
        counts.taken += 1;
        if (taken.refused === undefined) counts.whole += 1;
        else counts.refused += 1;
        const { pendingStructs, pendingDs } = server.store;
        if (pendingStructs === null && pendingDs === null) {
          expect(isIntegrated(taken.decoded, server)).toBe(true);
        }
      }
      // As the door does.
      server.store.pendingStructs = null;
      server.store.pendingDs = null;
    }
    expect(contentOf(replica)).toEqual(contentOf(server));
    // In another order, which is all the same also where Mallory may write.
    const again = new Y.Doc();
    again.getMap('else');
    Y.applyUpdate(again, Y.encodeStateAsUpdate(server));
    expect(contentOf(again)).toEqual(contentOf(server));
    if (mayWrite === mayWriteSome) expect(forbiddenIn(again)).toEqual(forbiddenIn(server));
    expect(again.store.pendingStructs).toBeNull();
  }
  console.info(JSON.stringify(counts));
  expect(counts.whole).toBeGreaterThan(ROUNDS / 100);
  expect(counts.refused).toBeGreaterThan(ROUNDS / 20);
}, 3_600_000);
