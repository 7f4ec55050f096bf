import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { stockHocuspocus, stockYWebsocket } from '../../test/support/providers.ts';
import { eventually } from '../../test/support/wait.ts';
import type { Contestant, Site, Stage } from '../contestants/contestant.ts';
import { BoardLoad } from './board-load.ts';
import { findMarks, mark } from './protocol.ts';

/** One for each way in which a server speaks. */
const CHECKED = ['tessera-postgres', 'hocuspocus', 'y-websocket'];
const GENERATORS = 2;
const PROVIDERS = 2;
const EDITS = 50;
const EDIT_EVERY_MS = 10;
const OPENED_WITHIN_MS = 15_000;

/**
 * Puts the load generator beside real providers on one board, and compares what each of them saw: a
 * generator that miscounts would measure something else than what users get.
 * @throws Error that says what differs
 */
export async function checkGenerator(
  contestants: readonly Contestant[],
  stage: Stage,
): Promise<void> {
  for (const contestant of contestants) {
    if (!CHECKED.includes(contestant.name)) continue;
    const site = await contestant.start(stage);
    try {
      await check(site);
    } catch (cause) {
      const { message } = cause as Error;
      throw new Error(`the load generator and real clients of ${contestant.name}: ${message}`, {
        cause,
      });
    } finally {
      await site.stop();
    }
  }
}

async function check(site: Site): Promise<void> {
  // The y-websocket provider puts this in front of the board's name.
  const name = 'bench/self-check';
  const board = site.contestant.protocol === 'hocuspocus' ? name : `yjs/${name}`;
  const load = await BoardLoad.open(site, board, { clients: GENERATORS, witnesses: GENERATORS });
  const people = Array.from({ length: PROVIDERS }, (_, at) => new Person(site, name, at));
  try {
    await eventually(() => people.every(({ isSynced }) => isSynced), {
      timeoutMs: OPENED_WITHIN_MS,
      what: 'the providers to be synced',
    });
    load.countFrom = 0;
    load.addWriters(GENERATORS);
    const heard = hearProviders(load);
    for (let position = 0; position < EDITS; position++) {
      for (const sender of load.senders) sender.send();
      for (const person of people) person.edit(position);
      await delay(EDIT_EVERY_MS);
    }
    await load.untilArrived();
    const documents = () => [
      ...load.clients.flatMap(({ doc }) => doc ?? []),
      ...people.map(({ doc }) => doc),
    ];
    await eventually(() => new Set(documents().map(contentOf)).size === 1, {
      what: 'the documents of providers and generator to be equal',
    });
    compare(load, people, heard);
  } finally {
    for (const person of people) person.leave();
    await load.close();
  }
}

/** The marks of each provider's edits that each generator client finds in its frames. */
function hearProviders(load: BoardLoad): Set<number>[][] {
  return load.clients.map((client) => {
    const found = Array.from({ length: PROVIDERS }, () => new Set<number>());
    const { onUpdate } = client;
    client.onUpdate = (frame, body) => {
      onUpdate(frame, body);
      findMarks(frame, (writer, position) => found[writer - GENERATORS]?.add(position));
    };
    return found;
  });
}

function compare(
  load: BoardLoad,
  people: readonly Person[],
  heard: readonly (readonly ReadonlySet<number>[])[],
): void {
  const expect = (what: string, number: number, expected: number) => {
    if (number !== expected) throw new Error(`${what}: ${number} and not ${expected}`);
  };
  const { difference } = load;
  if (difference !== undefined) throw new Error(difference);
  // Of the generator's own edits: as it counts them, and as the documents of providers show them.
  const counted = load.arrivals.local.length / (GENERATORS - 1) / GENERATORS;
  for (const [at, person] of people.entries()) {
    for (const [writer, seen] of person.seenOf.entries()) {
      expect(`edits of generator client ${writer} that arrived at provider ${at}`, seen, EDITS);
      expect('edits of a generator client that arrived, as it counts them', counted, seen);
    }
  }
  // Of the providers' edits: as it finds them in frames, and as the other provider's document has them.
  for (const [client, found] of heard.entries()) {
    for (const [at, marks] of found.entries()) {
      const kept = people[(at + 1) % PROVIDERS]?.editsOf(at) ?? 0;
      expect(`edits of provider ${at} that the other one has`, kept, EDITS);
      expect(`edits of provider ${at} found by generator client ${client}`, marks.size, kept);
    }
  }
}

/** Somebody with a real provider, who looks at its document only. */
class Person {
  /** How many edits of each generator client were seen: with the newest, also those before it. */
  readonly seenOf: number[] = Array.from({ length: GENERATORS }, () => 0);
  readonly doc = new Y.Doc();
  readonly #index: number;
  readonly #client: ReturnType<typeof stockHocuspocus> | ReturnType<typeof stockYWebsocket>;

  constructor(site: Site, board: string, index: number) {
    this.#index = index;
    const { url, token, protocol } = site.at(0, `provider ${index}`);
    const connect = protocol === 'hocuspocus' ? stockHocuspocus : stockYWebsocket;
    this.#client = connect(url, board, token, this.doc);
    this.doc.getMap('widgets').observeDeep(() => this.#look());
  }

  get isSynced(): boolean {
    return this.#client.provider.synced;
  }

  /** Sets a key that nobody sets again, so that no server may leave the edit out. */
  edit(position: number): void {
    this.#editsOf(this.#index).set(`${position}`, mark(GENERATORS + this.#index, position));
  }

  editsOf(index: number): number {
    return this.#editsOf(index).size;
  }

  leave(): void {
    this.#client.destroy();
  }

  #editsOf(index: number): Y.Map<unknown> {
    return this.doc.getMap(`provider-${index}`);
  }

  #look(): void {
    for (let writer = 0; writer < GENERATORS; writer++) {
      const widget = this.doc.getMap<Y.Map<unknown>>('widgets').get(`widget-${writer}-0`);
      const { by } = (widget?.get('geom') ?? {}) as { by?: string };
      // `~M`, the writer in three digits, the position in seven
      if (by !== undefined) this.seenOf[writer] = Number(by.slice(-7)) + 1;
    }
  }
}

function contentOf(doc: Y.Doc): string {
  // Root types that nobody has asked for are not in the JSON of a document.
  const maps = ['widgets', ...Array.from({ length: PROVIDERS }, (_, at) => `provider-${at}`)];
  return JSON.stringify(
    maps.map((name) => Object.entries<unknown>(doc.getMap(name).toJSON()).sort(byName)),
  );
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a.localeCompare(b);
}
