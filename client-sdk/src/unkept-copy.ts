import { widgetsOf } from '@tessera/model';
import { uuidv4 } from 'lib0/random';
import * as Y from 'yjs';
import { asideOf } from './aside-edits.ts';
import { Listeners } from './listeners.ts';
import type { AsideEdits, Attachment, LocalCopy } from './local-copy.ts';

interface Edit {
  /** The ledger's count just after it. */
  readonly number: number;
  readonly at: number;
  /** Ids of the widgets it changed; the empty string stands for the title. */
  readonly changed: ReadonlySet<string>;
}

const title = '';

/**
 * The copy of a board that is kept nowhere: only the edits that are not saved, in memory. When the
 * board is reset it knows what they made of a widget, and not what the widget was before.
 */
export class UnkeptCopy implements LocalCopy {
  readonly status = { state: 'off' } as const;
  readonly lineage = undefined;
  epoch: string | undefined;
  aside: readonly AsideEdits[] = [];
  readonly #listeners = new Listeners<[]>();
  /** In the order they were made. */
  #edits: Edit[] = [];
  #attached: { readonly doc: Y.Doc; readonly attachment: Attachment } | undefined;

  get unsaved() {
    const [oldest] = this.#edits;
    return oldest && { count: this.#edits.length, oldestAt: oldest.at };
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  onLeft(): () => void {
    return () => undefined;
  }

  async load(): Promise<number> {
    return 0;
  }

  attach(doc: Y.Doc, attachment: Attachment): void {
    this.#detach();
    this.#attached = { doc, attachment };
    doc.on('update', this.#heard);
  }

  sourceOf(): undefined {
    return undefined;
  }

  saved(edits: number): void {
    const firstOpen = this.#edits.findIndex(({ number }) => number > edits);
    this.#edits.splice(0, firstOpen === -1 ? this.#edits.length : firstOpen);
  }

  setEpoch(epoch: string): void {
    this.epoch ??= epoch;
  }

  startAnew(epoch: string): void {
    const edits = this.#edits;
    const after = this.#attached?.doc;
    this.#detach();
    this.#edits = [];
    this.epoch = epoch;
    if (after === undefined || edits.length === 0) return;
    const changed = new Set(edits.flatMap((edit) => [...edit.changed]));
    const withTitle = changed.delete(title);
    const made = asideOf(undefined, after, [...changed], withTitle);
    this.setAside({ id: uuidv4(), at: Date.now(), count: edits.length, ...made });
  }

  moveOn(): void {
    this.#detach();
    this.#edits = [];
  }

  setAside(edits: AsideEdits): void {
    this.aside = [...this.aside, edits];
    this.#listeners.tell();
  }

  async forget(id: string): Promise<void> {
    this.aside = this.aside.filter((edits) => edits.id !== id);
    this.#listeners.tell();
  }

  async stored(): Promise<boolean> {
    return false;
  }

  async close(): Promise<void> {
    this.#detach();
    this.#listeners.clear();
  }

  #detach(): void {
    this.#attached?.doc.off('update', this.#heard);
    this.#attached = undefined;
  }

  #heard = (_update: Uint8Array, origin: unknown, doc: Y.Doc, transaction: Y.Transaction): void => {
    const attachment = this.#attached?.attachment;
    if (attachment === undefined || attachment.isFromServer(origin)) return;
    const changed = changedIn(transaction, doc);
    this.#edits.push({ number: attachment.edits(), at: Date.now(), changed });
  };
}

function changedIn({ changed }: Y.Transaction, doc: Y.Doc): Set<string> {
  const widgets = widgetsOf(doc);
  const ids = new Set<string>();
  for (const [type, keys] of changed) {
    if ((type as unknown) === widgets) {
      for (const key of keys) if (key !== null) ids.add(key);
      continue;
    }
    let item = type._item;
    while (item !== null && item.parent !== widgets) {
      item = item.parent instanceof Y.AbstractType ? item.parent._item : null;
    }
    ids.add(item?.parentSub ?? title);
  }
  return ids;
}
