import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/wait.ts';
import type { Fanout, FanoutEvents } from './fanout.ts';
import type { FanoutMessage } from './message.ts';
import { order, Station } from './test-station.ts';

/** A network that nodes can be connected to. */
export interface TestWire {
  connect(events: FanoutEvents): Fanout;
  close(): Promise<void>;
}

/** What every fan-out promises. */
export function describeFanout(name: string, openWire: () => Promise<TestWire>): void {
  describe(name, () => {
    let wire: TestWire;
    let stations: Station[] = [];

    beforeAll(async () => {
      wire = await openWire();
    });

    afterEach(async () => {
      await Promise.all(stations.map(({ fanout }) => fanout.close()));
      stations = [];
    });

    afterAll(async () => {
      await wire.close();
    });

    /** Nodes on a wire that works. */
    async function join<Count extends number>(count: Count): Promise<Station[]> {
      const joined = Array.from({ length: count }, () => new Station((e) => wire.connect(e)));
      stations.push(...joined);
      await Promise.all(joined.map((station) => station.untilRestored()));
      return joined;
    }
    async function pair(): Promise<[Station, Station]> {
      const [one, two] = await join(2);
      if (one === undefined || two === undefined) throw new Error('there are no two nodes');
      return [one, two];
    }

    it('tells that it works after the first connect, and has no failure then', async () => {
      const [one] = await pair();
      expect(one).toMatchObject({ restored: 1, failures: [] });
      expect(one.fanout.failure).toBeUndefined();
    });

    it('delivers every kind of message as it was, down to the byte', async () => {
      const [one, two] = await pair();
      await two.fanout.subscribe('acme/a');
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      const messages: FanoutMessage[] = [
        {
          type: 'updates',
          board: 'acme/a',
          epoch: 'e1',
          firstSeq: 4_294_967_297,
          lastSeq: 4_294_967_298,
          updates: [bytes, new Uint8Array([0])],
        },
        {
          type: 'updates',
          board: 'acme/a',
          epoch: 'e1',
          firstSeq: 7,
          lastSeq: 9,
          updates: undefined,
        },
        { type: 'presence', board: 'acme/a', whole: true, entries: bytes },
        { type: 'presence', board: 'acme/a', whole: false, entries: new Uint8Array() },
        { type: 'presence-query', board: 'acme/a' },
        { type: 'alive', leaving: false },
        { type: 'alive', leaving: true },
        { type: 'control', board: 'acme/a', name: 'reset', detail: { to: 'ä "é" \0', by: '' } },
        { type: 'control', board: undefined, name: 'kick', detail: {} },
      ];
      for (const message of messages) one.fanout.publish(message);
      await eventually(() => two.received.length >= messages.length);
      // Those to all nodes may overtake those about the board.
      const sorted = (list: FanoutMessage[]) =>
        list.map((message) => JSON.stringify(message)).sort();
      expect(sorted(two.received.map(({ message }) => message))).toEqual(sorted(messages));
    });

    it('keeps the order of what one node says about a board', async () => {
      const [one, two] = await pair();
      await two.fanout.subscribe('acme/a');
      const names = Array.from({ length: 1_000 }, (_, index) => `n${index}`);
      for (const [index, name] of names.entries()) {
        one.fanout.publish(order('acme/a', name));
        // Some in one go, some apart.
        if (index % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
      }
      await two.until('n999');
      expect(two.names).toEqual(names);
    });

    it('names the sender, another one for each start', async () => {
      const [one, two, three] = await join(3);
      one?.fanout.publish(order(undefined, 'of one'));
      two?.fanout.publish(order(undefined, 'of two'));
      two?.fanout.publish(order(undefined, 'of two again'));
      await eventually(() => three?.received.length === 3);
      const senders = Map.groupBy(three?.received ?? [], ({ from }) => from);
      expect([...senders.values()].map(({ length }) => length).sort()).toEqual([1, 2]);
    });

    it('tells nobody what he said himself', async () => {
      const [one, two] = await pair();
      await Promise.all([one.fanout.subscribe('acme/a'), two.fanout.subscribe('acme/a')]);
      one.fanout.publish(order('acme/a', 'own'));
      one.fanout.publish(order(undefined, 'own, to all'));
      await two.until('own');
      await two.until('own, to all');
      // What comes back would have come before this.
      two.fanout.publish(order('acme/a', 'foreign'));
      two.fanout.publish(order(undefined, 'foreign, to all'));
      await one.until('foreign');
      await one.until('foreign, to all');
      expect(one.names.toSorted()).toEqual(['foreign', 'foreign, to all']);
    });

    it('delivers a board only to who is subscribed to it', async () => {
      const [one, two, three] = await join(3);
      await two?.fanout.subscribe('acme/a');
      await three?.fanout.subscribe('acme/b');
      await three?.fanout.subscribe('acme/a/b');
      one?.fanout.publish(order('acme/a', 'for a'));
      one?.fanout.publish(order('acme/b', 'for b'));
      await two?.until('for a');
      await three?.until('for b');
      expect(two?.names).toEqual(['for a']);
      expect(three?.names).toEqual(['for b']);
    });

    it('delivers what is said from the moment that subscribing resolves', async () => {
      const [one, two] = await pair();
      for (let index = 0; index < 100; index++) {
        await two.fanout.subscribe(`acme/${index}`);
        one.fanout.publish(order(`acme/${index}`, `n${index}`));
      }
      await two.until('n99');
      await eventually(() => two.names.length === 100);
    });

    it('delivers nothing once a board is unsubscribed from', async () => {
      const [one, two] = await pair();
      await Promise.all([two.fanout.subscribe('acme/a'), two.fanout.subscribe('acme/b')]);
      one.fanout.publish(order('acme/a', 'before'));
      await two.until('before');
      one.fanout.publish(order('acme/a', 'during'));
      await letItBeSent();
      two.fanout.unsubscribe('acme/a');
      await two.fanout.subscribe('acme/b');
      one.fanout.publish(order('acme/a', 'after'));
      one.fanout.publish(order('acme/b', 'mark'));
      await two.until('mark');
      expect(two.names).toEqual(['before', 'mark']);
    });

    it('ends as it was told last, however quickly one changes its mind', async () => {
      const [one, two] = await pair();
      const { fanout } = two;
      const first = fanout.subscribe('acme/in');
      fanout.unsubscribe('acme/in');
      await Promise.all([first, fanout.subscribe('acme/in'), fanout.subscribe('acme/in')]);
      await fanout.subscribe('acme/out');
      fanout.unsubscribe('acme/out');
      const again = fanout.subscribe('acme/out');
      fanout.unsubscribe('acme/out');
      fanout.unsubscribe('acme/never');
      await again;
      one.fanout.publish(order('acme/out', 'out'));
      one.fanout.publish(order('acme/in', 'in'));
      await two.until('in');
      expect(two.names).toEqual(['in']);
      expect(fanout.subscriptions).toBe(1);
    });

    it('counts the boards it is subscribed to, each once', async () => {
      const [one] = await pair();
      expect(one.fanout.subscriptions).toBe(0);
      const boards = Array.from({ length: 50 }, (_, index) => `acme/${index}`);
      await Promise.all([...boards, ...boards].map((board) => one.fanout.subscribe(board)));
      expect(one.fanout.subscriptions).toBe(50);
      for (const board of boards.slice(10)) one.fanout.unsubscribe(board);
      expect(one.fanout.subscriptions).toBe(10);
    });

    it('delivers what was said right before closing', async () => {
      const [one, two] = await pair();
      await two.fanout.subscribe('acme/a');
      // More than fits into the buffers on the way.
      const updates = [new Uint8Array(20_000_000)];
      const of = { type: 'updates', board: 'acme/a', epoch: 'e', firstSeq: 1, lastSeq: 1 } as const;
      one.fanout.publish({ ...of, updates });
      one.fanout.publish(order('acme/a', 'last'));
      one.fanout.publish({ type: 'alive', leaving: true });
      await one.fanout.close();
      await two.until('last');
      await eventually(() => two.received.some(({ message }) => message.type === 'alive'));
    });

    it('closes once, and calls nothing back afterwards', async () => {
      const [one, two] = await pair();
      await Promise.all([one.fanout.subscribe('acme/a'), two.fanout.subscribe('acme/a')]);
      two.fanout.publish(order('acme/a', 'too late'));
      await Promise.all([one.fanout.close(), one.fanout.close()]);
      await one.fanout.close();
      one.fanout.publish(order('acme/a', 'from beyond'));
      await one.fanout.subscribe('acme/b');
      one.fanout.unsubscribe('acme/b');
      const [three] = await join(1);
      await three?.fanout.subscribe('acme/a');
      two.fanout.publish(order('acme/a', 'after'));
      await three?.until('after');
      expect(one).toMatchObject({ unsent: [], failures: [], restored: 1 });
      expect(one.names).not.toContain('after');
      expect(two.names).toEqual([]);
    });
  });
}

/** Lets a message get as far as it can without this process reading anything that comes in. */
async function letItBeSent(): Promise<void> {
  await Promise.resolve();
  const until = performance.now() + 50;
  while (performance.now() < until) Math.random();
}
