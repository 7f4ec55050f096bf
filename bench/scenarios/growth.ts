import * as Y from 'yjs';
import { random } from '../../test/support/random.ts';
import { eventually } from '../../test/support/wait.ts';
import type { Site } from '../contestants/contestant.ts';
import { joinBoard, PacedWriter } from '../load/paced-writer.ts';
import { sdkJoinBytes } from '../load/sdk-join.ts';
import { untilStored } from '../load/stored-board.ts';
import { collectedKiB, collectsGarbage } from '../machine/memory.ts';
import { onOwnSite, type Unfinished, unlimited } from './own-site.ts';
import type { Figure, Scenario } from './scenario.ts';

const KEYS = 20;
/** Small enough that the log gets rows in the hundreds, as it does while people work. */
const WINDOW = 40;
const SEED = 1;
const settings = { ...unlimited, ...collectsGarbage };

interface Way {
  readonly key: 'turn' | 'random';
  readonly title: string;
  readonly writers: number;
  /** Which key is set, and by whom, for the `n`th time. */
  next(n: number, random: () => number): { writer: number; at: number };
}

const inTurn: Way = {
  key: 'turn',
  title: 'in turn',
  writers: 1,
  next: (n) => ({ writer: 0, at: n % KEYS }),
};
const atRandom: Way = {
  key: 'random',
  title: 'at random',
  writers: 10,
  next: (_, random) => ({
    writer: Math.floor(random() * 10),
    at: Math.floor(random() * KEYS),
  }),
};

export const growth: readonly Scenario[] = [
  growing('growth', {
    sets: 20_000,
    ways: [inTurn, atRandom],
    contestants: ['tessera-postgres', 'hocuspocus-postgres', 'y-websocket'],
  }),
  growing('growth-50000', {
    sets: 50_000,
    ways: [inTurn],
    contestants: ['tessera-postgres', 'hocuspocus-postgres'],
  }),
];

interface Growth {
  readonly sets: number;
  readonly ways: readonly Way[];
  readonly contestants: readonly string[];
}

function growing(name: string, { sets, ways, contestants }: Growth): Scenario {
  const who = ways.includes(atRandom)
    ? 'one writer in turn; then, on another board, ten writers at random'
    : 'one writer in turn';
  return {
    name,
    about: `${KEYS} keys, set ${sets.toLocaleString('en-US')} times: ${who}. Bytes are given as a multiple of the JSON that there is in the end`,
    figures: ways.flatMap(figuresOf),
    contestants,
    rounds: 1,
    isQuick: false,
    async run(scene) {
      const outcome: Unfinished = { figures: {}, faults: [] };
      for (const way of ways) {
        // A server for each: what one leaves behind for a while is in the memory that the next one begins with.
        const { figures, faults } = await onOwnSite(scene, settings, async (site, run) => {
          // What a node needs once, whatever it serves.
          await closeAll(await write(site, 'bench/first', { sets: 1_000, way: inTurn }));
          await grow(site, run, { name, sets, way });
        });
        Object.assign(outcome.figures, figures);
        outcome.faults.push(...faults);
      }
      return outcome;
    },
  };
}

function figuresOf({ key, title }: Way): Figure[] {
  const figure = (of: string, what: string, unit = '', digits = 0): Figure => ({
    key: `${key}${of}`,
    title: `${title}: ${what}`,
    unit,
    digits,
  });
  return [
    figure('JoinRatio', 'sent to who joins', '× JSON'),
    figure('SdkJoinRatio', 'to who joins with the client SDK', '× JSON', 1),
    figure('StoredRatio', 'snapshot or document', '× JSON', 1),
    figure('LogRatio', 'log', '× JSON'),
    figure('JoinBytes', 'sent to who joins', 'B'),
    figure('SdkJoinBytes', 'to who joins with the client SDK', 'B'),
    figure('StoredBytes', 'snapshot or document', 'B'),
    figure('LogBytes', 'log', 'B'),
    figure('LogRows', 'rows of it'),
    figure('HeldMiB', 'memory of the open board', 'MiB', 1),
  ];
}

async function grow(
  site: Site,
  run: Unfinished,
  { name, sets, way }: { name: string; sets: number; way: Way },
): Promise<void> {
  const board = `bench/${name}-${way.key}`;
  const before = await collectedKiB(site.pids);
  const writers = await write(site, board, { sets, way });
  const heldKiB = (await collectedKiB(site.pids)) - before;
  const newcomer = await joinBoard(site, board);
  const json = jsonOf(newcomer.doc);
  if (writers.some(({ doc }) => jsonOf(doc) !== json)) {
    run.faults.push(`who joins ${board} gets other content than its writers have`);
  }
  const set = (of: string, value: number) => {
    run.figures[`${way.key}${of}`] = value;
  };
  set('HeldMiB', heldKiB / 1_024);
  set('JoinBytes', newcomer.bytes);
  set('JoinRatio', newcomer.bytes / json.length);
  if (site.contestant.ack === 'saved') {
    const bytes = await sdkJoinBytes(site.at(0, 'newcomer'), board);
    set('SdkJoinBytes', bytes);
    set('SdkJoinRatio', bytes / json.length);
  }
  await newcomer.close();
  await closeAll(writers);
  if (site.databaseUrl === undefined) return;
  const { bytes, logBytes, logRows } = await untilStored(site, board, newcomer.doc);
  set('StoredBytes', bytes);
  set('StoredRatio', bytes / json.length);
  if (logRows === 0) return;
  set('LogBytes', logBytes);
  set('LogRatio', logBytes / json.length);
  set('LogRows', logRows);
}

/** Opens the writers, and resolves to them when all of them have everything. */
async function write(
  site: Site,
  board: string,
  { sets, way }: { sets: number; way: Way },
): Promise<PacedWriter[]> {
  const window = Math.ceil(WINDOW / way.writers);
  const writers: PacedWriter[] = [];
  for (let index = 0; index < way.writers; index++) {
    writers.push(await PacedWriter.open(site, board, { window, actor: `writer ${index}` }));
  }
  await writers[0]?.edit(createKeys);
  await untilEqual(writers);
  const { next } = random(SEED);
  for (let n = 0; n < sets; n++) {
    const { writer, at } = way.next(n, next);
    await writers[writer]?.edit((doc) => keyOf(doc, at).set('value', n));
  }
  await untilEqual(writers);
  return writers;
}

async function untilEqual(writers: readonly PacedWriter[]): Promise<void> {
  for (const writer of writers) await writer.settled();
  const isEqual = () => new Set(writers.map(({ doc }) => jsonOf(doc))).size === 1;
  await eventually(isEqual, { what: 'the documents of all writers to be equal' });
}

async function closeAll(writers: readonly PacedWriter[]): Promise<void> {
  await Promise.all(writers.map((writer) => writer.close()));
}

/** Each key in a map of its own, as widgets are. */
function createKeys(doc: Y.Doc): void {
  doc.transact(() => {
    for (let at = 0; at < KEYS; at++) {
      doc.getMap('widgets').set(`widget-${at}`, new Y.Map([['value', 0]]));
    }
  });
}

function keyOf(doc: Y.Doc, at: number): Y.Map<unknown> {
  const key = doc.getMap<Y.Map<unknown>>('widgets').get(`widget-${at}`);
  if (key === undefined) throw new Error(`there is no widget-${at}`);
  return key;
}

function jsonOf(doc: Y.Doc): string {
  const widgets: Record<string, unknown> = doc.getMap('widgets').toJSON();
  return JSON.stringify(Object.fromEntries(Object.entries(widgets).sort(byName)));
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a.localeCompare(b);
}
