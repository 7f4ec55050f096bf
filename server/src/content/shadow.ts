import {
  isWidgetId,
  type Place,
  readWidget,
  type Widget,
  widgetsOf,
  widgetsRoot,
} from '@tessera/model';
import * as Y from 'yjs';
import { applyUpdate } from '../sync/door.ts';
import type { Objection } from './objection.ts';
import type { WidgetSchemas } from './widget-schemas.ts';

/**
 * A second copy of a board, to which each update of a client is applied first: what its widgets would be
 * can be told in no other way, as it takes all of Yjs to merge, and what Yjs has merged it cannot take
 * back. So an update that is objected to spoils the copy, and the next one is made from the document.
 */
export class Shadow {
  readonly #document: Y.Doc;
  readonly #schemas: WidgetSchemas;
  /** As the document is; undefined until the first edit here. */
  #copy: Y.Doc | undefined;
  /** It has an update that the document is to be given next. */
  #isAhead = false;
  readonly #changed = new Set<string>();

  constructor(document: Y.Doc, schemas: WidgetSchemas) {
    this.#document = document;
    this.#schemas = schemas;
    document.on('update', (bytes) => this.#follow(bytes));
  }

  /**
   * What is wrong with the widgets that the update would change, as they would be then. Without an
   * objection the update is to be applied to the document at once.
   * @throws TesseraError as `applyUpdate`
   */
  objectionsTo(bytes: Uint8Array): Objection[] {
    const copy = this.#isAhead ? this.#copyAgain() : (this.#copy ?? this.#copyAgain());
    this.#changed.clear();
    let objections: Objection[] | undefined;
    try {
      if (!applyUpdate(copy, bytes, this)) throw new Error('the copy is behind the document');
      objections = [...this.#changed].flatMap((key) => this.#objectionTo(copy, key) ?? []);
    } finally {
      // At once, so that the time it takes is counted as that of who made it necessary.
      if (objections?.length !== 0) this.#copyAgain();
    }
    return objections;
  }

  close(): void {
    this.#copy?.destroy();
    this.#copy = undefined;
  }

  #objectionTo(copy: Y.Doc, key: string): Objection | undefined {
    const widget = readWidget(copy, key);
    const before = widget === undefined ? readWidget(this.#document, key) : undefined;
    const problem = widget
      ? this.#schemas.problemOf(widget)
      : before && this.#problemWithout(copy, before);
    if (problem === undefined) return undefined;
    const place: Place = isWidgetId(key) ? { widget: key } : { root: widgetsRoot };
    const { type } = widget ?? before ?? {};
    return { place, rule: 'schema', reason: `widget ${key} (${type}): ${problem}` };
  }

  /** It may be removed. Without its type it would only be out of sight, of its schema too. */
  #problemWithout(copy: Y.Doc, before: Widget): string | undefined {
    if (!this.#schemas.has(before) || !widgetsOf(copy).has(before.id)) return undefined;
    return 'must keep its type and version';
  }

  #copyAgain(): Y.Doc {
    this.#copy?.destroy();
    this.#isAhead = false;
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(this.#document));
    const widgets = widgetsOf(copy);
    copy.on('afterTransaction', (transaction) => {
      for (const [type, keys] of transaction.changed) this.#note(widgets, type, keys);
      if (transaction.origin === this) this.#isAhead ||= hasChanged(transaction);
    });
    this.#copy = copy;
    return copy;
  }

  /** The document was given an update: what the copy has just approved, or what comes from elsewhere. */
  #follow(bytes: Uint8Array): void {
    if (this.#copy === undefined) return;
    if (this.#isAhead) this.#isAhead = false;
    else Y.applyUpdate(this.#copy, bytes);
  }

  #note(
    widgets: Y.Map<unknown>,
    type: Y.AbstractType<Y.YEvent<Y.AbstractType<unknown>>>,
    keys: ReadonlySet<string | null>,
  ): void {
    if ((type as unknown) === widgets) {
      for (const key of keys) if (key !== null) this.#changed.add(key);
      return;
    }
    let item = type._item;
    while (item?.parent instanceof Y.AbstractType && item.parent !== (widgets as unknown)) {
      item = item.parent._item;
    }
    const key = item?.parentSub;
    if (typeof key === 'string') this.#changed.add(key);
  }
}

/** Whether there is an `update` event for it. Without a listener, Yjs does not write the update. */
function hasChanged({ deleteSet, beforeState, afterState }: Y.Transaction): boolean {
  if (deleteSet.clients.size > 0) return true;
  for (const [client, clock] of afterState) if (beforeState.get(client) !== clock) return true;
  return false;
}
