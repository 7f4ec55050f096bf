import {
  type Geom,
  removeWidget,
  setGeom,
  stateOf,
  TesseraError,
  widgetsOf,
  widgetText,
} from '@tessera/model';
import { produce } from 'immer';
import * as Y from 'yjs';
import type { WidgetDefinition } from './define-widget.ts';
import { Listeners } from './listeners.ts';
import { overlay } from './overlay.ts';
import { share } from './structural-sharing.ts';
import type { WidgetHandle, WidgetSnapshot, WidgetStatus } from './typed-widgets.ts';
import type { EntryView, WidgetEntry } from './widget-entry.ts';
import { checkedState, type Reading, readState } from './widget-state.ts';
import { writeState } from './write-state.ts';

type Snapshot = WidgetSnapshot<object | undefined>;

const nothing: Snapshot = Object.freeze({
  status: Object.freeze({ kind: 'removed' }),
  state: undefined,
  geom: undefined,
});

/** A widget through its definition. The types of the state are those of the interface, put on by the store. */
export class WidgetView implements EntryView, WidgetHandle<WidgetDefinition, object | undefined> {
  readonly definition: WidgetDefinition;
  readonly #entry: WidgetEntry;
  readonly #listeners = new Listeners<[Snapshot]>();
  #reading: Reading | undefined;
  #read: WidgetEntry['widget'];
  #snapshot = nothing;
  #told: Snapshot | undefined;

  constructor(definition: WidgetDefinition, entry: WidgetEntry) {
    this.definition = definition;
    this.#entry = entry;
  }

  get id(): string {
    return this.#entry.id;
  }

  /** Computed when it is asked for, and again only after the widget changed. */
  get snapshot(): Snapshot {
    const { widget } = this.#entry;
    if (widget !== this.#read) {
      const before = this.#read;
      this.#read = widget;
      const same =
        widget?.state === before?.state &&
        widget?.version === before?.version &&
        widget?.type === before?.type;
      if (!same) this.#reading = widget && readState(this.definition, widget);
      this.#snapshot = share(this.#snapshot, this.#next());
      if (!same) this.#report();
    }
    this.#told ??= this.#snapshot;
    return this.#snapshot;
  }

  get state(): object | undefined {
    return this.snapshot.state;
  }

  get geom(): Geom | undefined {
    return this.snapshot.geom;
  }

  get status(): WidgetStatus {
    return this.snapshot.status;
  }

  get exists(): boolean {
    const { kind } = this.status;
    return kind !== 'removed' && kind !== 'other-type';
  }

  get observed(): boolean {
    return this.#listeners.size > 0;
  }

  set(partial: object): void {
    this.#edit(({ from }) => ({ ...from, ...partial }));
  }

