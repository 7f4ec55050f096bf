import { readTitle, readWidget, type Widget, widgetsOf } from '@tessera/model';
import { equalityDeep } from 'lib0/function';
import * as Y from 'yjs';
import { writeAttempt } from './conflicts-reapply.ts';
import { Listeners } from './listeners.ts';
import type { StoredConflict } from './storage.ts';
import type { LocalCopy } from './storage-copy.ts';

/** A widget as it was and as somebody here wanted it: without `before` it was made, without `after` removed. */
export interface Attempt {
  readonly before?: Widget;
  readonly after?: Widget;
}

/** Edits that were not saved when the board was reset. They are in no document, only here. */
export interface BoardConflict {
  readonly id: string;
  /** When they were set aside, in milliseconds since 1970. */
  readonly at: number;
  /** How many edits there were. */
  readonly count: number;
  /** By widget id, those that the edits changed. */
  readonly widgets: Readonly<Record<string, Attempt>>;
  readonly title?: { readonly before: string; readonly after: string };
  /**
   * Makes the edits again on the board as it is now: changed keys are set, removed widgets removed,
   * missing ones made again. Resolves when that is stored and the conflict is gone.
   */
  reapply(): Promise<void>;
  /** Forgets the edits. */
  discard(): Promise<void>;
}

/** The conflicts of one board. `list` is the same object until they change. */
export class Conflicts {
  readonly #copy: LocalCopy;
  readonly #origin: unknown;
  readonly #listeners = new Listeners<[]>();
  readonly #stopListening: () => void;
  #doc: Y.Doc | undefined;
  #stored: readonly StoredConflict[] = [];
  #list: readonly BoardConflict[] = [];

  /** `origin` marks what `reapply` writes as made here. */
  constructor(copy: LocalCopy, origin: unknown) {
    this.#copy = copy;
    this.#origin = origin;
    this.#stopListening = copy.subscribe(() => this.#refresh());
    this.#refresh();
  }

  get list(): readonly BoardConflict[] {
    return this.#list;
  }

  /** Calls the listener when `list` changes. Returns the way to stop. */
  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** The document on which edits are made again. */
  attach(doc: Y.Doc): void {
    this.#doc = doc;
  }

  detach(): void {
    this.#doc = undefined;
  }

  close(): void {
    this.detach();
    this.#stopListening();
    this.#listeners.clear();
  }

  #refresh(): void {
    const stored = this.#copy.conflicts;
    if (stored === this.#stored) return;
    this.#stored = stored;
    this.#list = stored.map((conflict) => this.#conflict(conflict));
    this.#listeners.tell();
  }

  #conflict(stored: StoredConflict): BoardConflict {
    const known = this.#list.find(({ id, count }) => id === stored.id && count === stored.count);
    if (known !== undefined) return known;
    const { id, at, count } = stored;
    return {
      id,
      at,
      count,
      ...attempts(stored),
      reapply: async () => {
        const doc = this.#doc;
        if (doc === undefined) throw new Error('the board is closed: open it, then reapply');
        const { before, after } = documents(stored);
        doc.transact(() => writeAttempt(before, after, doc), this.#origin);
        // Stored first: a page that ends in between shows the conflict again, and loses nothing.
        await this.#copy.stored();
        await this.#copy.dropConflict(id);
      },
      discard: () => this.#copy.dropConflict(id),
    };
  }
}

function documents({ base, update }: StoredConflict): { before: Y.Doc; after: Y.Doc } {
  const [before, after] = [new Y.Doc(), new Y.Doc()];
  for (const doc of [before, after]) if (base !== undefined) Y.applyUpdateV2(doc, base);
  Y.applyUpdate(after, update);
  return { before, after };
}

function attempts(stored: StoredConflict): Pick<BoardConflict, 'widgets' | 'title'> {
  const { before, after } = documents(stored);
  const widgets: [string, Attempt][] = [];
  for (const id of new Set([...widgetsOf(before).keys(), ...widgetsOf(after).keys()])) {
    const [was, wanted] = [readWidget(before, id), readWidget(after, id)];
    if (equalityDeep(was, wanted)) continue;
    widgets.push([id, { ...(was && { before: was }), ...(wanted && { after: wanted }) }]);
  }
  const title = { before: readTitle(before), after: readTitle(after) };
  return {
    widgets: Object.fromEntries(widgets),
    ...(title.before === title.after ? {} : { title }),
  };
}
