import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Redis, type RedisCluster, startRedisCluster } from '../../../test/support/redis.ts';
import { eventually } from '../../../test/support/wait.ts';
import { addressOf } from './redis-address.ts';
import { RedisShard } from './redis-shard.ts';

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster();
});

afterAll(() => cluster.close());

/** Some channels that the first master serves, and their slots. */
async function findPlaces(first: Redis): Promise<{ channel: string; slot: number }[]> {
  const places = Array.from({ length: 30 }, async (_, index) => {
    const channel = `tessera:board:acme/${index}`;
    return { channel, slot: Number(await first.command('CLUSTER', 'KEYSLOT', channel)) };
  });
  return (await Promise.all(places)).filter(({ slot }) => slot < 16_384 / 3);
}

const ASK = `
  const [port, words] = process.argv.slice(1);
  const socket = require('node:net').connect(Number(port), () => socket.write(words + '\\r\\n'));
  socket.once('data', (answer) => { process.stdout.write(answer); socket.destroy(); });
`;

/** Runs one command, and hears nothing from anybody until it is answered. */
function commandAtOnce({ port }: Redis, words: string): string {
  return execFileSync(process.execPath, ['-e', ASK, String(port), words]).toString();
}

it('a shard survives ending a subscription that Redis is just dropping', async () => {
  const [from, to] = cluster.masters;
  if (from === undefined || to === undefined) throw new Error('there are no two masters');
  const [moving, spoken, adopted] = await findPlaces(from);
  if (!moving || !spoken || !adopted) throw new Error('there are not enough channels');
  const toId = String(await to.command('CLUSTER', 'MYID'));
  const failures: string[] = [];
  // It gives no command with two channels, so it need not know their slots.
  const shard: RedisShard = new RedisShard(addressOf(from.url), {}, () => 0, {
    changed: () => failures.push(String(shard.failure?.message)),
    moved: () => undefined,
    message: () => undefined,
  });
  await eventually(() => shard.failure === undefined);
  await shard.want(moving.channel);

  const moved = commandAtOnce(from, `CLUSTER SETSLOT ${moving.slot} NODE ${toId}`);
  expect(moved).toBe('+OK\r\n');
  // We have yet to read that it dropped the channel. It refuses the first of these, and does the others.
  shard.unwant(moving.channel);
  const results = shard.publish([[spoken.channel, new Uint8Array([1])]]);
  shard.adopt([adopted.channel], new Error('to be subscribed to'));

  expect(await results).toEqual([undefined]);
  await eventually(() => shard.failure === undefined && shard.isSubscribed(adopted.channel));
  expect(await from.command('PUBSUB', 'SHARDCHANNELS')).toEqual([adopted.channel]);
  expect(shard.subscriptions).toBe(1);
  // It was connected anew, as the answers no longer belonged to their commands.
  expect(failures.join()).toContain('Command queue state error');
  shard.close();
});
