import * as Y from 'yjs';
import { eventually } from '../../test/support/wait.ts';
import type { Site } from '../contestants/contestant.ts';
import { BenchClient } from './bench-client.ts';
import { FrameType, findMarks, mark, presenceFrame, Reader, readPresence } from './protocol.ts';

/** Somebody who sends: edits, or cursor moves. */
export interface Sender {
  readonly client: BenchClient;
  /** When each was sent. */
  readonly sentAt: number[];
  /** Acks of edits, in ms since they were sent. */
  readonly ackMs: number[];
  send(): void;
}

/** Delays in ms by whether sender and receiver are on the same node. */
export interface Arrivals {
  readonly cross: number[];
  readonly local: number[];
}

/**
 * The clients of one board, half of them on each node, and what arrived at them.
 *
 * Both edits and cursor moves replace what the same sender sent before, and servers may leave out what
 * is replaced already. So something counts as arrived with the first frame that has it or a newer one.
 */
export class BoardLoad {
  readonly clients: BenchClient[];
  readonly senders: Sender[] = [];
  readonly arrivals: Arrivals = { cross: [], local: [] };
  /** For each client, the newest index it has of each sender. */
  readonly #newest: Int32Array[];
  /** Only what was sent after this moment counts. */
  countFrom = Number.POSITIVE_INFINITY;
  readonly #witnesses: BenchClient[];

  private constructor(clients: BenchClient[]) {
    this.clients = clients;
    this.#witnesses = clients.filter((client) => client.doc !== undefined);
    this.#newest = clients.map(() => new Int32Array(clients.length).fill(-1));
  }

  /** Client `k` is on node `k + firstNode`, modulo two. */
  static async open(
    site: Site,
    board: string,
    {
      clients,
      witnesses,
      firstNode = 0,
    }: { clients: number; witnesses: number; firstNode?: number },
  ): Promise<BoardLoad> {
    // The first one alone: nobody opens a new board from two nodes at the same moment.
    const open = (k: number) =>
      BenchClient.open(site.at((k + firstNode) % 2, `person-${k} of ${board}`), board, {
        witness: k >= clients - witnesses,
      });
    const opened = [await open(0)];
    while (opened.length < clients) {
      const next = Math.min(25, clients - opened.length);
      const batch = Array.from({ length: next }, (_, index) => open(opened.length + index));
      opened.push(...(await Promise.all(batch)));
    }
    return new BoardLoad(opened);
  }

