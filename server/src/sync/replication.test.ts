import { Document } from '@hocuspocus/server';
import { applyStoredBoard, type BoardStore, createMemoryBoardStore } from '@tessera/persistence';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { eventually } from '../../../test/support/wait.ts';
import { ContentRules } from '../content/board-content.ts';
import type { Fanout, FanoutEvents } from '../fanout/fanout.ts';
import { LocalWire } from '../fanout/fanout-local.ts';
import type { FanoutMessage } from '../fanout/message.ts';
import { fromLog, LiveBoard } from './live-board.ts';
import { Replication } from './replication.ts';

const BOARD = 'acme/a';

/** A wire that can be taken away, as a node sees its own end of it. */
class Line {
  readonly sent: FanoutMessage[] = [];
  restored = 0;
  /** Messages are lost on their way to this node, which does not notice. */
  deaf = false;
  events: FanoutEvents | undefined;
  #failure: Error | undefined;
  readonly #wire: LocalWire;

  constructor(wire: LocalWire) {
    this.#wire = wire;
  }

  connect(events: FanoutEvents): Fanout {
    this.events = events;
    const line = this;
    const fanout = this.#wire.connect({
      ...events,
      restored: () => {
        line.restored += 1;
        events.restored();
      },
      received: (message, from) => {
        if (!line.deaf && line.#failure === undefined) events.received(message, from);
      },
    });
    return {
      get failure() {
        return line.#failure;
      },
      subscriptions: 0,
      subscribe: (board) => fanout.subscribe(board),
      unsubscribe: (board) => fanout.unsubscribe(board),
      publish(message) {
        if (line.#failure !== undefined) return events.unsent(message);
        line.sent.push(message);
        fanout.publish(message);
      },
      close: () => fanout.close(),
    };
  }

  cut(): void {
    this.#failure = new Error('cut');
    this.events?.away(this.#failure);
  }

  restore(): void {
    this.#failure = undefined;
    this.deaf = false;
    this.events?.restored();
  }
}

/** The part of a node that replicates, with one document per board and no clients. */
class TestNode {
  readonly live = new Map<string, LiveBoard>();
  readonly line: Line;
  readonly obeyed: string[] = [];
  readonly reset: string[] = [];
  readonly fellBack: string[] = [];
  readonly replication: Replication;
  readonly #store: BoardStore;

  constructor(wire: LocalWire, store: BoardStore) {
    this.#store = store;
    this.line = new Line(wire);
    this.replication = new Replication({
      connect: (events) => this.line.connect(events),
      store,
      live: this.live,
      obey: ({ name, detail }) => this.obeyed.push(`${name} ${detail['actor']}`),
      wasReset: ({ id }) => this.reset.push(id),
      fellBack: ({ id }) => this.fellBack.push(id),
      storeIsShared: true,
      counters: { published: () => undefined, received: () => undefined, unsent: () => undefined },
      log: pino({ level: 'silent' }),
    });
  }

  async open(id = BOARD, whileLoading: () => unknown = () => undefined): Promise<LiveBoard> {
    const document = new Document(id);
    await this.replication.loading(id);
    const stored = await this.#store.load(id);
    if (stored === undefined) throw new Error(`there is no board ${id}`);
    await whileLoading();
    applyStoredBoard(document, stored);
    const board = new LiveBoard(document, stored, {
      joinsPerSecond: 100,
      rules: new ContentRules({ maxBytes: 1e9, maxWidgets: 1e6, refused: () => undefined }),
      readLog: (after) => this.#store.loadTail(id, after),
      tellNodes: (whole, entries) => this.replication.tellPresence(id, whole, entries),
      failed: () => undefined,
    });
    this.live.set(id, board);
    this.replication.loaded(board);
    return board;
  }

  /** Edits the board as a client of this node would, and commits that. */
  async push(value: string, id = BOARD): Promise<void> {
    const board = this.live.get(id);
    if (board === undefined) throw new Error(`${id} is not open`);
    const before = Y.encodeStateVector(board.document);
    board.document.getArray('list').push([value]);
    const bytes = Y.encodeStateAsUpdate(board.document, before);
    const update = { board: id, epoch: board.epoch, actor: 'ann', bytes };
    const [appended] = await this.#store.append([update]);
    if (appended === undefined) throw new Error('not appended');
    board.catchUp.committed(appended.firstSeq, appended.lastSeq);
    this.replication.committed({ ...appended, epoch: board.epoch, updates: [bytes] });
  }

  list(id = BOARD): unknown[] | undefined {
    return this.live.get(id)?.document.getArray('list').toArray();
  }

