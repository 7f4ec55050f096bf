import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { random } from '../support/random.ts';
import { FilteringServer, YjsClient } from './yjs-clients.ts';
import { below, pick, rootsOf } from './yjs-edits.ts';

const STEPS = Number(process.env['FUZZ_ROUNDS'] ?? 30_000);
const STEPS_PER_BOARD = 60;

function contentOf(doc: Y.Doc): unknown {
  const [widgets, text, list, xml] = rootsOf(doc);
  return [widgets.toJSON(), text.toString(), list.toJSON(), xml.toString()];
}

/** Whether all went well, but for UndoManager, which may fail on what it has restored often (yjs 13.6.33). */
function play(server: FilteringServer, dice: ReturnType<typeof random>): boolean {
  try {
    for (let left = STEPS_PER_BOARD; left > 0; left--) pick(dice, server.clients)?.act();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return false;
  }
  for (let left = 4; left > 0; left--) for (const client of server.clients) client.settle();
  return true;
}

it('nothing is refused that Yjs makes, whatever is undone, and the log makes the same board again', () => {
  const dice = random();
  console.info(`TEST_SEED=${dice.seed}, ${STEPS} steps`);
  const counts = { taken: 0, changed: 0, failed: 0 };
  for (let done = 0; done < STEPS; done += STEPS_PER_BOARD) {
    const server = new FilteringServer();
    const people = 2 + below(dice, 3);
    for (let left = people; left > 0; left--) new YjsClient(server, dice);
    if (!play(server, dice)) counts.failed += 1;
    const content = contentOf(server.doc);
    const replayed = new Y.Doc();
    for (const update of server.log) Y.applyUpdate(replayed, update);
    const loaded = new Y.Doc();
    Y.applyUpdate(loaded, Y.encodeStateAsUpdate(server.doc));
    expect(contentOf(replayed), `the log after ${done}`).toEqual(content);
    expect(contentOf(loaded), `the state after ${done}`).toEqual(content);
    counts.taken += server.counts.taken;
    counts.changed += server.counts.changed;
  }
  console.info(JSON.stringify(counts));
  expect(counts.failed).toBeLessThan(1 + STEPS / 1_000);
  expect(counts.taken).toBeGreaterThan(STEPS / 10);
}, 3_600_000);
