import * as Y from 'yjs';
import { eventually } from '../../test/support/wait.ts';
import type { Site } from '../contestants/contestant.ts';
import { untilAllStored } from '../load/held-board.ts';
import { type Held, join } from '../load/joiner.ts';
import { largeBoard } from '../load/large-board.ts';
import { ReturningClient } from '../load/returning-client.ts';
import { maxOpenFiles } from '../machine/memory.ts';
import { delaysOf } from '../machine/statistics.ts';
import { startUsage } from '../machine/usage.ts';
import { noteShares, onOwnSite, type Unfinished } from './own-site.ts';
import type { Scenario, Scene } from './scenario.ts';

const BOARDS = 500;
const CLIENTS_EACH = 10;
const SIZE = { widgets: 20, textBytes: 300 };
/** Boards that are opened at once before the storm. */
const AT_ONCE = 50;
const OPEN_WITHIN_MS = 30_000;
/** From the kill on; who is not there by then counts with all of it. */
const BACK_WITHIN_MS = 40_000;
/** Of a process besides its sockets. */
const OTHER_FILES = 200;
const FIRST_PRESENCE_ID = 1_000;

/** A node is killed and started again, and everybody comes back at once. */
export const reconnectStorm: Scenario = {
  name: 'reconnect-storm',
  about:
    'SIGKILL of a node with 5,000 clients on 500 boards, which is started again at once; clients wait between their attempts as the stock provider does, bring their state vector, and one on each board an edit that nobody has yet',
  figures: [
    { key: 'allSyncedMs', title: 'all synced, since the restart', unit: 'ms', digits: 0 },
    { key: 'waitP50Ms', title: 'waited since the kill: p50', unit: 'ms', digits: 0 },
    { key: 'waitP99Ms', title: 'p99', unit: 'ms', digits: 0 },
    { key: 'waitMaxMs', title: 'longest', unit: 'ms', digits: 0 },
    { key: 'allAckedMs', title: 'edits acked, since the restart', unit: 'ms', digits: 0 },
    { key: 'downMs', title: 'down', unit: 'ms', digits: 0 },
    { key: 'cpuPerClientUs', title: 'CPU a client', unit: 'µs', digits: 0 },
    { key: 'peakMiB', title: 'peak', unit: 'MiB', digits: 0 },
    { key: 'attempts', title: 'attempts a client', unit: '', digits: 1 },
  ],
  contestants: ['tessera-postgres', 'hocuspocus-postgres', 'y-websocket'],
  rounds: 1,
  isQuick: false,
  run: (scene) => onOwnSite(scene, {}, (site, run) => storm(site, run, scene)),
};

async function storm(site: Site, run: Unfinished, { stage }: Scene): Promise<void> {
  await requireFiles(BOARDS * CLIENTS_EACH + OTHER_FILES);
  const boards = Array.from({ length: BOARDS }, (_, n) => new Board(site, n));
  try {
    await openAll(boards);
    await untilAllStored(site, new Map(boards.map(({ name, doc }) => [name, doc])));
    for (const board of boards) board.editUnseen();
    const clients = boards.flatMap((board) => board.clients);
    const attemptsBefore = attemptsOf(clients);

    const killedAt = performance.now();
    await site.kill(0);
    await site.restart(0);
    const listensAt = performance.now();
    const usage = await startUsage(site, stage);
    const hasAcks = site.contestant.ack !== undefined;
    const isBack = ({ syncedAt }: ReturningClient) => syncedAt !== undefined;
    const isAcked = ({ editor }: Board) => !hasAcks || editor?.ackedAt !== undefined;
    const missing = () => clients.filter((client) => !isBack(client));
    try {
      await eventually(() => missing().length === 0 && boards.every(isAcked), {
        timeoutMs: BACK_WITHIN_MS - (listensAt - killedAt),
        what: 'everybody to be back',
      });
    } catch {
      const unacked = boards.filter((board) => !isAcked(board)).length;
      run.faults.push(
        `after ${BACK_WITHIN_MS} ms ${missing().length} of ${clients.length} were not synced (${missing()[0]?.lastEnd}), and ${unacked} edits not acked`,
      );
    }
    const used = await usage.end();
    const waits = clients.map(({ syncedAt }) => (syncedAt ?? performance.now()) - killedAt);
    const { p50, p99, max } = delaysOf(waits);
    const downMs = listensAt - killedAt;
    Object.assign(run.figures, {
      allSyncedMs: max - downMs,
      waitP50Ms: p50,
      waitP99Ms: p99,
      waitMaxMs: max,
      downMs,
      cpuPerClientUs: (used.serverMs * 1_000) / clients.length,
      peakMiB: used.peakMiB,
      attempts: (attemptsOf(clients) - attemptsBefore) / clients.length,
    });
    if (hasAcks) {
      const acked = boards.map(({ editor }) => (editor?.ackedAt ?? performance.now()) - killedAt);
      run.figures['allAckedMs'] = Math.max(...acked) - downMs;
    }
    noteShares(run, used);
    const lost = await missingEdits(site, boards);
    if (lost > 0) run.faults.push(`${lost} of ${boards.length} edits are on no board`);
  } finally {
    for (const { clients } of boards) for (const client of clients) client.stop();
  }
}

