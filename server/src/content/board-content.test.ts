import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  addList,
  addText,
  createWidget,
  readBoard,
  removeWidget,
  setGeom,
  setState,
  stateOf,
  TesseraError,
  unsetState,
  widgetsOf,
} from '@tessera/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as Y from 'yjs';
import { random } from '../../../test/support/random.ts';
import { WriteGuard } from '../auth/write-guard.ts';
import { EditFilter } from '../socket/edit-filter.ts';
import { SyncType } from '../socket/frames.ts';
import { applyUpdate } from '../sync/door.ts';
import { type BoardContent, ContentRules } from './board-content.ts';
import { loadWidgetSchemas } from './load-schemas.ts';
import { gaugeSchema, invalidGauges } from './test-schemas.ts';
import type { WidgetSchemas } from './widget-schemas.ts';

let folder: string;
let schemas: WidgetSchemas;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-schemas-'));
  await writeFile(join(folder, 'gauge.json'), JSON.stringify(gaugeSchema));
  schemas = await loadWidgetSchemas(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const ROUNDS = Number(process.env['CONTENT_ROUNDS'] ?? 60);

/** One of a board's clients, with a copy that others' edits reach late. */
class Peer {
  doc = new Y.Doc();
  readonly restricted: boolean;
  readonly filter: EditFilter;
  readonly permit;
  /** Of the log, what has reached it. */
  seen = 0;
  outbox: Uint8Array[] = [];

  constructor(restricted: boolean, protocol: 'hocuspocus' | 'y-websocket' = 'hocuspocus') {
    this.filter = new EditFilter({ protocol, countRefused: () => undefined });
    this.restricted = restricted;
    const guard = new WriteGuard(
      restricted
        ? { access: 'read', widgets: { 'w-1': 'write', 'w-2': 'write' } }
        : { access: 'write' },
    );
    this.permit = { guard };
    this.begin(new Y.Doc());
  }

  begin(doc: Y.Doc): void {
    this.doc = doc;
    this.outbox = [];
    this.filter.speaksFor(doc.clientID);
    doc.on('update', (bytes: Uint8Array, origin: unknown) => {
      if (origin !== 'server') this.outbox.push(bytes);
    });
  }
}

class Node {
  readonly live = new Y.Doc();
  readonly log: Uint8Array[] = [];
  readonly content: BoardContent;
  refusals = 0;

  constructor(log: readonly Uint8Array[] = []) {
    for (const bytes of log) Y.applyUpdate(this.live, bytes);
    this.content = new ContentRules({
      maxBytes: 1e9,
      maxWidgets: 1e6,
      schemas,
      refused: () => undefined,
    }).of(this.live);
    this.live.on('update', (bytes: Uint8Array) => this.log.push(bytes));
  }

  /** Whether it took all of it; undefined if it leans on what is not here. */
  take(peer: Peer, bytes: Uint8Array, syncType: number): boolean | undefined {
    try {
      return this.#take(peer, bytes, syncType);
    } catch (error) {
      if (!(error instanceof TesseraError) || error.httpStatus >= 500) throw error;
      this.refusals += 1;
      return false;
    }
  }

  #take(peer: Peer, bytes: Uint8Array, syncType: number): boolean | undefined {
    let isWhole = true;
    const isTaken = applyUpdate(this.live, bytes, peer, (decoded) => {
      const update = { syncType, bytes, decoded };
      const judged = peer.filter.judge(
        update,
        { document: this.live, content: this.content },
        peer.permit,
      );
      isWhole = judged.rejection === undefined;
      return judged.taken;
    });
    if (!isWhole) this.refusals += 1;
    return isTaken ? isWhole : undefined;
  }
}

function change(doc: Y.Doc, rng: ReturnType<typeof random>): void {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(rng.next() * all.length)] as T;
  const id = pick(['w-1', 'w-2', 'w-3', 'w-4']);
  const value = () => pick<string | number>([1, 2, 'one', 'two']);
  const unit = () => pick(['number', 'text', 'text', 'else']);
  const there = readBoard(doc).widgets[id];
  if (there === undefined) {
    // What another has made of it, on a copy that has parted.
    removeWidget(doc, id);
    const state =
      rng.next() < 0.7 ? { unit: 'number', value: 1 } : { unit: unit(), value: value() };
    const type = rng.next() < 0.9 ? 'gauge' : 'other';
    const extra = rng.next() < 0.5 ? { texts: { note: 'a note' } } : {};
    createWidget(doc, { id, type, version: 1, state, ...extra });
    return;
  }
  const edits: (() => void)[] = [
    () => setState(doc, id, { unit: unit() }),
    () => setState(doc, id, { value: value() }),
    () => {
      const isText = rng.next() < 0.5;
      setState(doc, id, { unit: isText ? 'text' : 'number', value: isText ? 'x' : 3 });
    },
    () => unsetState(doc, id, [pick(['unit', 'value', 'note', 'series'])]),
    () => removeWidget(doc, id),
    () => setGeom(doc, id, { x: Math.floor(rng.next() * 9), y: 0, w: 1, h: 1 }),
    () => {
      const map = widgetsOf(doc).get(id) as Y.Map<unknown>;
      map.set('type', pick(['gauge', 'other']));
    },
    () => {
      const note = stateOf(doc, id).get('note');
      if (note instanceof Y.Text) {
        if (rng.next() < 0.6)
          note.insert(Math.floor(rng.next() * note.length), pick(['ab', '🙂', 'long']));
        else if (note.length > 1) note.delete(Math.floor(rng.next() * (note.length - 1)), 1);
      } else if (note === undefined) addText(doc, id, 'note', 'new');
    },
    () => {
      const series = stateOf(doc, id).get('series');
      if (!(series instanceof Y.Array)) {
        if (series === undefined) addList(doc, id, 'series', [{ color: 'red' }]);
      } else if (rng.next() < 0.6)
        series.push([rng.next() < 0.8 ? { color: 'red' } : { colour: 'red' }]);
      else if (series.length > 0) series.delete(0, 1);
    },
  ];
  pick(edits)();
}

