import {
  type Board,
  type Client,
  createClient,
  type LocalStore,
  type WidgetHandle,
} from '@tessera/client';
import { fileStore } from '@tessera/client/node';
import { memoryStore } from '@tessera/client/offline';
import { expectShared } from './sdk-identity.ts';
import { chart, Marks, oldTask, type Sort, sheet, task } from './sdk-widgets.ts';
import { removeFolder, temporaryFolder, tokenFor } from './tessera.ts';
import { finishes } from './wait.ts';

export interface PeerOptions {
  readonly name: string;
  readonly board: string;
  readonly url: string;
  readonly store: 'memory' | 'file' | 'none';
  /** Knows only the first version of tasks. */
  readonly isOld: boolean;
  /** Reads everything after each transaction, and not only between steps. */
  readonly watches: boolean;
  readonly mergeWithinMs: number;
  /** A number for each document that this peer ever has, different from all others. */
  readonly clientId: () => number;
}

/** One user's client of one board, which checks what it is shown. */
export class Peer {
  readonly name: string;
  readonly sorts: readonly Sort[];
  readonly hasStore: boolean;
  /** Own widgets that nobody else edits, and what they were when the history began. */
  readonly begun = new Map<string, unknown>();
  isPaused = false;
  readonly #options: PeerOptions;
  readonly #faults: unknown[] = [];
  readonly #seen = new Map<string, unknown>();
  readonly #handles = new Map<WidgetHandle, unknown>();
  #folder: string | undefined;
  #store: LocalStore | undefined;
  #client: Client | undefined;
  #board: Board | undefined;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.name = options.name;
    this.hasStore = options.store !== 'none';
    this.sorts = [chart, options.isOld ? oldTask : task, sheet];
  }

  get board(): Board {
    if (this.#board === undefined) throw new Error(`${this.name} is not open`);
    return this.#board;
  }

  /** Opens the board, again with the same store. */
  async open(): Promise<void> {
    const { board: id, url, store, mergeWithinMs, clientId } = this.#options;
    if (store === 'file') {
      this.#folder ??= await temporaryFolder();
      this.#store ??= fileStore({ folder: this.#folder });
    } else if (store === 'memory') this.#store ??= memoryStore();
    this.#client = createClient({
      url: `${url.replace('http', 'ws')}/sync`,
      token: () => tokenFor(this.name),
      history: { mergeWithinMs, maxSteps: 10_000 },
      ...(this.#store && { store: this.#store }),
    });
    const board = this.#client.board(id);
    this.#board = board;
    // Without a store the presence of its own number is on its way already.
    if (this.hasStore) board.doc.clientID = clientId();
    board.history.track('editor');
    await finishes(board.loaded(), { what: `the local copy of ${this.name}` });
    if (this.#options.watches) {
      board.doc.on('update', () => this.#try(() => this.look()));
      board.history.subscribe(() => this.#try(() => this.#see('history', board.history.state)));
      board.subscribe(() => this.#try(() => this.#see('status', board.status)));
    }
    this.isPaused = false;
    this.beginHistory();
    this.look();
  }

  /** Leaves the board; without a store what is not saved is lost. */
  async leave(): Promise<void> {
    const closing = this.#client?.close() ?? Promise.resolve();
    this.#seen.clear();
    this.#handles.clear();
    await finishes(closing, { what: `${this.name} to close` });
  }

  async close(): Promise<void> {
    await this.leave();
    await this.#store?.close();
    if (this.#folder !== undefined) await removeFolder(this.#folder);
  }

  /** From here on all can be undone, and undoing all leads back here. */
  beginHistory(): void {
    const { history, widgets } = this.board;
    history.clear();
    const own = widgets.list().filter(({ id }) => this.owns(id));
    this.begun.clear();
    for (const { id } of own) this.begun.set(id, widgets.get(id));
  }

  owns(id: string): boolean {
    return id.startsWith(`own-${this.name}-`);
  }

  /** The handles of widgets it may edit, by id. */
  get editable(): WidgetHandle[] {
    const { widgets } = this.board;
    return this.sorts
      .flatMap(({ definition }) => widgets.list(definition))
      .filter(({ id }) => !id.startsWith('own-') || (this.owns(id) && !this.isPaused))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  sortOf({ definition }: WidgetHandle): Sort {
    const sort = this.sorts.find((each) => each.definition === definition);
    if (sort === undefined) throw new Error(`no sort is of ${definition.type}`);
    return sort;
  }

  /** Reads all that the board shows. @throws if something is equal to what it was and not the same */
  look(): void {
    const { widgets, status } = this.board;
    // What changed there and back since the last look may be another object.
    const see = this.#options.watches ? this.#see : () => undefined;
    const refs = widgets.list();
    see('list', refs);
    const ids = new Set(refs.map(({ id }) => `widget ${id}`));
    for (const what of this.#seen.keys()) {
      if (what.startsWith('widget ') && !ids.has(what)) this.#seen.delete(what);
    }
    for (const { id } of refs) see(`widget ${id}`, widgets.get(id));
    for (const { definition } of [...this.sorts, { definition: Marks }]) {
      for (const handle of widgets.list(definition)) this.#follow(handle);
    }
    for (const [handle, heard] of this.#handles) {
      see(`${handle.definition.type} ${handle.id}`, handle.snapshot);
      if (heard !== handle.snapshot) throw new Error(`${this.name} did not hear of ${handle.id}`);
    }
    const { state, unsaved } = status;
    if (state === 'saved' ? unsaved > 0 : unsaved === 0 && state === 'saving') {
      throw new Error(`${this.name} is ${state} with ${unsaved} unsaved edits`);
    }
    const [fault] = this.#faults;
    if (fault !== undefined) throw fault;
  }

  #follow(handle: WidgetHandle): void {
    if (this.#handles.has(handle)) return;
    this.#handles.set(handle, handle.snapshot);
    handle.subscribe((snapshot) => this.#handles.set(handle, snapshot));
  }

  readonly #see = (what: string, now: unknown): void => {
    const known = this.#seen.has(what);
    const before = this.#seen.get(what);
    this.#seen.set(what, now);
    if (known) expectShared(before, now, `${this.name}: ${what}`);
  };

  /** In a listener nothing must be thrown. */
  #try(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#faults.push(error);
    }
  }
}
