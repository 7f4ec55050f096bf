import type { TesseraNode } from '@tessera/server';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { stockHocuspocus, stockYWebsocket } from '../support/providers.ts';
import { expectSound, startNodeOnPostgres, tokenFor } from '../support/tessera.ts';
import { hasSharedData, readTrace, type Trace } from '../support/traces.ts';
import { eventually } from '../support/wait.ts';

describe.skipIf(!hasSharedData)(
  'recorded editing sessions (skipped without ../shared/data)',
  () => {
    let node: TesseraNode;
    let databaseUrl: string;

    beforeAll(async () => {
      node = await startNodeOnPostgres();
      databaseUrl = node.settings.databaseUrl ?? '';
    });

    afterAll(() => node.close());

    it('two people typing concurrently, one on each protocol, end with the recorded text', {
      timeout: 120_000,
    }, async () => {
      const board = 'acme/friends';
      const trace = readTrace('friendsforever');
      const clients = [
        stockHocuspocus(node.url, board, tokenFor('ada')),
        stockYWebsocket(node.url, board, tokenFor('bob')),
      ];
      await replay(
        trace,
        clients.map((client) => client.doc),
      );
      const texts = () => clients.map((client) => client.doc.getText('text').toString());
      await eventually(() => texts().every((text) => text === trace.endContent), {
        what: 'both ends equal the recorded text',
        timeoutMs: 30_000,
      });
      const fresh = stockHocuspocus(node.url, board, tokenFor('carol'));
      await eventually(() => fresh.doc.getText('text').toString() === trace.endContent, {
        what: 'the server equals the recorded text',
      });
      for (const client of [...clients, fresh]) client.destroy();
    });

    it('259,778 single edits of one writer end with the recorded text', {
      timeout: 180_000,
    }, async () => {
      const board = 'acme/paper';
      const trace = readTrace('automerge-paper');
      const writer = stockHocuspocus(node.url, board, tokenFor('ada'));
      await eventually(() => writer.provider.isSynced);
      const startedAt = performance.now();
      const text = writer.doc.getText('text');
      for (const [index, { patches }] of trace.txns.entries()) {
        for (const [position, deleted, inserted] of patches) {
          if (deleted > 0) text.delete(position, deleted);
          if (inserted !== '') text.insert(position, inserted);
        }
        if (index % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await eventually(() => !writer.provider.hasUnsyncedChanges, {
        what: 'everything is saved',
        timeoutMs: 120_000,
      });
      const savedAfterMs = performance.now() - startedAt;
      expect(text.toString()).toBe(trace.endContent);
      writer.destroy();
      await eventually(() => node.loadedBoards === 0, { what: 'the board is unloaded' });

      const loadedFrom = performance.now();
      const reader = stockHocuspocus(node.url, board, tokenFor('bob'));
      await eventually(() => reader.provider.isSynced, { what: 'the reader is synced' });
      const loadMs = performance.now() - loadedFrom;
      expect(reader.doc.getText('text').toString()).toBe(trace.endContent);
      reader.destroy();
      console.log(await report(databaseUrl, board, { savedAfterMs, loadMs }));
      await expectSound(databaseUrl);
    });
  },
);

async function report(databaseUrl: string, board: string, times: Record<string, number>) {
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const { rows } = await database.query(
    `SELECT count(*)::int AS "rows", sum(octet_length(bytes))::int AS "logBytes",
      (SELECT octet_length(bytes) FROM snapshots WHERE board = $1) AS "snapshotBytes"
     FROM updates WHERE board = $1`,
    [board],
  );
  await database.end();
  const rounded = Object.entries(times).map(([name, ms]) => [name, Math.round(ms)]);
  return { board, ...rows[0], ...Object.fromEntries(rounded) };
}

/**
 * Replays a concurrent trace: each author edits a copy that holds just what they had seen when they
 * typed, but not before those edits have reached them through the server (`docs`, one per author).
 */
async function replay(trace: Trace, docs: Y.Doc[]): Promise<void> {
  const copies = docs.map((_, agent) => {
    const copy = new Y.Doc();
    // Who comes first of two that typed at one place is decided by the lower id, in Yjs as in the trace.
    copy.clientID = agent + 1;
    return copy;
  });
  /** Per transaction: who made it, its update, and the author's clock after it. */
  const made: { agent: number; update: Uint8Array; clock: number }[] = [];
  const shown = docs.map(() => new Set<number>());

  const show = async (agent: number, index: number): Promise<void> => {
    const edit = made[index];
    const seen = shown[agent];
    if (edit === undefined || seen === undefined || seen.has(index)) return;
    for (const parent of trace.txns[index]?.parents ?? []) await show(agent, parent);
    const doc = docs[agent] as Y.Doc;
    const author = copies[edit.agent]?.clientID ?? 0;
    if (Y.getState(doc.store, author) < edit.clock) {
      await eventually(() => Y.getState(doc.store, author) >= edit.clock, {
        what: `edit ${index} to reach author ${agent}`,
      });
    }
    Y.applyUpdate(copies[agent] as Y.Doc, edit.update);
    seen.add(index);
  };

  for (const [index, { agent, parents, patches }] of trace.txns.entries()) {
    for (const parent of parents) await show(agent, parent);
    const copy = copies[agent] as Y.Doc;
    const before = Y.encodeStateVector(copy);
    copy.transact(() => {
      const text = copy.getText('text');
      for (const [position, deleted, inserted] of patches) {
        const start = offsetOf(text, position);
        if (deleted > 0) text.delete(start, offsetOf(text, position + deleted) - start);
        if (inserted !== '') text.insert(start, inserted);
      }
    });
    const update = Y.encodeStateAsUpdate(copy, before);
    made.push({ agent, update, clock: Y.getState(copy.store, copy.clientID) });
    shown[agent]?.add(index);
    // As if typed into the connected document: its provider sends what is new.
    Y.applyUpdate(docs[agent] as Y.Doc, update, 'typed');
    if (index % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Traces count Unicode code points, Yjs counts UTF-16 units. */
function offsetOf(text: Y.Text, position: number): number {
  const content = text.toString();
  if (!/[\ud800-\udfff]/.test(content)) return position;
  return [...content].slice(0, position).join('').length;
}
