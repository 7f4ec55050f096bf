import { setTimeout as delay } from 'node:timers/promises';
import { removeFolder, temporaryFolder } from '../../test/support/tessera.ts';
import type { Site } from '../contestants/contestant.ts';
import { BenchClient } from '../load/bench-client.ts';
import { joinBoard } from '../load/paced-writer.ts';
import { onOwnSite } from './own-site.ts';
import type { Scenario } from './scenario.ts';

const WRITERS = 10;
/** Of all writers together. */
const EDITS_PER_SECOND = 200;
const EDIT_MS = 3_000;
const EDIT_MS_QUICK = 1_000;
const READ_MS = 100;
const BOARD = 'bench/kill';

export const kill: Scenario = {
  name: 'kill',
  about: `${WRITERS} writers make ${EDITS_PER_SECOND} edits a second for 3 s, each of a key of its own; then the server is killed with SIGKILL and started again. Lost: what was acked and a new client does not get`,
  figures: [
    { key: 'lost', title: 'acked edits lost', unit: '', digits: 0 },
    { key: 'lostShare', title: 'of those acked', unit: '%', digits: 1 },
    { key: 'unacked', title: 'not acked yet', unit: '', digits: 0 },
  ],
  contestants: ['tessera-embedded', 'tessera-postgres', 'hocuspocus-postgres'],
  rounds: 1,
  isQuick: true,
  async run(scene) {
    // The embedded store has to be where it was when the node is started again.
    const folder = await temporaryFolder();
    const env = { TESSERA_DATA_DIR: folder };
    try {
      return await onOwnSite(scene, env, async (site, { figures, faults }) => {
        const writers = await openWriters(site);
        await editFor(scene.isQuick ? EDIT_MS_QUICK : EDIT_MS, writers);
        await site.kill(0);
        // Acks that were on their way count.
        await delay(READ_MS);
        const sent = writers.flatMap((writer) => writer.sent);
        const acked = writers.flatMap((writer) => writer.sent.slice(0, writer.acked));
        await Promise.all(writers.map(({ client }) => client.close()));
        await site.restart(0);
        const newcomer = await joinBoard(site, BOARD);
        const kept = newcomer.doc.getMap('edits');
        const lost = acked.filter((key) => !kept.has(key));
        figures['lost'] = lost.length;
        figures['lostShare'] = (lost.length / acked.length) * 100;
        figures['unacked'] = sent.length - acked.length;
        if (acked.length < sent.length / 2) {
          faults.push(`only ${acked.length} of ${sent.length} edits were acked when it was killed`);
        }
        await newcomer.close();
      });
    } finally {
      await removeFolder(folder);
    }
  },
};

interface Writer {
  readonly client: BenchClient;
  /** The keys it has set, in that order, and how many of these were acked. */
  readonly sent: string[];
  acked: number;
  edit(): void;
}

async function openWriters(site: Site): Promise<Writer[]> {
  const writers: Writer[] = [];
  for (let index = 0; index < WRITERS; index++) {
    const client = await BenchClient.open(site.at(0, `writer ${index}`), BOARD, { witness: true });
    const { doc } = client;
    if (doc === undefined) throw new Error('a writer has a document');
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== client) client.sendUpdate(update);
    });
    const sent: string[] = [];
    const writer: Writer = {
      client,
      sent,
      acked: 0,
      edit: () => {
        const key = `${index}-${sent.length}`;
        sent.push(key);
        doc.getMap('edits').set(key, true);
      },
    };
    client.onAck = () => {
      writer.acked += 1;
    };
    writers.push(writer);
  }
  return writers;
}

async function editFor(forMs: number, writers: readonly Writer[]): Promise<void> {
  const startedAt = performance.now();
  const edits = (forMs / 1_000) * EDITS_PER_SECOND;
  for (let n = 0; n < edits; n++) {
    const due = startedAt + (n * 1_000) / EDITS_PER_SECOND;
    await delay(Math.max(0, due - performance.now()));
    writers[n % WRITERS]?.edit();
  }
}
