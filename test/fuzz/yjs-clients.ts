import { decodeUpdate, expectCanonical, filterUpdate, isComplete } from '@tessera/model';
import * as Y from 'yjs';
import type { random } from '../support/random.ts';
import { below, editAtRandom, pick, rootsOf } from './yjs-edits.ts';

type Random = ReturnType<typeof random>;

/** What a node does with updates of people who may write everything. */
export class FilteringServer {
  readonly doc = new Y.Doc();
  readonly log: Uint8Array[] = [];
  readonly clients: YjsClient[] = [];
  readonly counts = { taken: 0, changed: 0 };

  constructor() {
    rootsOf(this.doc);
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      this.log.push(update);
      for (const client of this.clients) if (client !== origin) client.inbox.push(update);
    });
  }

  /** @throws Error when the filter refuses something */
  receive(bytes: Uint8Array, from: YjsClient): void {
    const update = decodeUpdate(bytes);
    expectCanonical(update, bytes);
    if (!isComplete(update, this.doc)) throw new Error('the update is not complete');
    const taken = filterUpdate(update, bytes, this.doc, {
      mayWrite: () => true,
      isOwn: (client) => from.ids.has(client),
    });
    if (taken.refused !== undefined) {
      const shown = Buffer.from(bytes).toString('base64');
      throw new Error(`${JSON.stringify(taken.refused)} of ${shown} is refused`);
    }
    this.counts.taken += 1;
    if (taken.bytes !== bytes) this.counts.changed += 1;
    Y.applyUpdate(this.doc, taken.bytes, from);
  }
}

/** Somebody with undo, who edits by what Yjs offers, is away at times, and comes back as another client id. */
export class YjsClient {
  readonly ids = new Set<number>();
  readonly inbox: Uint8Array[] = [];
  readonly #dice: Random;
  readonly #server: FilteringServer;
  readonly #habits: { gc: boolean; nests: boolean; ignoreRemoteMapChanges: boolean };
  #doc: Y.Doc;
  #managers: Y.UndoManager[] = [];
  #outbox: Uint8Array[] = [];
  #known: Uint8Array | undefined;
  #isAway = false;

  constructor(server: FilteringServer, dice: Random) {
    this.#server = server;
    this.#dice = dice;
    const is = (share: number) => dice.next() < share;
    this.#habits = { gc: is(0.8), nests: is(0.3), ignoreRemoteMapChanges: is(0.3) };
    this.#doc = this.#begin();
    server.clients.push(this);
  }

  get doc(): Y.Doc {
    return this.#doc;
  }

  act(): void {
    const dice = this.#dice;
    const kind = dice.next();
    const manager = pick(dice, this.#managers);
    if (kind < 0.5) this.#edit(1 + below(dice, 3));
    else if (kind < 0.72) manager?.undo();
    else if (kind < 0.85) manager?.redo();
    else if (kind < 0.9) manager?.stopCapturing();
    else if (kind < 0.91) manager?.clear();
    else if (kind < 0.93) this.#beginAgain();
    else this.#isAway = !this.#isAway;
    if (this.#isAway) return;
    if (this.#outbox.length > 0) this.#send();
    while (this.inbox.length > 0 && dice.next() < 0.7) this.#hear();
  }

  /** Sends and hears everything. */
  settle(): void {
    this.#isAway = false;
    while (this.inbox.length > 0) this.#hear();
    this.#outbox = [];
    this.#server.receive(this.#state(this.#server.doc), this);
  }

  #begin(state?: Uint8Array): Y.Doc {
    const { gc, nests, ignoreRemoteMapChanges } = this.#habits;
    const dice = this.#dice;
    const doc = new Y.Doc({ gc });
    doc.clientID = 1 + below(dice, 2 ** 31);
    this.ids.add(doc.clientID);
    const roots = [...rootsOf(doc)] as Y.AbstractType<unknown>[];
    if (state !== undefined) Y.applyUpdate(doc, state, this.#server);
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this.#server) this.#outbox.push(update);
    });
    this.#managers = [['me'], ['me', 'other']].map(
      (origins) =>
        new Y.UndoManager(roots, {
          captureTimeout: dice.next() < 0.5 ? Number.POSITIVE_INFINITY : 0,
          trackedOrigins: new Set(origins),
          ignoreRemoteMapChanges,
        }),
    );
    let isNested = false;
    rootsOf(doc)[0].observeDeep(() => {
      if (!nests || isNested || dice.next() < 0.7) return;
      isNested = true;
      this.#edit(1);
      isNested = false;
    });
    return doc;
  }

  #beginAgain(): void {
    for (const manager of this.#managers) manager.destroy();
    this.#doc = this.#begin(Y.encodeStateAsUpdate(this.#doc));
  }

  #edit(times: number): void {
    const doc = this.#doc;
    doc.transact(
      () => {
        for (let left = times; left > 0; left--) editAtRandom(doc, this.#dice);
      },
      this.#dice.next() < 0.75 ? 'me' : 'other',
    );
  }

  #send(): void {
    const { doc } = this.#server;
    const updates = this.#outbox;
    this.#outbox = [];
    const kind = this.#dice.next();
    if (kind < 0.2) {
      // The state the server told may be older than what it has by now.
      this.#server.receive(this.#state(doc, this.#known), this);
      if (kind > 0.1) for (const update of updates) this.#server.receive(update, this);
    } else if (kind < 0.4) this.#server.receive(Y.mergeUpdates(updates), this);
    else for (const update of updates) this.#server.receive(update, this);
    if (kind > 0.7) this.#known = Y.encodeStateVector(doc);
  }

  #state(of: Y.Doc, known = Y.encodeStateVector(of)): Uint8Array {
    return Y.encodeStateAsUpdate(this.#doc, known);
  }

  #hear(): void {
    const update = this.inbox.shift();
    if (update !== undefined) Y.applyUpdate(this.#doc, update, this.#server);
  }
}
