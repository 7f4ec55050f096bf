import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { startNodeOnPostgres, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';

const CYCLES = 10_000;
const BOARDS = 500;
const MAX_GROWTH_MIB = 5;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}

describe('opening and closing boards', () => {
  it(`${CYCLES} times leaves memory and timers where they were`, { timeout: 180_000 }, async () => {
    const node = await startNodeOnPostgres();
    const cycle = async (index: number) => {
      const token = tokenFor(`actor-${index % 50}`);
      const client = await RawClient.open(node.url, `acme/cycle-${index % BOARDS}`, token);
      if (index % 10 === 0) {
        client.edit((doc) => doc.getMap('m').set('index', index));
        await client.until(() => client.acks === 2, 'the ack');
      }
      await client.close();
    };
    const settled = async () => {
      await eventually(() => node.loadedBoards === 0 && node.openSockets === 0, {
        what: 'everything to be unloaded',
      });
      collectGarbage();
      return { heapMiB: process.memoryUsage().heapUsed / 2 ** 20, timers: timers() };
    };
    const run = async (from: number, to: number) => {
      for (let index = from; index < to; index += 4) {
        await Promise.all([0, 1, 2, 3].map((offset) => cycle(index + offset)));
      }
      return settled();
    };
    // The first tenth fills caches: prepared statements, compiled code, one log row a board.
    const before = await run(0, CYCLES / 10);
    const after = await run(CYCLES / 10, CYCLES);
    console.log({ before, after });
    // Now and then: a timer that is set anew after each query is not there while that runs.
    await eventually(() => timers() <= before.timers, { what: 'as few timers as before' });
    expect(after.heapMiB - before.heapMiB).toBeLessThan(MAX_GROWTH_MIB);
    await node.close();
  });
});
