import type { Fanout } from '../../server/src/fanout/fanout.ts';
import { connectRedis } from '../../server/src/fanout/fanout-redis.ts';
import { eventually } from '../../test/support/wait.ts';
import { cpuMs, residentKiB } from '../machine/machine.ts';
import type { Services } from '../machine/services.ts';

const BOARDS = 100_000;
const MESSAGES = 50_000;
const AT_ONCE = 50;

/** Redis with 100,000 boards loaded, first on one node and then on two. */
export async function measureWire({ redisUrl, redisPid }: Services) {
  let received = 0;
  const connect = async (): Promise<Fanout> => {
    const connected = Promise.withResolvers<void>();
    const fanout = connectRedis(
      [redisUrl],
      {
        received: () => {
          received += 1;
        },
        unsent: () => undefined,
        away: () => undefined,
        restored: connected.resolve,
      },
      { log: console },
    );
    await connected.promise;
    return fanout;
  };
  const [first, second] = [await connect(), await connect()];
  const empty = await residentKiB(redisPid);
  await subscribeToAll(first);
  const afterOne = await residentKiB(redisPid);
  await subscribeToAll(second);
  const afterTwo = await residentKiB(redisPid);

  const cpuBefore = await cpuMs([redisPid]);
  const nodeBefore = process.cpuUsage();
  for (let sent = 0; sent < MESSAGES; sent += AT_ONCE) {
    for (let index = 0; index < AT_ONCE; index++) publish(first, (sent + index) % BOARDS);
    await eventually(() => received >= sent + AT_ONCE);
  }
  const node = process.cpuUsage(nodeBefore);
  const figures = {
    'KiB in Redis for a board that a first node loads': (afterOne - empty) / BOARDS,
    'KiB in Redis for a board that a second node loads': (afterTwo - afterOne) / BOARDS,
    'µs of CPU in Redis a message, to one node and back to its sender':
      (1_000 * ((await cpuMs([redisPid])) - cpuBefore)) / MESSAGES,
    'µs of CPU in both nodes a message': (node.user + node.system) / MESSAGES,
  };
  await Promise.all([first.close(), second.close()]);
  return figures;
}

async function subscribeToAll(fanout: Fanout): Promise<void> {
  for (let index = 0; index < BOARDS; index++) void fanout.subscribe(boardId(index));
  await eventually(() => fanout.subscriptions === BOARDS, { timeoutMs: 60_000 });
}

function publish(fanout: Fanout, index: number): void {
  const seq = index + 1;
  fanout.publish({
    type: 'updates',
    board: boardId(index),
    epoch: '7b4ae13c-7b11-4a5a-9c0e-4b6f1b1d2c3d',
    firstSeq: seq,
    lastSeq: seq,
    updates: [new Uint8Array(60)],
  });
}

function boardId(index: number): string {
  return `tenant-${index % 500}/board-${index}`;
}
