import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import * as Y from 'yjs';
import { docsInLog, gapsOf, onDatabase } from '../support/log.ts';
import { readiness } from '../support/metrics.ts';
import { type Nodes, startNodes } from '../support/nodes.ts';
import { createDatabase } from '../support/postgres.ts';
import { random } from '../support/random.ts';
import { RawClient } from '../support/raw-client.ts';
import { expectSound, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';
import { contentOf, EditBook } from './edits.ts';
import { breakThings, type Lane } from './faults.ts';
import { RoamingClient } from './roaming-client.ts';

export interface Ordeal {
  seed: number;
  /** How long clients edit while things break. */
  durationMs: number;
  redisUrls: readonly string[];
  /** What may break, of these nodes and their clients. */
  lanes(nodes: Nodes, clientsOn: (url: string | undefined) => RoamingClient[]): Lane[];
  /** What the nodes run instead of the command line. */
  script?: string | undefined;
}

export interface Outcome {
  made: number;
  acked: number;
  connects: number;
  /** From the end of the last fault until all was acked, and then until everybody had the same. */
  ackedAfterMs: number;
  sameAfterMs: number;
  /** Clients that got no ack for an edit although all is whole again. */
  unacked: string[];
  /** Boards that somebody has in another state than the log. */
  diverged: string[];
  /** Acked edits that the log lacks, and what it has twice, in words. */
  lost: string[];
  /** Nodes that do not say that they are ready again, and why. */
  degraded: string[];
  /** Boards on which an edit made then needed more than the wire to reach everybody. */
  slow: string[];
  gaps: unknown[];
  exitCodes: (number | null)[];
  /** What was broken, a line each. */
  faults: string[];
}

/** An outcome with nothing wrong. */
export const asItShouldBe: Partial<Outcome> = {
  ...{ unacked: [], diverged: [], lost: [], degraded: [], slow: [], gaps: [] },
  exitCodes: [0, 0, 0],
};

const NODES = 3;
const BOARDS = 10;
const CLIENTS_PER_BOARD = 3;
/** Edits end so long before things are whole again: nothing that comes later may be what heals them. */
const REST_BEFORE_MS = 300;
/** A master of a Redis Cluster that comes back is trusted again after some seconds. */
const READY_WITHIN_MS = 10_000;
const BY_WIRE_WITHIN_MS = 1_000;
const ACKED_WITHIN_MS = 20_000;
/** Within 2 s of a death that is noticed after 2.5 s; nodes compare with the log every 5 s in any case. */
const SAME_WITHIN_MS = 4_500;

interface Board {
  id: string;
  book: EditBook;
  clients: RoamingClient[];
}

/** Lets 30 clients on 10 boards edit by way of three nodes while things break, and looks at the end. */
export async function liveThrough(ordeal: Ordeal): Promise<Outcome> {
  const { seed, durationMs, redisUrls, lanes, script } = ordeal;
  const databaseUrl = await createDatabase();
  const nodes = await startNodes({ count: NODES, databaseUrl, redisUrls, script });
  const boards = Array.from({ length: BOARDS }, (_, index) => startBoard(index, seed, nodes));
  const clients = boards.flatMap((board) => board.clients);
  const clientsOn = (url: string | undefined) => clients.filter((client) => client.url === url);

  const [faults] = await Promise.all([
    breakThings(lanes(nodes, clientsOn), durationMs, random(seed)),
    delay(durationMs - REST_BEFORE_MS).then(() => clients.map((client) => client.rest())),
  ]).catch(async (error) => {
    await Promise.allSettled([...clients.map((client) => client.close()), nodes.stop()]);
    throw error;
  });
  const wholeAt = performance.now();
  const isSettled = (client: RoamingClient) => client.isConnected && client.unacked === 0;
  await holdsWithin(ACKED_WITHIN_MS, () => clients.every(isSettled));
  const ackedAfterMs = Math.round(performance.now() - wholeAt);
  const unacked = clients.filter((client) => !isSettled(client)).map(String);
  const fresh = await Promise.all(boards.map(({ id }) => openOnEach(nodes, id)));
  const { diverged, lost, sameAfterMs } = await compare(boards, fresh, databaseUrl);
  // Who has not even the same by now is not worth waiting for.
  const degraded = diverged.length > 0 ? [] : await notReady(nodes);
  const slow = diverged.length > 0 ? [] : await slowBoards(boards, fresh);
  await Promise.all(fresh.flat().map((client) => client.close()));
  await Promise.all(clients.map((client) => client.close()));
  const exitCodes = await nodes.stop();
  const gaps = await onDatabase(databaseUrl, gapsOf);
  const counts = {
    made: sum(boards.map(({ book }) => book.made)),
    acked: sum(boards.map(({ book }) => book.acked)),
    connects: sum(clients.map((client) => client.connects)),
    ...{ ackedAfterMs, sameAfterMs },
  };
  console.log({ seed, ...counts, lost: lost.length, diverged, slow, faults: faults.length });
  if (diverged.length + lost.length + gaps.length === 0) await expectSound(databaseUrl);
  return { ...counts, unacked, diverged, lost, degraded, slow, gaps, exitCodes, faults };
}

/** Holds what the clients have, and what a newcomer gets from each node, against the log. */
async function compare(boards: Board[], fresh: RawClient[][], databaseUrl: string) {
  // Nothing is edited any more, so this is what everybody has to end with.
  const logged = await docsInLog(
    databaseUrl,
    boards.map(({ id }) => id),
  );
  const startedAt = performance.now();
  const differs = ({ clients }: Board, index: number) => {
    const holders = [...clients, ...(fresh[index] ?? [])].map(({ doc }) => doc);
    return !areSame([logged[index], ...holders]);
  };
  const same = await holdsWithin(SAME_WITHIN_MS, () => !boards.some(differs));
  const sameAfterMs = Math.round(performance.now() - startedAt);
  const diverged = same ? [] : boards.filter(differs).map(({ id }) => id);
  const lost = boards.flatMap(({ id, book }, index) => {
    const doc = logged[index];
    if (doc === undefined) return [`${id} is not in the log`];
    return book.faultsOf(doc).map((fault) => `${id}: ${fault}`);
  });
  return { diverged, lost, sameAfterMs };
}

async function notReady({ urls }: Nodes): Promise<string[]> {
  const reasons = async () => {
    const answers = await Promise.all(urls.map(readiness));
    return answers.filter(({ status }) => status !== 'ready').flatMap((answer) => answer.reasons);
  };
  await eventually(async () => (await reasons()).length === 0, {
    timeoutMs: READY_WITHIN_MS,
  }).catch(() => undefined); // the reasons tell
  return reasons();
}

/** The boards on which a newcomer's edit does not reach everybody as fast as the wire is. */
async function slowBoards(boards: Board[], fresh: RawClient[][]): Promise<string[]> {
  const last = 'the last item';
  for (const [first] of fresh) first?.edit((doc) => doc.getArray('items').push([last]));
  const isSlow = ({ clients }: Board, index: number) =>
    [...clients, ...(fresh[index] ?? [])].some(({ doc }) => {
      const items = doc.getArray('items');
      return items.length === 0 || items.get(items.length - 1) !== last;
    });
  await holdsWithin(BY_WIRE_WITHIN_MS, () => !boards.some(isSlow));
  return boards.filter(isSlow).map(({ id }) => id);
}

async function holdsWithin(timeoutMs: number, condition: () => boolean): Promise<boolean> {
  return eventually(condition, { timeoutMs }).then(
    () => true,
    () => condition(),
  );
}

function startBoard(index: number, seed: number, nodes: Nodes): Board {
  const id = `acme/ordeal-${index}`;
  const book = new EditBook();
  const clients = Array.from({ length: CLIENTS_PER_BOARD }, (_, place) => {
    const number = index * CLIENTS_PER_BOARD + place;
    return new RoamingClient({
      board: id,
      actor: `actor-${number}`,
      book,
      urls: () => nodes.urls,
      random: random(seed * 1000 + number),
    });
  });
  return { id, book, clients };
}

function openOnEach(nodes: Nodes, board: string): Promise<RawClient[]> {
  return Promise.all(nodes.urls.map((url) => RawClient.open(url, board, tokenFor('newcomer'))));
}

function areSame([first, ...others]: (Y.Doc | undefined)[]): boolean {
  return (
    first !== undefined && others.every((other) => other !== undefined && isSame(first, other))
  );
}

function isSame(a: Y.Doc, b: Y.Doc): boolean {
  const isWhole = ({ store }: Y.Doc) => store.pendingStructs === null && store.pendingDs === null;
  return (
    isWhole(a) &&
    isWhole(b) &&
    Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b)) &&
    isDeepStrictEqual(contentOf(a), contentOf(b))
  );
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
