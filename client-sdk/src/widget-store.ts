import {
  createWidget,
  type Geom,
  type JsonObject,
  parseWidgetId,
  removeWidget,
  TesseraError,
  type Widget,
  widgetsOf,
} from '@tessera/model';
import { uuidv4 } from 'lib0/random';
import * as Y from 'yjs';
import type { InputOf, MergeKind, WidgetDefinition } from './define-widget.ts';
import { Listeners } from './listeners.ts';
import { share } from './structural-sharing.ts';
import type {
  CreatedWidget,
  InvalidWidget,
  WidgetHandle,
  WidgetRef,
  Widgets,
} from './typed-widgets.ts';
import { WidgetEntries } from './widget-entries.ts';
import type { WidgetEntry } from './widget-entry.ts';
import { moveWidget, WidgetView } from './widget-handle.ts';
import { initialState } from './widget-state.ts';
import { kindStored } from './write-state.ts';

type ListOfType = { readonly refs: readonly WidgetRef[]; readonly handles: readonly WidgetView[] };

/**
 * The widgets of whatever document is attached. One observer watches the document; of the widgets
 * that a transaction touched only those that somebody looks at are read again.
 */
export class WidgetStore implements Widgets {
  readonly #mayEdit: (widget: string) => boolean;
  #doc: Y.Doc | undefined;
  #origin: unknown;
  #closed = false;
  readonly #entries = new WidgetEntries(this);
  readonly #listListeners = new Listeners<[]>();
  readonly #invalidListeners = new Listeners<[InvalidWidget]>();
  #refs: readonly WidgetRef[] = Object.freeze([]);
  #refsAreOld = false;
  #toldRefs = this.#refs;
  readonly #lists = new WeakMap<WidgetDefinition, ListOfType>();
  readonly #observer = (events: readonly Y.YEvent<Y.AbstractType<unknown>>[]) =>
    this.#changed(events);

  constructor(mayEdit: (widget: string) => boolean = () => true) {
    this.#mayEdit = mayEdit;
  }

  get doc(): Y.Doc | undefined {
    return this.#doc;
  }

