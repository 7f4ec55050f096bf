import { readBoard } from '@tessera/model';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonical } from '../support/sdk-identity.ts';
import { Peer } from '../support/sdk-peer.ts';
import { guards, type RawWrite, RawWriter, rawWrites } from '../support/sdk-raw.ts';
import { type Edit, edit, make } from '../support/sdk-steps.ts';
import { undoAll } from '../support/sdk-undo.ts';
import { Marks } from '../support/sdk-widgets.ts';
import { settle, World } from '../support/sdk-world.ts';
import { eventually, finishes } from '../support/wait.ts';

/**
 * Several at a time, as clients wait a second and more before they connect again. What a failure prints as
 * seed and path brings it back: `SDK_LANES=1 SDK_SEED=… SDK_PATH=…`.
 */
const LANES = Number(process.env['SDK_LANES'] ?? 4);
/** Of each lane. */
const RUNS = Number(process.env['SDK_RUNS'] ?? 20);
const seed = Number(process.env['SDK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const path = process.env['SDK_PATH'];
const MAX_PEERS = 5;

type Step =
  | Edit
  | { readonly raw: RawWrite; readonly at: number; readonly n: number }
  | { readonly line: 'cut' | 'silent' | 'flow' | 'reset'; readonly who: number }
  | { readonly wait: 'turn' | 'saved' | 'same'; readonly who: number }
  | { readonly again: 'close' | 'stored'; readonly who: number }
  | { readonly node: 'kill' | 'stop' | 'start' };

const who = fc.nat(MAX_PEERS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: edit, weight: 60 },
  {
    arbitrary: fc.record({ raw: fc.constantFrom(...rawWrites), at: fc.nat(9), n: fc.nat(50) }),
    weight: 5,
  },
  {
    arbitrary: fc.record({
      line: fc.constantFrom('cut', 'silent', 'silent', 'silent', 'flow', 'flow', 'reset'),
      who,
    }),
    weight: 6,
  },
  {
    arbitrary: fc.record({ wait: fc.constantFrom('turn', 'turn', 'saved', 'same'), who }),
    weight: 12,
  },
  { arbitrary: fc.record({ again: fc.constantFrom('close', 'stored'), who }), weight: 3 },
  {
    arbitrary: fc.record({ node: fc.constantFrom('kill', 'stop', 'start', 'start') }),
    weight: 1,
  },
);
const scenario = fc.record({
  peers: fc.array(
    fc.record({
      store: fc.constantFrom('memory', 'file', 'none'),
      isOld: fc.boolean(),
      watches: fc.boolean(),
      mergeWithinMs: fc.constantFrom(0, 500),
    }),
    { minLength: 2, maxLength: MAX_PEERS },
  ),
  salt: fc.nat(2 ** 31),
  steps: fc.array(step, { maxLength: 80, size: 'max' }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

describe('several clients of the SDK on a node, over lines that fail', () => {
  const worlds: World[] = [];
  const counted = { runs: 0, steps: 0 };
  let boards = 0;

  beforeAll(async () => {
    const starting = Array.from({ length: LANES }, () => World.start(MAX_PEERS + 1));
    worlds.push(...(await Promise.all(starting)));
  });
  afterAll(async () => {
    console.log({ seed, ...counted });
    await Promise.all(worlds.map((world) => world.close()));
  });

  async function run(world: World, { peers: kinds, salt, steps }: Scenario): Promise<void> {
    boards += 1;
    const board = `acme/properties-${boards}`;
    let count = 0;
    // Who wins when two set something at once depends on these: the same in each run, and never twice.
    const next = () => {
      count += 1;
      return count;
    };
    const clientId = () => (Math.imul(next(), 2_654_435_761) ^ salt) >>> 0;
    const raw = new RawWriter(world.urls[MAX_PEERS] ?? '', board, clientId());
    const peers = kinds.map(
      (kind, at) =>
        new Peer({
          ...kind,
          name: `u${at}`,
          board,
          url: world.urls[at] ?? '',
          clientId,
        }),
    );
    const marks = new Set<string>();
    try {
      raw.begin();
      for (const peer of peers) await peer.open();
      peers[0]?.board.widgets.create(Marks, { seen: {} }, { id: 'marks' });
      await same(peers, raw);
      for (const peer of peers) peer.beginHistory();
      for (const one of steps) {
        counted.steps += 1;
        if ('edit' in one) {
          const peer = peers[one.who % peers.length] as Peer;
          make(peer, one, () => {
            const name = `${next()}`;
            if (one.edit === 'mark') marks.add(name);
            return name;
          });
        } else await happen(world, peers, raw, one);
        for (const peer of peers) peer.look();
      }
      await world.repair('flow');
      await settle(world, board, peers, raw);
      expectKept(peers, raw, marks);
      for (const peer of peers) {
        undoAll(peer);
        for (const each of peers) each.look();
      }
      await settle(world, board, peers, raw);
      expectKept(peers, raw, marks);
      counted.runs += 1;
    } finally {
      await world.repair('reset');
      raw.close();
      await Promise.all(peers.map((peer) => peer.close()));
    }
  }

  async function happen(world: World, peers: Peer[], raw: RawWriter, step: Exclude<Step, Edit>) {
    if ('raw' in step) return raw.write(step.raw, step.at, step.n);
    if ('node' in step) return step.node === 'start' ? world.begin() : world.end(step.node);
    const at = step.who % peers.length;
    const [peer, line] = [peers[at], world.lines[at]];
    if (peer === undefined || line === undefined) return;
    const isUp = world.isUp && line.isUp;
    if ('line' in step) {
      if (step.line === 'cut') return line.cut();
      return step.line === 'silent' ? line.silence() : line.restore(step.line);
    }
    if ('again' in step) {
      if (!peer.hasStore && !isUp) return;
      if (!peer.hasStore) await finishes(peer.board.saved(), { what: `${peer.name} to be saved` });
      else if (step.again === 'stored') await peer.board.stored();
      await peer.leave();
      await peer.open();
      if (peer.hasStore) return;
      await eventually(() => peer.board.status.state === 'saved');
      return peer.beginHistory();
    }
    if (step.wait === 'turn') return new Promise<void>((resolve) => setImmediate(resolve));
    if (!isUp) return;
    if (step.wait === 'saved') {
      await finishes(peer.board.saved(), { timeoutMs: 20_000, what: `${peer.name} to be saved` });
    } else {
      await same(
        peers.filter((_, index) => world.lines[index]?.isUp),
        raw,
      );
    }
  }

  /** Waits until all these show the same. Others who are away may hold more. */
  async function same(peers: Peer[], raw: RawWriter): Promise<void> {
    const areSaved = () => peers.every(({ board }) => board.status.state === 'saved');
    const shown = () => peers.map(({ board }) => canonical(readBoard(board.doc)));
    await eventually(
      () => {
        if (raw.isSynced && areSaved() && new Set(shown()).size < 2) return true;
        const states = peers.map(({ board }) => board.status.state);
        throw new Error(`raw ${raw.state}, ${states}: ${shown().join('\n')}`);
      },
      { timeoutMs: 20_000, what: 'those that are connected to show the same' },
    );
  }

  function expectKept(peers: Peer[], raw: RawWriter, marks: Set<string>): void {
    const [peer] = peers;
    if (peer === undefined) return;
    const { doc, widgets } = peer.board;
    const seen = Object.keys(widgets.get(Marks, 'marks')?.state?.seen ?? {});
    expect(seen.sort(), 'every mark').toEqual([...marks].sort());
    expect(raw.missingFrom(doc), 'unknown keys that are gone').toEqual([]);
    for (const { definition } of peer.sorts) {
      const here = widgets.list(definition).filter(({ id }) => id.startsWith('guard-'));
      // Nobody writes into them what does not fit.
      for (const { id, status } of here) expect(['ok', 'newer'], id).toContain(status.kind);
    }
    for (const id of guards) expect(widgets.get(id), id).toBeDefined();
    for (const [id, state] of raw.odd) {
      const widget = widgets.get(id);
      if (widget !== undefined) expect(widget.state).toEqual(state);
    }
  }

  it(`show the same, keep what is saved, share what is equal, and undo what they did (SDK_SEED=${seed})`, {
    timeout: 60_000 + RUNS * 20_000,
  }, async () => {
    const lane = (world: World, index: number) =>
      fc.assert(
        fc.asyncProperty(scenario, (one) => run(world, one)),
        {
          numRuns: RUNS,
          seed: seed + index,
          ...(path !== undefined && { path }),
          interruptAfterTimeLimit: 30_000 + RUNS * 15_000,
        },
      );
    const results = await Promise.allSettled(worlds.map(lane));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  });
});