/** One board and its clients. They hold the same, but for one, which has an edit of its own. */
class Board {
  readonly name: string;
  readonly doc: Y.Doc;
  readonly clients: ReturningClient[] = [];
  readonly #site: Site;
  readonly #number: number;
  /** What the editor has. */
  readonly #edited = new Y.Doc();

  constructor(site: Site, number: number) {
    this.name = `bench/reconnect-${number}`;
    this.doc = largeBoard(SIZE).doc;
    this.#site = site;
    this.#number = number;
  }

  get editor(): ReturningClient | undefined {
    return this.clients[1];
  }

  /** The first client brings the board. */
  openFirst(): void {
    this.#open(this.doc);
  }

  openOthers(): void {
    Y.applyUpdate(this.#edited, Y.encodeStateAsUpdate(this.doc));
    this.#open(this.#edited);
    while (this.clients.length < CLIENTS_EACH) this.#open(this.doc);
  }

  /** The editor makes an edit and does not get to send it. */
  editUnseen(): void {
    this.#edited.getMap('widgets').set('unseen', new Y.Map([['by', this.name]]));
  }

  #open(doc: Y.Doc): void {
    const id = this.#number * CLIENTS_EACH + this.clients.length;
    const address = this.#site.at(0, `person-${id}`);
    this.clients.push(new ReturningClient(address, this.name, held(doc, id)));
  }
}

function held(doc: Y.Doc, id: number): Held {
  return {
    get stateVector() {
      return Y.encodeStateVector(doc);
    },
    lackedBy: (stateVector) => Y.encodeStateAsUpdate(doc, stateVector),
    presence: {
      client: FIRST_PRESENCE_ID + id,
      state: JSON.stringify({ user: { name: `Somebody ${id}`, color: '#30bced' } }),
    },
  };
}

async function openAll(boards: readonly Board[]): Promise<void> {
  for (let from = 0; from < boards.length; from += AT_ONCE) {
    const some = boards.slice(from, from + AT_ONCE);
    const areIn = () =>
      some.every(({ clients }) => clients.every(({ syncedAt }) => syncedAt !== undefined));
    for (const board of some) board.openFirst();
    await eventually(areIn, { timeoutMs: OPEN_WITHIN_MS, what: 'the first ones to be in' });
    for (const board of some) board.openOthers();
    await eventually(areIn, { timeoutMs: OPEN_WITHIN_MS, what: 'everybody to be in' });
  }
}

function attemptsOf(clients: readonly ReturningClient[]): number {
  return clients.reduce((sum, { attempts }) => sum + attempts, 0);
}

/** How many of the boards have not got the edit that was brought, as somebody sees it who opens them. */
async function missingEdits(site: Site, boards: readonly Board[]): Promise<number> {
  let missing = 0;
  for (let from = 0; from < boards.length; from += AT_ONCE) {
    const looks = boards.slice(from, from + AT_ONCE).map(async ({ name }, n) => {
      const address = site.at(0, `reader-${n}`);
      const joined = await join(address, name, { withinMs: OPEN_WITHIN_MS, keep: true });
      joined.leave();
      const doc = new Y.Doc();
      if (joined.update !== undefined) Y.applyUpdate(doc, joined.update);
      return doc.getMap('widgets').has('unseen') && doc.getMap('widgets').size > SIZE.widgets;
    });
    missing += (await Promise.all(looks)).filter((has) => !has).length;
  }
  return missing;
}

/** Both this process and the server, which inherits the limit, have a file open for each client. */
async function requireFiles(files: number): Promise<void> {
  const most = await maxOpenFiles();
  if (most >= files) return;
  throw new Error(`no more than ${most} files may be open: first run "ulimit -n ${files}"`);
}
