import { boardPropertiesOf, readTitle, readWidget, type Widget, widgetsOf } from '@tessera/model';
import type * as Y from 'yjs';
import { documentsOf } from './aside-edits.ts';
import { Listeners } from './listeners.ts';
import type { AsideEdits, LocalCopy } from './local-copy.ts';
import { isEqual } from './structural-sharing.ts';
import { writeDifference } from './write-difference.ts';

/** A widget as it was and as somebody here wanted it: without `before` it was made (or, without a store, what it was is not known), without `after` removed. */
export interface Attempt {
  readonly before?: Widget;
  readonly after?: Widget;
}

/**
 * Edits made here that the board does not have: they were not saved when it was reset, or the server
 * refused them. They are in no document, only here.
 */
export interface BoardConflict {
  readonly id: string;
  readonly cause:
    | { readonly kind: 'reset' }
    | { readonly kind: 'rejected'; readonly reason: string };
  /** When they were set aside, in milliseconds since 1970. */
  readonly at: number;
  /** How many edits there were; of refused ones, how many times the server refused. */
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
  #aside: readonly AsideEdits[] = [];
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
    const { aside } = this.#copy;
    if (aside === this.#aside) return;
    this.#aside = aside;
    this.#list = aside.map((edits) => this.#conflict(edits));
    this.#listeners.tell();
  }

  #conflict(edits: AsideEdits): BoardConflict {
    const known = this.#list.find(({ id, count }) => id === edits.id && count === edits.count);
    if (known !== undefined) return known;
    const { id, at, count, rejected } = edits;
    return {
      id,
      cause: rejected === undefined ? { kind: 'reset' } : { kind: 'rejected', reason: rejected },
      at,
      count,
      ...attempts(edits),
      reapply: async () => {
        const doc = this.#doc;
        if (doc === undefined) throw new Error('the board is closed: open it, then reapply');
        const { before, after } = documentsOf(edits);
        doc.transact(() => {
          for (const rootOf of [boardPropertiesOf, widgetsOf]) {
            writeDifference(rootOf(before), rootOf(after), rootOf(doc));
          }
        }, this.#origin);
        // Stored first: a page that ends in between shows the conflict again, and loses nothing.
        await this.#copy.stored();
        await this.#copy.forget(id);
      },
      discard: () => this.#copy.forget(id),
    };
  }
}

function attempts(edits: AsideEdits): Pick<BoardConflict, 'widgets' | 'title'> {
  const { before, after } = documentsOf(edits);
  const widgets: [string, Attempt][] = [];
  for (const id of new Set([...widgetsOf(before).keys(), ...widgetsOf(after).keys()])) {
    const [was, wanted] = [readWidget(before, id), readWidget(after, id)];
    if (isEqual(was, wanted)) continue;
    widgets.push([id, { ...(was && { before: was }), ...(wanted && { after: wanted }) }]);
  }
  const title = { before: readTitle(before), after: readTitle(after) };
  return {
    widgets: Object.fromEntries(widgets),
    ...(title.before === title.after ? {} : { title }),
  };
}