  /** The first `count` clients drag a widget each; they may have more of them, which lie still. */
  addWriters(count: number, widgetsEach = 1): void {
    for (const [index, client] of this.clients.slice(0, count).entries()) {
      const doc = client.doc ?? new Y.Doc();
      const widgets = doc.getMap('widgets');
      const mine = Array.from({ length: widgetsEach }, () => new Y.Map());
      this.#addSender(client, (position) => {
        const geom = {
          x: position % 1920,
          y: position % 1080,
          w: 4,
          h: 3,
          by: mark(index, position),
        };
        const change = () => {
          if (position === 0) {
            for (const [at, widget] of mine.entries()) {
              widgets.set(`widget-${index}-${at}`, widget);
              widget.set('type', 'note');
              widget.set('geom', geom);
            }
          }
          mine[0]?.set('geom', geom);
        };
        client.sendUpdate(updateOf(doc, change));
      });
    }
    for (const [index, client] of this.clients.entries()) {
      client.onUpdate = (frame) => this.#arrived(index, client, frame);
    }
  }

  /** All clients move a cursor. The presence id of client `k` is `FIRST_CLIENT_ID + k`. */
  addCursors(): void {
    for (const [index, client] of this.clients.entries()) {
      const head = client.head(FrameType.awareness);
      this.#addSender(client, (position) => {
        const state = {
          user: { name: `Somebody ${index}`, color: '#30bced' },
          cursor: { x: position % 1920, y: (position * 7) % 1080, board: true },
          selection: [`widget-${index}`],
          at: mark(index, position),
        };
        client.send(
          presenceFrame(head, FIRST_CLIENT_ID + index, position + 1, JSON.stringify(state)),
        );
      });
      client.onPresence = (frame) => this.#arrived(index, client, frame);
    }
  }

  async untilArrived(): Promise<void> {
    await eventually(() => this.missing === 0, {
      what: 'what was sent to have arrived everywhere',
    });
  }

  /** How many things that were sent have not arrived at somebody yet. */
  get missing(): number {
    let missing = 0;
    for (const [index, newest] of this.#newest.entries()) {
      for (const [from, sender] of this.senders.entries()) {
        if (from !== index) missing += sender.sentAt.length - 1 - (newest[from] ?? -1);
      }
    }
    return missing;
  }

  /** Why the documents of the witnesses are not what was written; undefined if they are. */
  get difference(): string | undefined {
    const texts = this.#witnesses.map(({ doc }) => JSON.stringify(sortedWidgets(doc)));
    if (new Set(texts).size > 1) return 'the documents of two clients differ';
    for (const [index, { sentAt }] of this.senders.entries()) {
      const last = mark(index, sentAt.length - 1);
      if (texts.some((text) => !text.includes(last)))
        return `the last edit ${last} is not in a document`;
    }
    return undefined;
  }

  /** From now on: when each client's person was last seen to leave, by somebody on node 2. */
  watchLeaving(): ReadonlyMap<BenchClient, number> {
    const leftAt = new Map<BenchClient, number>();
    const observer = this.clients.find(({ node }) => node === 1);
    if (observer === undefined) throw new Error('nobody is on node 2 to see it');
    observer.onPresence = (frame, body) => {
      const now = performance.now();
      for (const { client: id, isPresent } of readPresence(new Reader(frame, body).bytes())) {
        const client = this.clients[id - FIRST_CLIENT_ID];
        if (client === undefined) continue;
        // Who comes back was not gone.
        if (isPresent) leftAt.delete(client);
        else leftAt.set(client, now);
      }
    };
    return leftAt;
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
  }

  #addSender(client: BenchClient, send: (position: number) => void): void {
    const sender: Sender = {
      client,
      sentAt: [],
      ackMs: [],
      send: () => {
        sender.sentAt.push(performance.now());
        send(sender.sentAt.length - 1);
      },
    };
    client.onAck = (sentAt) => {
      if (sentAt >= this.countFrom) sender.ackMs.push(performance.now() - sentAt);
    };
    this.senders.push(sender);
  }

  #arrived(index: number, client: BenchClient, frame: Buffer): void {
    const now = performance.now();
    const newest = this.#newest[index];
    if (newest === undefined) return;
    findMarks(frame, (from, position) => {
      const sender = this.senders[from];
      if (from === index || sender === undefined) return;
      const delays = sender.client.node === client.node ? this.arrivals.local : this.arrivals.cross;
      for (let at = (newest[from] ?? -1) + 1; at <= position; at++) {
        const sentAt = sender.sentAt[at] ?? Number.NaN;
        if (sentAt >= this.countFrom) delays.push(now - sentAt);
      }
      newest[from] = Math.max(newest[from] ?? -1, position);
    });
  }
}

const FIRST_CLIENT_ID = 1_000;

function updateOf(doc: Y.Doc, change: () => void): Uint8Array {
  let update = new Uint8Array();
  const keep = (bytes: Uint8Array) => {
    update = new Uint8Array(bytes);
  };
  doc.once('update', keep);
  doc.transact(change);
  return update;
}

function sortedWidgets(doc: Y.Doc | undefined): unknown {
  const widgets: Record<string, unknown> = doc?.getMap('widgets').toJSON() ?? {};
  return Object.entries(widgets).sort(([a], [b]) => a.localeCompare(b));
}
