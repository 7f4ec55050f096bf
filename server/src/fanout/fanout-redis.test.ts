import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startProxy, type TcpProxy } from '../../../test/support/proxy.ts';
import { type Redis, startRedis } from '../../../test/support/redis.ts';
import { eventually } from '../../../test/support/wait.ts';
import { connectRedis } from './fanout-redis.ts';
import { order, Station } from './test-station.ts';

const BOARD = 'acme/a';
const CHANNEL = `tessera:board:${BOARD}`;

describe('the fan-out when Redis', () => {
  let redis: Redis;
  let proxy: TcpProxy;
  let stations: Station[];
  let logged: string[];

  beforeEach(async () => {
    redis = await startRedis();
    proxy = await startProxy({ port: redis.port });
    stations = [];
    logged = [];
  });

  afterEach(async () => {
    await Promise.all(stations.map(({ fanout }) => fanout.close()));
    await proxy.close();
    await redis.close();
  });

  function connect(url = redis.url): Station {
    const log = pino({ level: 'warn' }, { write: (line) => logged.push(line) });
    const station = new Station((events) => connectRedis([url], events, { log }));
    stations.push(station);
    return station;
  }
  /** Two nodes, the second of which reaches Redis through the proxy and is subscribed to the board. */
  async function pair(): Promise<[Station, Station]> {
    const [one, two] = [connect(), connect(proxy.url(redis.url))];
    await Promise.all([one.untilRestored(), two.untilRestored()]);
    await two.fanout.subscribe(BOARD);
    return [one, two];
  }
  async function expectToWork(from: Station, to: Station, name: string): Promise<void> {
    from.fanout.publish(order(BOARD, name));
    await to.until(name);
  }
  const channels = async () => (await redis.command('PUBSUB', 'SHARDCHANNELS')) as string[];

  it('is not there yet: says so, and works once it is', async () => {
    await redis.stop();
    const [one, two] = [connect(), connect()];
    await two.fanout.subscribe(BOARD);
    one.fanout.publish(order(BOARD, 'too early'));
    await eventually(() => one.failures.length > 0 && one.unsent.length > 0);
    expect(one.fanout.failure?.message).toMatch(/ECONNREFUSED .*: is it running\?/);
    expect(one.fanout.failure?.message).toContain(`127.0.0.1:${redis.port}`);
    expect(one.failures).toHaveLength(1);
    await redis.start();
    await Promise.all([one.untilRestored(), two.untilRestored()]);
    expect(one.fanout.failure).toBeUndefined();
    await expectToWork(one, two, 'now');
    expect(two.names).toEqual(['now']);
  });

  it.for(['stop', 'kill'] as const)(
    'restarts after %s: tells what it could not send, and works again',
    async (way) => {
      const [one, two] = await pair();
      await expectToWork(one, two, 'before');
      await redis[way]();
      await eventually(() => one.failures.length > 0 && two.failures.length > 0);
      expect(two.fanout.failure?.message).toContain(`${proxy.port}`);
      await eventually(() => two.fanout.subscriptions === 0);
      const lost = order(BOARD, 'lost');
      one.fanout.publish(lost);
      await eventually(() => one.unsent.includes(lost));
      // Nothing of this reaches Redis, and all of it counts.
      await two.fanout.subscribe('acme/new');
      two.fanout.unsubscribe('acme/old');
      await two.fanout.subscribe('acme/fickle');
      two.fanout.unsubscribe('acme/fickle');
      await redis.start();
      await Promise.all([one.untilRestored(2), two.untilRestored(2)]);
      expect([one.fanout.failure, two.fanout.failure]).toEqual([undefined, undefined]);
      expect(two.fanout.subscriptions).toBe(2);
      expect((await channels()).toSorted()).toEqual([
        CHANNEL,
        'tessera:board:acme/new',
        'tessera:nodes',
      ]);
      await expectToWork(one, two, 'after');
      expect(two.names).toEqual(['before', 'after']);
    },
  );

  it('is flushed: nobody notices', async () => {
    const [one, two] = await pair();
    await redis.flushAll();
    await expectToWork(one, two, 'after');
    expect(two).toMatchObject({ failures: [], restored: 1 });
  });

  it('is cut off from one node: it comes back with everything, and the other notices nothing', async () => {
    const [one, two] = await pair();
    await proxy.cut();
    await eventually(() => two.failures.length > 0);
    const lost = order(BOARD, 'lost');
    two.fanout.publish(lost);
    await eventually(() => two.unsent.includes(lost));
    one.fanout.publish(order(BOARD, 'missed'));
    await proxy.restore();
    await two.untilRestored(2);
    await expectToWork(one, two, 'after');
    expect(two.names).toEqual(['after']);
    expect(one).toMatchObject({ failures: [], unsent: [], restored: 1 });
  });

  it.for(['cut', 'blackHole'] as const)(
    'is away (%s) when a node closes: it does not wait for it',
    async (how) => {
      const [, two] = await pair();
      await proxy[how]();
      if (how === 'cut') await eventually(() => two.failures.length > 0);
      const told = two.failures.length;
      void two.fanout.subscribe('acme/b');
      two.fanout.publish({ type: 'alive', leaving: true });
      const startedAt = performance.now();
      await two.fanout.close();
      expect(performance.now() - startedAt).toBeLessThan(1_000);
      await proxy.restore();
      await connect(proxy.url(redis.url)).untilRestored();
      expect(two).toMatchObject({ restored: 1, failures: { length: told } });
      expect(await channels()).toEqual(['tessera:nodes']);
    },
  );

  it('falls silent without a word: notices within 3 s, and nobody waits for it', async () => {
    const [one, two] = await pair();
    proxy.blackHole();
    const silentSince = performance.now();
    const lost = order(BOARD, 'lost');
    two.fanout.publish(lost);
    await two.fanout.subscribe('acme/b');
    expect(performance.now() - silentSince).toBeLessThan(1_500);
    await eventually(() => two.failures.length > 0 && two.unsent.includes(lost));
    expect(performance.now() - silentSince).toBeLessThan(3_000);
    one.fanout.publish(order(BOARD, 'missed'));
    // What was held is lost with its connection.
    await proxy.restore({ held: 'reset' });
    await two.untilRestored(2);
    await expectToWork(one, two, 'after');
    two.fanout.publish(order(undefined, 'back'));
    await one.until('back');
    expect(two.names).not.toContain('missed');
    expect((await channels()).toSorted()).toContain('tessera:board:acme/b');
  });

  it('takes connections and says nothing: tries again until it does', async () => {
    process.kill(redis.pid, 'SIGSTOP');
    const one = connect();
    await eventually(() => one.failures.length > 0);
    expect(one.fanout.failure?.message).toMatch(/no answer for 2000 ms/);
    process.kill(redis.pid, 'SIGCONT');
    await one.untilRestored();
  });

  it('answers late: says when messages arrive after all', async () => {
    const [one, two] = await pair();
    process.kill(redis.pid, 'SIGSTOP');
    await two.fanout.subscribe('acme/late');
    process.kill(redis.pid, 'SIGCONT');
    await two.untilRestored(2);
    one.fanout.publish(order('acme/late', 'after'));
    await two.until('after');
  });

  it('is not asked for a while because the node is busy: is not taken for dead', async () => {
    const [one, two] = await pair();
    // Right after it was asked something.
    void two.fanout.subscribe('acme/b');
    const until = performance.now() + 3_000;
    while (performance.now() < until) Math.random();
    await expectToWork(one, two, 'after');
    expect([...one.failures, ...two.failures]).toEqual([]);
  });

  it('throws a subscriber out because it reads too slowly: comes back', async () => {
    const [one, two] = await pair();
    await redis.command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 1kb 1kb 0');
    one.fanout.publish({
      type: 'updates',
      board: BOARD,
      epoch: 'e',
      firstSeq: 1,
      lastSeq: 1,
      updates: [new Uint8Array(4_000_000)],
    });
    await two.untilRestored(2);
    expect(two.failures.map(({ message }) => message).join()).toMatch(/closed|ECONNRESET/);
    await eventually(() => one.fanout.failure === undefined);
    await expectToWork(one, two, 'after');
  });

  it('stands still while much is said: keeps no more than it can, and goes on afterwards', async () => {
    const [one, two] = await pair();
    process.kill(redis.pid, 'SIGSTOP');
    const of = { type: 'updates', board: 'acme/read-by-nobody', epoch: 'e' } as const;
    const updates = [new Uint8Array(20_000_000)];
    for (let seq = 1; seq <= 5; seq++) {
      one.fanout.publish({ ...of, firstSeq: seq, lastSeq: seq, updates });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(one.unsent.length).toBe(2);
    expect(one.failures.map(({ message }) => message).join()).toMatch(/does not keep up/);
    process.kill(redis.pid, 'SIGCONT');
    await one.untilRestored(2);
    await expectToWork(one, two, 'after');
  });

  it('ends the connections of a kind, of which each node has two: works again with both', async () => {
    const [one, two] = await pair();
    for (const [index, kind] of ['normal', 'pubsub'].entries()) {
      await redis.command('CLIENT', 'KILL', 'TYPE', kind);
      await Promise.all([one.untilRestored(index + 2), two.untilRestored(index + 2)]);
      await expectToWork(one, two, `after ${kind}`);
    }
    expect([...one.failures, ...two.failures].join()).toContain('closed the connection');
  });

  it('carries what is not of a node: ignores it, and writes it into the log', async () => {
    const [one, two] = await pair();
    for (const bytes of ['', 'hello', '\x01\x00\x02me', '\x01\x04\x00', '\xff\xff\xff']) {
      await redis.command('SPUBLISH', CHANNEL, bytes);
    }
    await expectToWork(one, two, 'after');
    expect(two.received).toHaveLength(1);
    expect(logged.length).toBeGreaterThan(0);
  });

  it('speaks of things that only newer nodes know: ignores them silently', async () => {
    const [one, two] = await pair();
    await redis.command('SPUBLISH', CHANNEL, '\x02whatever');
    await redis.command('SPUBLISH', CHANNEL, '\x01\x63\x02me');
    await expectToWork(one, two, 'after');
    expect(two.received).toHaveLength(1);
    expect(logged).toEqual([]);
  });

  it('serves exactly the boards that are subscribed to, also 10,000 of them through a restart', async () => {
    const [, two] = await pair();
    const boards = Array.from({ length: 10_000 }, (_, index) => `acme/${index}`);
    await Promise.all(boards.map((board) => two.fanout.subscribe(board)));
    const wanted = ['tessera:nodes', CHANNEL, ...boards.map((board) => `tessera:board:${board}`)];
    await eventually(() => two.fanout.failure === undefined);
    expect((await channels()).toSorted()).toEqual(wanted.toSorted());
    const before = two.restored;
    await redis.kill();
    await eventually(() => two.fanout.failure !== undefined);
    await redis.start();
    await two.untilRestored(before + 1);
    expect(two.fanout.subscriptions).toBe(10_001);
    expect((await channels()).toSorted()).toEqual(wanted.toSorted());
    for (const board of boards) two.fanout.unsubscribe(board);
    await eventually(async () => (await channels()).length === 2);
  });

  it('wants another password: says what to check, and works once it is right', async () => {
    await redis.command('CONFIG', 'SET', 'requirepass', 'right');
    const [one, two] = [connect(), connect(redis.url.replace('//', '//:wrong@'))];
    await eventually(() => one.failures.length > 0 && two.failures.length > 0);
    for (const { fanout } of [one, two]) {
      expect(fanout.failure?.message).toMatch(/(NOAUTH|WRONGPASS).*user and password in REDIS_URL/);
    }
    const three = connect(redis.url.replace('//', '//:right@'));
    await three.untilRestored();
  });

  it('does not allow its user to subscribe: says what to allow', async () => {
    const user = ['ACL', 'SETUSER', 'node', 'on', '>pass', '-@all', '+@connection'];
    await redis.command(...user);
    const one = connect(redis.url.replace('//', '//node:pass@'));
    await eventually(() => one.failures.length > 0);
    expect(one.fanout.failure?.message).toMatch(/NOPERM.*ssubscribe/);
    const advice = /let its user do "(.*)" on the channels "(.*)"/.exec(
      one.failures[0]?.message ?? '',
    );
    await redis.command(...user, ...(advice?.[1] ?? '').split(' '), advice?.[2] ?? '');
    await one.untilRestored();
  });
});

it('names the version it needs when Redis is too old', async () => {
  const redis = await startRedis(['--rename-command', 'SSUBSCRIBE', '']);
  const log = pino({ level: 'silent' });
  const station = new Station((events) => connectRedis([redis.url], events, { log }));
  await eventually(() => station.failures.length > 0);
  expect(station.fanout.failure?.message).toMatch(/7 or newer/);
  expect(station.restored).toBe(0);
  await station.fanout.close();
  await redis.close();
});
