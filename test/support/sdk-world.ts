import { type Board, createClient } from '@tessera/client';
import { readBoard } from '@tessera/model';
import * as Y from 'yjs';
import { createDatabase } from './postgres.ts';
import { freePort } from './postgres-cluster.ts';
import { startProxy, type TcpProxy } from './proxy.ts';
import { expectEqual } from './sdk-identity.ts';
import type { Peer } from './sdk-peer.ts';
import type { RawWriter } from './sdk-raw.ts';
import { type NodeProcess, startNodeProcess, tokenFor } from './tessera.ts';
import { eventually, finishes } from './wait.ts';

/** With what clients wait before they connect again after several attempts. */
const SETTLES_WITHIN_MS = 40_000;
/** The limit of a node's drain is 25 s, and some time passes before and after it. */
const ENDS_WITHIN_MS = 40_000;

/** A way to the node that can be cut, silently too. */
export class Line {
  readonly proxy: TcpProxy;
  #state: 'up' | 'cut' | 'silent' = 'up';

  constructor(proxy: TcpProxy) {
    this.proxy = proxy;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  async cut(): Promise<void> {
    this.#state = 'cut';
    await this.proxy.cut();
  }

  silence(): void {
    if (this.#state !== 'up') return;
    this.#state = 'silent';
    this.proxy.blackHole();
  }

  async restore(held: 'flow' | 'reset'): Promise<void> {
    if (this.#state === 'up' && held === 'flow') return;
    this.#state = 'up';
    await this.proxy.restore({ held });
  }
}

/** A node in a process of its own, and lines to it. */
export class World {
  readonly #env: Record<string, string>;
  readonly lines: readonly Line[];
  #node: NodeProcess | undefined;

  private constructor(env: Record<string, string>, node: NodeProcess, lines: readonly Line[]) {
    this.#env = env;
    this.#node = node;
    this.lines = lines;
  }

  static async start(lines: number): Promise<World> {
    // The same after each start, so that the lines still lead to it.
    const port = await freePort();
    const env = { DATABASE_URL: await createDatabase(), PORT: String(port) };
    const node = await startNodeProcess(env);
    const made: Line[] = [];
    while (made.length < lines) made.push(new Line(await startProxy({ port })));
    return new World(env, node, made);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#env['PORT']}`;
  }

  /** Through each of the lines. */
  get urls(): string[] {
    return this.lines.map(({ proxy }) => new URL(proxy.url(this.url)).origin);
  }

  get isUp(): boolean {
    return this.#node !== undefined;
  }

  async end(how: 'kill' | 'stop'): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    if (node === undefined) return;
    const ending: Promise<unknown> = how === 'kill' ? node.kill() : node.stop();
    const what = `the node to end after ${how}`;
    await finishes(ending, { timeoutMs: ENDS_WITHIN_MS, what }).catch(async (error: unknown) => {
      await node.kill();
      throw error;
    });
  }

  async begin(): Promise<void> {
    this.#node ??= await startNodeProcess(this.#env);
  }

  /** The node and all lines are as they were at the start. */
  async repair(held: 'flow' | 'reset'): Promise<void> {
    await this.begin();
    await Promise.all(this.lines.map((line) => line.restore(held)));
  }

  async close(): Promise<void> {
    await Promise.all(this.lines.map(({ proxy }) => proxy.close()));
    await this.end('stop');
  }

  /** Opens the board in a client that has never seen it, and calls `look` when it shows all. */
  async withFresh<T>(id: string, look: (board: Board) => T | Promise<T>): Promise<T> {
    const client = createClient({
      url: `${this.url.replace('http', 'ws')}/sync`,
      token: tokenFor('fresh'),
    });
    try {
      const board = client.board(id);
      await eventually(() => board.status.state === 'saved', { what: 'a fresh client to load' });
      return await look(board);
    } finally {
      await client.close();
    }
  }
}

/** Resolves when all that anybody did is saved and everywhere. @throws if it is not, or not the same */
export async function settle(world: World, board: string, peers: readonly Peer[], raw: RawWriter) {
  await finishes(Promise.all(peers.map((peer) => peer.board.saved())), {
    timeoutMs: SETTLES_WITHIN_MS,
    what: 'all to be saved',
  });
  await eventually(() => raw.isSynced && peers.every((peer) => contains(peer.board.doc, raw.doc)), {
    timeoutMs: SETTLES_WITHIN_MS,
    what: 'what was written raw to be everywhere',
  });
  await world.withFresh(board, async (fresh) => {
    for (const { name, board } of peers) {
      if (!contains(fresh.doc, board.doc)) {
        throw new Error(`${name} was told "saved", and a fresh client lacks edits of it`);
      }
    }
    for (const peer of peers) await sameAs(fresh, peer);
  });
}

async function sameAs(fresh: Board, peer: Peer): Promise<void> {
  const { name, board } = peer;
  await eventually(() => contains(board.doc, fresh.doc) && contains(fresh.doc, board.doc), {
    what: `${name} to hear of everything`,
  });
  const same = (what: string, actual: unknown, wanted: unknown) =>
    expectEqual(actual, wanted, `${name}: ${what}`);
  same('the board', readBoard(board.doc), readBoard(fresh.doc));
  await eventually(() => board.status.state === 'saved' && board.status.unsaved === 0, {
    what: `${name} to be saved`,
  });
  peer.look();
  same('the title', board.title, fresh.title);
  same('the list', board.widgets.list(), fresh.widgets.list());
  for (const { id } of fresh.widgets.list()) {
    same(`widget ${id}`, board.widgets.get(id), fresh.widgets.get(id));
  }
  for (const { definition } of peer.sorts) {
    const [here, there] = [board.widgets.list(definition), fresh.widgets.list(definition)];
    same(
      'the list of a type',
      here.map(({ id }) => id),
      there.map(({ id }) => id),
    );
    for (const [at, handle] of here.entries()) {
      const other = there[at];
      same(`the status of ${handle.id}`, handle.status, other?.status);
      same(`the geom of ${handle.id}`, handle.geom, other?.geom);
      // Of one that does not fit its schema the last state that did is shown.
      if (other?.state !== undefined) same(`the state of ${handle.id}`, handle.state, other.state);
    }
  }
}

/** Whether one has all that the other has, what is deleted included. */
function contains(doc: Y.Doc, other: Y.Doc): boolean {
  const missing = Y.encodeStateAsUpdate(other, Y.encodeStateVector(doc));
  return Y.snapshotContainsUpdate(Y.snapshot(doc), missing);
}
