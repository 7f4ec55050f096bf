import type { TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { RawClient } from '../support/raw-client.ts';
import { expectSound, startTestNode, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const BOARD = 'acme/outage';
const OUTAGE_MS = 10_000;

describe('while PostgreSQL is away', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let databaseUrl: string;
  let node: TesseraNode;

  beforeAll(async () => {
    postgres = await startPostgres();
    databaseUrl = await postgres.createDatabase();
    node = await startTestNode({ DATABASE_URL: databaseUrl });
  });

  afterAll(async () => {
    await node.close();
    await postgres.close();
  });

  async function readiness() {
    const response = await fetch(`${node.url}/readyz`);
    return { status: response.status, body: (await response.json()) as { reasons: string[] } };
  }

  for (const [how, end] of [
    ['stopped', () => postgres.stop()],
    ['killed with SIGKILL', () => postgres.kill()],
  ] as const) {
    it(`peers see each other's edits, nothing is acked, and all is once it is back (${how})`, async () => {
      const ada = await RawClient.open(node.url, BOARD, tokenFor('ada'));
      const bob = await RawClient.open(node.url, BOARD, tokenFor('bob'));
      let sent = 0;
      const editing = setInterval(() => {
        for (const client of [ada, bob]) client.edit((doc) => doc.getArray(how).push([sent]));
        sent += 1;
      }, 10);
      await ada.until(() => ada.acks > 20, 'acks before the outage');

      await end();
      const goneAt = performance.now();
      await eventually(async () => (await readiness()).status === 503, { what: '/readyz says so' });
      expect((await readiness()).body.reasons.join()).toMatch(/database/);
      await ada.until(
        () => ada.stateless.some((message) => message['state'] === 'delayed'),
        'the status says "delayed"',
      );
      const [acksOfAda, acksOfBob, seenBefore] = [ada.acks, bob.acks, sent];
      await eventually(() => performance.now() - goneAt > OUTAGE_MS, {
        what: 'the outage to last',
        timeoutMs: 2 * OUTAGE_MS,
      });
      expect([ada.acks, bob.acks]).toEqual([acksOfAda, acksOfBob]);
      clearInterval(editing);
      const total = 2 * sent;
      expect(sent).toBeGreaterThan(seenBefore + 100);
      for (const client of [ada, bob]) {
        await client.until(() => client.doc.getArray(how).length === total, 'all edits at a peer');
      }

      await postgres.start();
      const backAt = performance.now();
      for (const client of [ada, bob]) {
        await client.until(() => client.acks === sent + 1, 'all acks');
      }
      console.log(`${how}: all acked ${Math.round(performance.now() - backAt)} ms after the start`);
      expect(ada.stateless.at(-1)).toMatchObject({ type: 'durability', state: 'ok' });
      expect((await readiness()).status).toBe(200);

      await Promise.all([ada.close(), bob.close()]);
      const fresh = await RawClient.open(node.url, BOARD, tokenFor('carol'));
      expect(fresh.doc.getArray(how).length).toBe(total);
      await fresh.close();
      await expectSound(databaseUrl);
    });
  }

  it('a client that wants to open a board is told to try again', async () => {
    await postgres.stop();
    const client = new RawClient(node.url, 'acme/not-loaded');
    await client.opened();
    client.authenticate(tokenFor());
    expect((await client.untilClosed()).code).toBe(1013);
    await postgres.start();
    await eventually(async () => (await readiness()).status === 200);
    await (await RawClient.open(node.url, 'acme/not-loaded', tokenFor())).close();
  });
});
