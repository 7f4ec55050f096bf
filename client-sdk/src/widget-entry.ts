import { readWidget, type Widget } from '@tessera/model';
import type * as Y from 'yjs';
import type { WidgetDefinition } from './define-widget.ts';
import { Listeners } from './listeners.ts';
import { share } from './structural-sharing.ts';
import type { InvalidWidget } from './typed-widgets.ts';

/** What an entry needs of the store it belongs to. */
export interface EntryHome {
  readonly doc: Y.Doc | undefined;
  /**
   * Runs an edit of one widget as a transaction made here. @throws TesseraError `not-granted`, or an
   * Error if there is no document
   */
  edit<T>(change: (doc: Y.Doc, origin: unknown) => T, widget: string): T;
  /** Whether the entry has to be kept may have changed. */
  settle(entry: WidgetEntry): void;
  invalid(invalid: InvalidWidget): void;
}

/** Something that is computed from an entry, and tells its own listeners. */
export interface EntryView {
  readonly observed: boolean;
  notify(): void;
}

/** A widget as it is stored, and all who look at it. */
export class WidgetEntry {
  readonly id: string;
  readonly home: EntryHome;
  readonly views = new Map<WidgetDefinition, EntryView>();
  readonly #listeners = new Listeners<[Widget | undefined]>();
  #widget: Widget | undefined;
  #told: Widget | undefined;

  constructor(id: string, home: EntryHome) {
    this.id = id;
    this.home = home;
    this.refresh();
    this.#told = this.#widget;
  }

  /** Plain JSON, frozen; the same object until it changes. */
  get widget(): Widget | undefined {
    // In a transaction nobody has been told of its edits yet.
    if (this.home.doc?._transaction) this.refresh();
    return this.#widget;
  }

  /** Whether anybody listens. */
  get observed(): boolean {
    return this.#listeners.size > 0 || [...this.views.values()].some((view) => view.observed);
  }

  /** Reads what the document holds now. Without a document, the last one stays. */
  refresh(): void {
    const { doc } = this.home;
    if (doc !== undefined) this.#widget = share(this.#widget, readWidget(doc, this.id));
  }

  subscribe(listener: (widget: Widget | undefined) => void): () => void {
    const stop = this.#listeners.add(listener);
    this.home.settle(this);
    return () => {
      stop();
      this.home.settle(this);
    };
  }

  notify(): void {
    for (const view of [...this.views.values()]) view.notify();
    if (this.#widget === this.#told) return;
    this.#told = this.#widget;
    this.#listeners.tell(this.#widget);
  }
}
