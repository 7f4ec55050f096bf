import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createDatabase } from '../support/postgres.ts';
import { random } from '../support/random.ts';
import { RawClient } from '../support/raw-client.ts';
import {
  expectSound,
  removeFolder,
  startNodeProcess,
  temporaryFolder,
  tokenFor,
} from '../support/tessera.ts';

const KILLS = 20;
const CLIENTS = 4;
const BOARD = 'acme/kill';
const ackAtOnce = fileURLToPath(new URL('../support/ack-at-once.ts', import.meta.url));

/**
 * Four clients push numbered items onto one list while the node is killed at a random moment, again
 * and again on the same data. Counts the acked items that are missing or doubled afterwards.
 */
async function killAgainAndAgain(env: Record<string, string>, kills: number, script?: string) {
  const { between, seed } = random();
  const acked = new Set<string>();
  let sent = 0;
  for (let round = 0; round < kills; round++) {
    const node = await startNodeProcess(env, script);
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) =>
        RawClient.open(node.url, BOARD, tokenFor(`actor-${index}`)),
      ),
    );
    const items = clients.map(() => [] as string[]);
    const pace = setInterval(() => {
      for (const [index, client] of clients.entries()) {
        if (client.closed) continue;
        const item = `${round}/${index}/${items[index]?.length}`;
        items[index]?.push(item);
        client.edit((doc) => doc.getArray('items').push([item]));
        sent += 1;
      }
    }, 2);
    await new Promise((resolve) => setTimeout(resolve, between(50, 700)));
    await node.kill();
    clearInterval(pace);
    for (const [index, client] of clients.entries()) {
      await client.untilClosed();
      // The first ack answers the initial sync; after it, the nth ack answers the nth edit.
      for (const item of items[index]?.slice(0, client.acks - 1) ?? []) acked.add(item);
      client.doc.destroy();
    }
  }
  const node = await startNodeProcess(env, script);
  const reader = await RawClient.open(node.url, BOARD, tokenFor('reader'));
  const found = reader.doc.getArray<string>('items').toArray();
  await reader.close();
  const exitCode = await node.stop();
  const kept = new Set(found);
  const lost = [...acked].filter((item) => !kept.has(item));
  console.log({ seed, kills, sent, acked: acked.size, found: found.length, lost: lost.length });
  return { acked: acked.size, lost: lost.length, doubled: found.length - kept.size, exitCode };
}

describe(`kill -9 at ${KILLS} random moments under edits of ${CLIENTS} clients`, () => {
  it('loses nothing acked on PostgreSQL', { timeout: 180_000 }, async () => {
    const databaseUrl = await createDatabase();
    const result = await killAgainAndAgain({ DATABASE_URL: databaseUrl }, KILLS);
    expect(result).toMatchObject({ lost: 0, doubled: 0, exitCode: 0 });
    expect(result.acked).toBeGreaterThan(KILLS * CLIENTS);
    await expectSound(databaseUrl);
  });

  it('loses nothing acked on the embedded store', { timeout: 180_000 }, async () => {
    const folder = await temporaryFolder();
    const result = await killAgainAndAgain({ TESSERA_DATA_DIR: folder }, KILLS);
    expect(result).toMatchObject({ lost: 0, doubled: 0, exitCode: 0 });
    expect(result.acked).toBeGreaterThan(KILLS * CLIENTS);
    await removeFolder(folder);
  });

  it('would be noticed to lose, if the node acked at once', { timeout: 60_000 }, async () => {
    const env = { DATABASE_URL: await createDatabase() };
    expect((await killAgainAndAgain(env, 5, ackAtOnce)).lost).toBeGreaterThan(0);
  });
});