  async close(): Promise<void> {
    await this.replication.close();
    for (const board of this.live.values()) {
      board.close();
      board.document.destroy();
    }
  }
}

/** Until what was sent has arrived. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('Replication', () => {
  const nodes: TestNode[] = [];

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
  });

  async function setUp(count = 2) {
    const store = createMemoryBoardStore();
    await store.open(BOARD, { create: true });
    const wire = new LocalWire();
    const add = () => {
      const node = new TestNode(wire, store);
      nodes.push(node);
      return node;
    };
    const all = Array.from({ length: count }, add);
    const [one, two] = all;
    if (one === undefined || two === undefined) throw new Error('two nodes at least');
    // Every node looks into the store once it is connected, which would find what a test is about.
    await eventually(() => all.every(({ line }) => line.restored > 0));
    await settled();
    return { store, one, two, add };
  }

  it('takes commits made while it looks for what they are', async () => {
    const { store, one } = await setUp();
    await one.open();
    const { findChanged } = store;
    store.findChanged = async (known) => {
      await one.push('before the query');
      const found = await findChanged.call(store, known);
      await one.push('before its answer');
      return found;
    };
    one.replication.look();
    await eventually(() => one.list()?.length === 2);
    await settled();
    expect(one.fellBack).toEqual([]);
  });

  it('brings every commit to the other nodes', async () => {
    const { one, two } = await setUp();
    await one.open();
    await two.open();
    await one.push('a');
    await two.push('b');
    await eventually(() => one.list()?.length === 2 && two.list()?.length === 2);
    expect(one.list()).toEqual(two.list());
  });

  it('finds what was committed while a board was being loaded', async () => {
    const { one, two } = await setUp();
    await one.open();
    await two.open(BOARD, async () => {
      await one.push('meanwhile');
      await settled();
    });
    await eventually(() => two.list()?.length === 1, { timeoutMs: 400 });
  });

  it('sends what is large without its bytes, and others read it', async () => {
    const { one, two } = await setUp();
    await one.open();
    await two.open();
    await one.push('x'.repeat(100_000));
    await eventually(() => two.list()?.length === 1, { timeoutMs: 400 });
    const message = one.line.sent.find(({ type }) => type === 'updates');
    expect(message).toMatchObject({ firstSeq: 1, lastSeq: 1, updates: undefined });
  });

  it('converges within 2 seconds of each edit while the wire is away', async () => {
    const { one, two } = await setUp();
    await one.open();
    await two.open();
    one.line.cut();
    two.line.cut();
    for (const value of ['a', 'b', 'c']) {
      await one.push(value);
      await eventually(() => two.list()?.includes(value), { timeoutMs: 2_000 });
    }
  });

  it('tells after an outage what it could not tell, to who has noticed nothing', async () => {
    const { one, two } = await setUp();
    await one.open();
    await two.open();
    await one.push('before');
    one.line.cut();
    await one.push('meanwhile');
    one.line.restore();
    await eventually(() => two.list()?.length === 2, { timeoutMs: 400 });
  });

  it('looks into the store when the wire says that something may have been missed', async () => {
    const { one, two } = await setUp();
    await one.open();
    await two.open();
    two.line.deaf = true;
    await one.push('missed');
    await settled();
    two.line.restore();
    await eventually(() => two.list()?.length === 1, { timeoutMs: 400 });
  });

  it('lets the store decide when a message is of another epoch', async () => {
    const { one, two } = await setUp();
    const board = await one.open();
    await two.open();
    one.line.events?.received(
      { type: 'updates', board: BOARD, epoch: 'b', firstSeq: 1, lastSeq: 5, updates: [] },
      'two',
    );
    await one.push('still the same epoch');
    await eventually(() => two.list()?.length === 1);
    expect(one.reset).toEqual([]);
    expect(board.head).toBe(1);
  });

  it('hands orders on', async () => {
    const { one, two } = await setUp();
    await one.open();
    await two.open();
    one.replication.tell({ name: 'kick', board: BOARD, detail: { actor: 'mallory' } });
    one.replication.tell({ name: 'kick', board: undefined, detail: { actor: 'eve' } });
    await eventually(() => two.obeyed.length === 2);
    expect(two.obeyed).toEqual(['kick mallory', 'kick eve']);
    expect(one.obeyed).toEqual([]);
  });

  it('goes on after a message that makes no sense', async () => {
    const { one, two } = await setUp();
    await one.open();
    await two.open();
    two.line.events?.received(
      { type: 'presence', board: BOARD, whole: false, entries: new Uint8Array([9]) },
      'somebody',
    );
    await one.push('a');
    await eventually(() => two.list()?.length === 1);
  });

  it('marks what comes from the log, so that it is not written again', async () => {
    const { one, two } = await setUp();
    await one.open();
    const board = await two.open();
    const origins: unknown[] = [];
    board.document.on('update', (_update: Uint8Array, origin: unknown) => origins.push(origin));
    await one.push('a');
    await eventually(() => two.list()?.length === 1);
    expect(origins).toEqual([fromLog]);
  });
});
