import * as Y from 'yjs';
import { readTrace } from '../../test/support/traces.ts';
import { FIRST_CLIENT_ID, joinBoard, PacedWriter } from '../load/paced-writer.ts';
import { cpuMs } from '../machine/machine.ts';
import { onOwnSite, unlimited } from './own-site.ts';
import type { Scenario } from './scenario.ts';

const TRACE = 'automerge-paper';
const EDITS = 259_778;
const EDITS_QUICK = 10_000;
const WINDOW = 200;
const BOARD = 'bench/trace';
const ENDS_WITHIN_MS = 90_000;

/** Needs `../shared/data`. */
export const trace: Scenario = {
  name: 'trace',
  about: `a recorded paper, typed key by key: ${EDITS.toLocaleString('en-US')} edits by one client, each an update, as fast as they are acked with ${WINDOW} on their way; without acks, as fast as they arrive at a second client`,
  figures: [
    { key: 'seconds', title: 'it took', unit: 's', digits: 1 },
    { key: 'cpuSeconds', title: 'CPU', unit: 's', digits: 1 },
    { key: 'cpuPerUpdateUs', title: 'CPU an update', unit: 'µs', digits: 0 },
    { key: 'joinBytes', title: 'sent to who joins', unit: 'B', digits: 0 },
  ],
  contestants: ['tessera-postgres', 'hocuspocus', 'y-websocket'],
  rounds: 1,
  isQuick: false,
  run: (scene) =>
    onOwnSite(scene, unlimited, async (site, { figures, faults }) => {
      const { updates, text } = typed(scene.isQuick ? EDITS_QUICK : EDITS);
      const writer = await PacedWriter.open(site, BOARD, {
        window: WINDOW,
        clientId: FIRST_CLIENT_ID,
      });
      const [cpuBefore, from] = [await cpuMs(site.pids), performance.now()];
      let sent = 0;
      for (const update of updates) {
        await writer.sendUpdate(update);
        sent += 1;
        if (performance.now() - from < ENDS_WITHIN_MS) continue;
        faults.push(`${sent} of ${updates.length} edits in ${ENDS_WITHIN_MS} ms`);
        break;
      }
      await writer.settled();
      const cpu = (await cpuMs(site.pids)) - cpuBefore;
      figures['seconds'] = (performance.now() - from) / 1_000;
      figures['cpuSeconds'] = cpu / 1_000;
      figures['cpuPerUpdateUs'] = (cpu * 1_000) / sent;
      const newcomer = await joinBoard(site, BOARD);
      figures['joinBytes'] = newcomer.bytes;
      if (sent === updates.length && newcomer.doc.getText('text').toString() !== text) {
        faults.push('the text of who joins is not the one that was typed');
      }
      await newcomer.close();
      await writer.close();
    }),
};

interface Typed {
  readonly updates: readonly Uint8Array[];
  readonly text: string;
}

const made = new Map<number, Typed>();

/** The first edits of the trace as updates, made once for all contestants. */
function typed(edits: number): Typed {
  const known = made.get(edits);
  if (known !== undefined) return known;
  const { txns, endContent } = readTrace(TRACE);
  const doc = new Y.Doc();
  doc.clientID = FIRST_CLIENT_ID;
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  const text = doc.getText('text');
  for (const { patches } of txns.slice(0, edits)) {
    for (const [position, deleted, inserted] of patches) {
      if (deleted > 0) text.delete(position, deleted);
      if (inserted !== '') text.insert(position, inserted);
    }
  }
  const result = { updates, text: text.toString() };
  if (edits >= txns.length && result.text !== endContent) {
    throw new Error(`the trace ${TRACE} was not replayed as it was recorded`);
  }
  made.set(edits, result);
  return result;
}