/** Another node has taken an edit, and the log brings it. */
function fromElsewhere(live: Y.Doc, rng: ReturnType<typeof random>): void {
  const elsewhere = new Y.Doc();
  Y.applyUpdate(elsewhere, Y.encodeStateAsUpdate(live));
  const [id] = Object.keys(readBoard(elsewhere).widgets);
  if (id === undefined) return;
  setState(elsewhere, id, { else: Math.floor(rng.next() * 100) });
  Y.applyUpdate(live, Y.encodeStateAsUpdate(elsewhere, Y.encodeStateVector(live)), 'log');
}

it('only valid widgets come into a board and its log, whatever several clients send at once', () => {
  const rng = random();
  console.log(`board-content: TEST_SEED=${rng.seed}`);
  let refusals = 0;
  let taken = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const node = new Node();
    const peers = [
      new Peer(false),
      new Peer(false),
      new Peer(true),
      new Peer(false, 'y-websocket'),
      new Peer(true, 'y-websocket'),
    ];
    const replay = new Y.Doc();
    let replayed = 0;
    const receive = (peer: Peer) => {
      for (; peer.seen < node.log.length; peer.seen += 1) {
        Y.applyUpdate(peer.doc, node.log[peer.seen] as Uint8Array, 'server');
      }
    };
    const send = (peer: Peer) => {
      const isWhole = rng.next() < 0.3;
      const updates = isWhole
        ? [Y.encodeStateAsUpdate(peer.doc, Y.encodeStateVector(node.live))]
        : peer.outbox;
      peer.outbox = [];
      for (const bytes of updates) {
        const outcome = node.take(peer, bytes, isWhole ? SyncType.step2 : SyncType.update);
        if (outcome) taken += 1;
        expect(invalidGauges(node.live)).toEqual([]);
        for (; replayed < node.log.length; replayed += 1) {
          Y.applyUpdate(replay, node.log[replayed] as Uint8Array);
          expect(invalidGauges(replay), 'in the log').toEqual([]);
        }
        if (outcome === false && rng.next() < 0.7) {
          // As the SDK does; others go on with a copy that has what was refused.
          const fresh = new Y.Doc();
          Y.applyUpdate(fresh, Y.encodeStateAsUpdate(node.live), 'server');
          peer.begin(fresh);
          peer.seen = node.log.length;
          break;
        }
      }
    };
    for (let step = 0; step < 60; step += 1) {
      const peer = peers[Math.floor(rng.next() * peers.length)] as Peer;
      const action = rng.next();
      if (action < 0.6) {
        peer.doc.transact(() => {
          const count = rng.next() < 0.3 ? 3 : 1;
          for (let n = 0; n < count; n += 1) change(peer.doc, rng);
        });
      } else if (action < 0.85) send(peer);
      else if (action < 0.9) receive(peer);
      else if (action < 0.93) fromElsewhere(node.live, rng);
      else {
        // By way of another node, whose log has not come here yet.
        const other = peers[Math.floor(rng.next() * peers.length)] as Peer;
        Y.applyUpdate(peer.doc, Y.encodeStateAsUpdate(other.doc), 'server');
      }
    }
    for (const peer of peers) send(peer);
    expect(readBoard(replay)).toEqual(readBoard(node.live));
    const fresh = new Y.Doc();
    Y.applyUpdate(fresh, Y.encodeStateAsUpdate(node.live));
    expect(readBoard(fresh)).toEqual(readBoard(node.live));
    expect(fresh.store.pendingStructs ?? replay.store.pendingStructs).toBe(null);
    refusals += node.refusals;
  }
  expect(refusals).toBeGreaterThan(ROUNDS);
  expect(taken).toBeGreaterThan(ROUNDS * 5);
});

it('what is left without the part that is objected to is looked at again', () => {
  const board = new Y.Doc();
  for (const id of ['w-1', 'w-2']) {
    createWidget(board, { id, type: 'gauge', version: 1, state: { unit: 'number', value: 1 } });
  }
  const node = new Node([Y.encodeStateAsUpdate(board)]);
  const [ada, bob] = [new Peer(false), new Peer(false)];
  for (const { doc } of [ada, bob]) Y.applyUpdate(doc, Y.encodeStateAsUpdate(board), 'server');
  setState(bob.doc, 'w-1', { value: 'not valid' });
  setState(bob.doc, 'w-2', { unit: 'text' });
  // Ada has it from another node. Without what Bob made, hers is not valid.
  Y.applyUpdate(ada.doc, Y.encodeStateAsUpdate(bob.doc), 'server');
  setState(ada.doc, 'w-2', { value: 'two' });
  const all = Y.encodeStateAsUpdate(ada.doc, Y.encodeStateVector(node.live));
  expect(node.take(ada, all, SyncType.step2)).toBe(false);
  expect(invalidGauges(node.live)).toEqual([]);
  expect(readBoard(node.live).widgets['w-2']?.state).toEqual({ unit: 'number', value: 1 });
});