  update(recipe: (draft: never) => unknown): void {
    this.#edit(({ from, valid }) => {
      if (!valid) throw this.#refusal('does not fit its schema: repair it with set()');
      return produce(from, (draft) => {
        const returned = recipe(draft as never);
        if (!(returned instanceof Promise)) return;
        // Nobody waits for it, and its failure would end a Node process.
        returned.catch(() => undefined);
        throw this.#refusal('cannot be updated by an asynchronous function: get the values first');
      });
    });
  }

  move(geom: Partial<Geom>): void {
    this.#writable();
    moveWidget(this.#entry, geom);
  }

  remove(): boolean {
    if (!this.exists) return false;
    this.#writable();
    return this.#entry.home.edit((doc, origin) => removeWidget(doc, this.id, origin), this.id);
  }

  text(key: string): Y.Text | undefined {
    const { doc } = this.#entry.home;
    return doc !== undefined && this.exists ? widgetText(doc, this.id, key) : undefined;
  }

  subscribe<T>(
    ...[first, listener, isEqual = Object.is]:
      | [listener: (snapshot: Snapshot) => void]
      | [
          selector: (state: object | undefined) => T,
          listener: (selected: T, previous: T) => void,
          isEqual?: ((a: T, b: T) => boolean) | undefined,
        ]
  ): () => void {
    this.#told = this.snapshot;
    const stop = this.#listeners.add(
      listener === undefined
        ? (first as (snapshot: Snapshot) => void)
        : onSelection(
            first as (state: object | undefined) => T,
            this.#snapshot.state,
            listener,
            isEqual,
          ),
    );
    this.#entry.home.settle(this.#entry);
    return () => {
      stop();
      this.#entry.home.settle(this.#entry);
    };
  }

  notify(): void {
    // What nobody has looked at is not computed.
    if (this.#told === undefined) return;
    const { snapshot } = this;
    if (snapshot === this.#told) return;
    this.#told = snapshot;
    this.#listeners.tell(snapshot);
  }

  #next(): Snapshot {
    const reading = this.#reading;
    const { state, geom } = this.#snapshot;
    if (reading === undefined) return { status: nothing.status, state, geom };
    const { kind } = reading;
    if (kind === 'other-type') return { status: { kind, type: reading.type }, state, geom };
    const shown = { geom: this.#read?.geom, state };
    if (kind === 'invalid') return { ...shown, status: { kind, issues: reading.issues } };
    shown.state = reading.state ?? state;
    if (kind === 'newer') return { ...shown, status: { kind, version: reading.version } };
    return { ...shown, status: { kind } };
  }

  #report(): void {
    const { id, definition } = this;
    const widget = this.#read;
    if (this.#reading?.kind !== 'invalid' || widget === undefined) return;
    this.#entry.home.invalid({ id, definition, issues: this.#reading.issues, widget });
  }

  #edit(change: (now: { from: object; valid: boolean }) => unknown): void {
    this.#entry.refresh();
    const reading = this.#writable();
    const { base } = reading;
    const widget = this.#read;
    if (base === undefined || widget === undefined) {
      throw this.#refusal('cannot be migrated from its older version, see its status');
    }
    const valid = reading.kind === 'ok';
    const from = valid ? (this.#snapshot.state ?? base) : base;
    const to = overlay(base, from, change({ from, valid }));
    const next = share(base, checkedState(this.definition, to, this.id));
    if (next === base) return;
    const { merge, version } = this.definition;
    const migrates = widget.version < version;
    this.#entry.home.edit((doc) => {
      writeState(
        stateOf(doc, this.id),
        migrates ? widget.state : base,
        next,
        (key) => (Object.hasOwn(merge, key) ? merge[key] : undefined),
        migrates,
      );
      const map = widgetsOf(doc).get(this.id);
      if (migrates && map instanceof Y.Map) map.set('version', version);
    }, this.id);
    this.#entry.refresh();
  }

  #writable(): Extract<Reading, { base?: unknown }> {
    const { status } = this.snapshot;
    const reading = this.#reading;
    if (reading?.kind === 'ok' || reading?.kind === 'invalid') return reading;
    if (status.kind === 'newer') {
      throw this.#refusal(
        `is of version ${status.version} and this client knows ${this.definition.version}: it is read-only until the client is updated`,
      );
    }
    if (status.kind === 'other-type') throw this.#refusal(`is a ${status.type} now`);
    throw this.#refusal('is not on this board: it was removed, or is not here yet');
  }

  #refusal(what: string): TesseraError {
    return new TesseraError('malformed', `widget ${this.id} (${this.definition.type}) ${what}`);
  }
}

/** Moves any widget by the sides that are given. */
export function moveWidget(entry: WidgetEntry, geom: Partial<Geom>): void {
  entry.refresh();
  const whole = { ...entry.widget?.geom, ...geom } as Geom;
  entry.home.edit((doc, origin) => setGeom(doc, entry.id, whole, origin), entry.id);
  entry.refresh();
}

function onSelection<T>(
  selector: (state: object | undefined) => T,
  state: object | undefined,
  listener: (selected: T, previous: T) => void,
  isEqual: (a: T, b: T) => boolean,
): (snapshot: Snapshot) => void {
  let selectedFrom = state;
  let selected = selector(state);
  return (snapshot) => {
    if (snapshot.state === selectedFrom) return;
    selectedFrom = snapshot.state;
    const previous = selected;
    const next = selector(snapshot.state);
    if (isEqual(previous, next)) return;
    selected = next;
    listener(next, previous);
  };
}