  /** Shows the widgets of `doc` from now on. Handles and subscriptions stay, and hear what differs. */
  attach(doc: Y.Doc, origin: unknown): void {
    if (this.#closed) throw new Error('the widgets of this board are closed: open the board again');
    this.detach();
    this.#doc = doc;
    this.#origin = origin;
    widgetsOf(doc).observeDeep(this.#observer);
    this.#refsAreOld = true;
    this.#refreshAndTell(this.#entries.known());
  }

  /** Lets go of the document. What was shown last stays; edits throw until the next `attach`. */
  detach(): void {
    if (this.#doc === undefined) return;
    this.list();
    widgetsOf(this.#doc).unobserveDeep(this.#observer);
    this.#doc = undefined;
  }

  /** Lets go of the document and of the listeners to the list, for good. */
  close(): void {
    this.detach();
    this.#closed = true;
    this.#listListeners.clear();
    this.#invalidListeners.clear();
  }

  create<D extends WidgetDefinition>(
    definition: D,
    input: InputOf<D>,
    { id = uuidv4(), geom }: { readonly id?: string; readonly geom?: Geom } = {},
  ): CreatedWidget<D> {
    const { type, version, merge } = definition;
    const all = Object.entries(initialState(definition, input, parseWidgetId(id)));
    const stored = <T>(kind: MergeKind | undefined) =>
      Object.fromEntries(
        all.filter(([key, value]) => kindStored(value, merge[key]) === kind),
      ) as Record<string, T>;
    const state: JsonObject = stored(undefined);
    const [texts, lists, maps] = [
      stored<string>('text'),
      stored<[]>('list'),
      stored<JsonObject>('map'),
    ];
    const widget = { id, type, version, state, texts, lists, maps, ...(geom && { geom }) };
    this.edit((doc, origin) => createWidget(doc, widget, origin), id);
    return this.handle(definition, id) as CreatedWidget<D>;
  }

  get<D extends WidgetDefinition>(definition: D, id: string): WidgetHandle<D> | undefined;
  get(id: string): Widget | undefined;
  get<D extends WidgetDefinition>(
    ...[first, id]: [definition: D, id: string] | [id: string]
  ): WidgetHandle<D> | Widget | undefined {
    if (typeof first === 'string') return this.#entryThere(first)?.widget;
    const widget = this.#entryThere(id ?? '')?.widget;
    return widget?.type === first.type ? this.handle(first, widget.id) : undefined;
  }

  handle<D extends WidgetDefinition>(definition: D, id: string): WidgetHandle<D> {
    const entry = this.#entries.get(id);
    let view = entry.views.get(definition);
    if (view === undefined) {
      view = new WidgetView(definition, entry);
      entry.views.set(definition, view);
    }
    // What a view shows is what the schema of its definition gives.
    return view as unknown as WidgetHandle<D>;
  }

  list<D extends WidgetDefinition>(definition: D): readonly WidgetHandle<D>[];
  list(): readonly WidgetRef[];
  list(definition?: WidgetDefinition): readonly WidgetRef[] | readonly unknown[] {
    const doc = this.#doc;
    if (doc !== undefined && (this.#refsAreOld || doc._transaction !== null)) {
      this.#refsAreOld = doc._transaction !== null;
      this.#refs = share(this.#refs, refsIn(doc));
    }
    const refs = this.#refs;
    if (definition === undefined) return refs;
    const known = this.#lists.get(definition);
    if (known?.refs === refs) return known.handles;
    const handles = share(
      known?.handles,
      refs
        .filter(({ type }) => type === definition.type)
        .map(({ id }) => this.handle(definition, id) as unknown as WidgetView),
    );
    this.#lists.set(definition, { refs, handles });
    return handles;
  }

  move(id: string, geom: Partial<Geom>): void {
    moveWidget(this.#entries.get(id), geom);
  }

  remove(id: string): boolean {
    return this.edit((doc, origin) => removeWidget(doc, id, origin), id);
  }

  batch<T>(edit: () => T): T {
    return this.edit(edit);
  }

  subscribe(listener: () => void): () => void;
  subscribe(id: string, listener: (widget: Widget | undefined) => void): () => void;
  subscribe(
    ...[first, listener]:
      | [listener: () => void]
      | [id: string, listener: (widget: Widget | undefined) => void]
  ): () => void {
    if (typeof first === 'string') {
      return this.#entries.get(first).subscribe((widget) => listener?.(widget));
    }
    if (this.#listListeners.size === 0) this.#toldRefs = this.list();
    return this.#listListeners.add(first);
  }

  onInvalid(listener: (invalid: InvalidWidget) => void): () => void {
    return this.#invalidListeners.add(listener);
  }

  /** For the entries: runs an edit as a transaction made here. */
  edit<T>(change: (doc: Y.Doc, origin: unknown) => T, widget?: string): T {
    if (widget !== undefined && !this.#mayEdit(widget)) {
      throw new TesseraError(
        'not-granted',
        `widget ${widget} may be read but not edited with this token`,
      );
    }
    const doc = this.#doc;
    if (doc === undefined) {
      throw new Error('this board has no document now: it is closed, or waits for a fresh one');
    }
    return doc.transact(() => change(doc, this.#origin), this.#origin);
  }

  /** For the entries. Later, as it may be found while somebody renders, who must not be disturbed. */
  invalid(invalid: InvalidWidget): void {
    queueMicrotask(() => this.#invalidListeners.tell(invalid));
  }

  #entryThere(id: string): WidgetEntry | undefined {
    const there = this.#doc !== undefined && widgetsOf(this.#doc).has(id);
    return there ? this.#entries.get(id) : this.#entries.find(id);
  }

  #changed(events: readonly Y.YEvent<Y.AbstractType<unknown>>[]): void {
    const ids = new Set<string>();
    for (const { path, target, keysChanged } of events as Y.YMapEvent<unknown>[]) {
      const [id] = path;
      if (path.length === 0) for (const key of keysChanged) ids.add(key as string);
      else ids.add(String(id));
      if (path.length < 2 && target instanceof Y.Map) this.#refsAreOld = true;
    }
    this.#refreshAndTell([...ids].flatMap((id) => this.#entries.find(id) ?? []));
  }

  /** All are read before anybody hears of it, so that nobody sees one half of a transaction. */
  #refreshAndTell(entries: readonly WidgetEntry[]): void {
    for (const entry of entries) entry.refresh();
    for (const entry of entries) {
      this.#entries.settle(entry);
      entry.notify();
    }
    if (this.#listListeners.size === 0 || this.list() === this.#toldRefs) return;
    this.#toldRefs = this.list();
    this.#listListeners.tell();
  }
}

/** In the order of ids, as a Y.Map has none that is the same for everybody. */
function refsIn(doc: Y.Doc): WidgetRef[] {
  const refs: WidgetRef[] = [];
  for (const [id, map] of widgetsOf(doc)) {
    if (!(map instanceof Y.Map)) continue;
    const type: unknown = map.get('type');
    // As readWidget knows a widget.
    if (typeof type === 'string' && typeof map.get('version') === 'number') refs.push({ id, type });
  }
  return refs.sort((a, b) => (a.id < b.id ? -1 : 1));
}
