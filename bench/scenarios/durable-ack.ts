import { type Services, withDatabase } from '../machine/services.ts';
import { type Delays, delaysOf } from '../machine/statistics.ts';
import { editFigures, runShape } from './editing.ts';
import type { Figure, Scenario } from './scenario.ts';

const BOARDS = 50;
const COMMITS = 500;
const COMMITS_QUICK = 100;
const UPDATE_BYTES = 60;

const figures: readonly Figure[] = [
  { key: 'ackP50Ms', title: 'ack p50', unit: 'ms', digits: 2 },
  { key: 'ackP95Ms', title: 'p95', unit: 'ms', digits: 2 },
  { key: 'ackP99Ms', title: 'p99', unit: 'ms', digits: 2 },
  { key: 'commitP50Ms', title: 'bare commit p50', unit: 'ms', digits: 2 },
  { key: 'commitP99Ms', title: 'p99', unit: 'ms', digits: 2 },
  ...editFigures.filter(({ key }) =>
    ['cpuPerUpdateUs', 'cpuShare', 'commitsPerUpdate', 'walPerUpdate'].includes(key),
  ),
];

export const durableAcks: readonly Scenario[] = [100, 1_000, 5_000].map((perSecond) => {
  const name = `durable-ack-${perSecond}`;
  const shape = { boards: BOARDS, clients: 2, writers: 1, perSecond: perSecond / BOARDS };
  return {
    name,
    about: `${perSecond.toLocaleString('en-US')} updates/s on ${BOARDS} boards × 2 clients, one writes: from an edit to its ack. The ack of Tessera says that it is saved, that of Hocuspocus that it was received. Just before, ${COMMITS} commits of one row of ${UPDATE_BYTES} bytes, one after the other on one connection to the same PostgreSQL`,
    figures,
    contestants: ['tessera-embedded', 'tessera-postgres', 'hocuspocus-postgres'],
    rounds: perSecond === 1_000 ? 2 : 1,
    isQuick: false,
    async run(scene) {
      // The servers first: they start in the background, and are warmed up.
      await scene.site();
      const bare = await commitAlone(scene.stage.services, scene.isQuick ? COMMITS_QUICK : COMMITS);
      const outcome = await runShape(scene, name, shape);
      const commits = { commitP50Ms: bare.p50, commitP99Ms: bare.p99 };
      return { ...outcome, figures: { ...outcome.figures, ...commits } };
    },
  };
});

/** What a commit takes whoever asks for it: the floor of an ack that says "saved". */
async function commitAlone(services: Services, count: number): Promise<Delays> {
  return withDatabase(await services.createDatabase(), async (client) => {
    const { rows } = await client.query<{ fsync: string; commit: string }>(
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit`,
    );
    if (rows[0]?.fsync !== 'on' || rows[0].commit !== 'on') {
      throw new Error('this PostgreSQL does not wait for its disk: see fsync, synchronous_commit');
    }
    await client.query('CREATE TABLE bare (at bigserial PRIMARY KEY, bytes bytea NOT NULL)');
    const insert = {
      name: 'bare-insert',
      text: 'INSERT INTO bare (bytes) VALUES ($1)',
      values: [Buffer.alloc(UPDATE_BYTES, 7)],
    };
    const took: number[] = [];
    for (let n = 0; n < count; n++) {
      const from = performance.now();
      await client.query(insert);
      took.push(performance.now() - from);
    }
    return delaysOf(took);
  });
}
