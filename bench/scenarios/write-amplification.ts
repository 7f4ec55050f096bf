import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import * as Y from 'yjs';
import { joinBoard, PacedWriter } from '../load/paced-writer.ts';
import { databaseWork } from '../machine/services.ts';
import { onOwnSite } from './own-site.ts';
import type { Scenario } from './scenario.ts';

const BOARD = 'bench/write-amplification';
const WIDGETS = 1_000;
/** So that the board has 1 MB. Numbers, because PostgreSQL compresses what repeats. */
const NUMBERS_PER_WIDGET = 110;
const WIDGETS_AN_UPDATE = 100;
const EDITS_PER_SECOND = 10;
const EDIT_MS = 15_000;
const EDIT_MS_QUICK = 3_000;
/** Longer than stock Hocuspocus waits after the last edit before it stores. */
const QUIET_MS = 3_000;
const QUIET_WITHIN_MS = 20_000;

export const writeAmplification: Scenario = {
  name: 'write-amplification',
  about:
    'a board of 1 MB, one client sets one key of it 10 times a second for 15 s; what PostgreSQL wrote until all was stored, as a multiple of the updates that were sent',
  figures: [
    { key: 'pgBytesPerEditByte', title: 'WAL', unit: '× edits', digits: 1 },
    { key: 'walPerEdit', title: 'WAL an edit', unit: 'B', digits: 0 },
    { key: 'editBytes', title: 'an edit', unit: 'B', digits: 0 },
    { key: 'commitsPerEdit', title: 'commits an edit', unit: '', digits: 2 },
  ],
  contestants: ['tessera-postgres', 'hocuspocus-postgres'],
  rounds: 1,
  isQuick: false,
  run: (scene) =>
    onOwnSite(scene, {}, async (site, { figures, faults }) => {
      const database = new pg.Client({ connectionString: site.databaseUrl });
      await database.connect();
      try {
        const writer = await PacedWriter.open(site, BOARD, { window: 4 });
        await fill(writer);
        await untilNothingIsWritten(database);
        const before = await databaseWork(database);
        const [sent, sentBytes] = [writer.sent, writer.sentBytes];
        await editSteadily(writer, scene.isQuick ? EDIT_MS_QUICK : EDIT_MS);
        await writer.settled();
        await untilNothingIsWritten(database);
        const after = await databaseWork(database);
        const edits = writer.sent - sent;
        const bytes = writer.sentBytes - sentBytes;
        figures['pgBytesPerEditByte'] = (after.walBytes - before.walBytes) / bytes;
        figures['walPerEdit'] = (after.walBytes - before.walBytes) / edits;
        figures['editBytes'] = bytes / edits;
        figures['commitsPerEdit'] = (after.commits - before.commits) / edits;
        const newcomer = await joinBoard(site, BOARD);
        if (stepOf(newcomer.doc) !== edits - 1) faults.push('who joins does not get the last edit');
        await newcomer.close();
        await writer.close();
      } finally {
        await database.end();
      }
    }),
};

async function fill(writer: PacedWriter): Promise<void> {
  for (let from = 0; from < WIDGETS; from += WIDGETS_AN_UPDATE) {
    await writer.edit((doc) =>
      doc.transact(() => {
        for (let at = from; at < from + WIDGETS_AN_UPDATE; at++) {
          const series = Array.from({ length: NUMBERS_PER_WIDGET }, () => Math.random());
          doc.getMap('widgets').set(`widget-${at}`, new Y.Map<unknown>(Object.entries({ series })));
        }
      }),
    );
  }
  await writer.settled();
}

async function editSteadily(writer: PacedWriter, forMs: number): Promise<void> {
  const startedAt = performance.now();
  const edits = (forMs / 1_000) * EDITS_PER_SECOND;
  for (let step = 0; step < edits; step++) {
    await delay(Math.max(0, startedAt + (step * 1_000) / EDITS_PER_SECOND - performance.now()));
    await writer.edit((doc) => editedOf(doc)?.set('step', step));
  }
}

function editedOf(doc: Y.Doc): Y.Map<unknown> | undefined {
  return doc.getMap<Y.Map<unknown>>('widgets').get('widget-7');
}

function stepOf(doc: Y.Doc): unknown {
  return editedOf(doc)?.get('step');
}

/** Whatever a server puts off is stored. PostgreSQL itself writes a few bytes now and then. */
async function untilNothingIsWritten(database: pg.Client): Promise<void> {
  const deadline = performance.now() + QUIET_WITHIN_MS;
  for (let last = -1; ; ) {
    const { commits } = await databaseWork(database);
    if (commits === last) return;
    if (performance.now() > deadline) throw new Error('the database is written to all the time');
    last = commits;
    await delay(QUIET_MS);
  }
}
