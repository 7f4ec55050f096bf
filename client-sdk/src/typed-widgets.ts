import type { Geom, JsonObject, JsonPrimitive, Widget } from '@tessera/model';
import type { Draft, Immutable } from 'immer';
import type * as Y from 'yjs';
import type { InputOf, StateOf, TextKeyOf, WidgetDefinition } from './define-widget.ts';
import type { Issue } from './widget-state.ts';

/** The state of a widget as it is shown: nothing of it can be changed. */
export type ShownState<D extends WidgetDefinition> =
  JsonObject extends StateOf<D> ? JsonObject : Immutable<StateOf<D>>;

/** The state of a widget as a recipe may change it. */
export type StateDraft<D extends WidgetDefinition> =
  JsonObject extends StateOf<D> ? { [key: string]: JsonDraft } : Draft<StateOf<D>>;

// The types of immer do not come to an end with Json.
type JsonDraft = JsonPrimitive | JsonDraft[] | { [key: string]: JsonDraft };

/**
 * Whether a widget can be read and edited through its definition.
 * - `ok`: yes.
 * - `invalid`: what somebody stored does not fit the schema. `state` is the last that did; `set`
 *   may repair it.
 * - `newer`: it was written by a newer version of the definition: read-only here.
 * - `other-type`: the id is taken by a widget of another type.
 * - `removed`: there is no such widget: it was removed, or is not here yet.
 */
export type WidgetStatus =
  | { readonly kind: 'ok' }
  | { readonly kind: 'invalid'; readonly issues: readonly Issue[] }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'other-type'; readonly type: string }
  | { readonly kind: 'removed' };

/** All that a handle shows, frozen: the same object until something of it changes. */
export interface WidgetSnapshot<Shown> {
  readonly status: WidgetStatus;
  readonly state: Shown;
  readonly geom: Geom | undefined;
}

/**
 * One widget, read and edited through its definition. A handle stays valid for ever: it survives
 * the removal of the widget, its return, and another document taking the place of the board's.
 *
 * Edits are checked before anything is written. They throw a TesseraError `malformed` if the
 * resulting state does not fit the schema, or if the widget cannot be edited, as `status` says.
 */
export interface WidgetHandle<
  D extends WidgetDefinition = WidgetDefinition,
  Shown = ShownState<D> | undefined,
> {
  readonly id: string;
  readonly definition: D;
  /** State, place and status in one object, for stores that compare by identity. */
  readonly snapshot: WidgetSnapshot<Shown>;
  /**
   * Frozen; parts that did not change keep their identity. Undefined as long as there was no state
   * that fits the schema.
   */
  readonly state: Shown;
  /** Where it is and how large, in units of the board; undefined if nobody has placed it. */
  readonly geom: Geom | undefined;
  /** Whether it can be read and edited, and if not, why. */
  readonly status: WidgetStatus;
  /** Whether there is a widget of this id and type. */
  readonly exists: boolean;
  /** Replaces the values of some keys; undefined removes one. */
  set(partial: { readonly [K in keyof InputOf<D>]?: InputOf<D>[K] | undefined }): void;
  /**
   * Edits a draft of the state, as with immer. Only what differs afterwards is written. What the
   * recipe returns does not count, and it must not be asynchronous.
   */
  update(recipe: (draft: StateDraft<D>) => void): void;
  /** Moves or resizes it: sides that are left out stay as they are. */
  move(geom: Partial<Geom>): void;
  /** Takes it off the board; false if it was not there. */
  remove(): boolean;
  /**
   * The live text under a key that merges as text, for editors. Undefined if there is none. After
   * the board's document was replaced there is another one: ask again when the widget changes.
   */
  text(key: TextKeyOf<D>): Y.Text | undefined;
  /** Calls the listener once for each transaction that changes the snapshot. Returns the way to stop. */
  subscribe(listener: (snapshot: WidgetSnapshot<Shown>) => void): () => void;
  /** Calls the listener when what the selector gives changes. `isEqual` is Object.is by default. */
  subscribe<T>(
    selector: (state: Shown) => T,
    listener: (selected: T, previous: T) => void,
    isEqual?: (a: T, b: T) => boolean,
  ): () => void;
}

/** The handle of a widget that was made here: it has had a valid state from the start. */
export type CreatedWidget<D extends WidgetDefinition> = WidgetHandle<D, ShownState<D>>;

/** An entry of the list of widgets. */
export type WidgetRef = Pick<Widget, 'id' | 'type'>;

/** A stored state that does not fit its definition. */
export interface InvalidWidget {
  readonly id: string;
  readonly definition: WidgetDefinition;
  readonly issues: readonly Issue[];
  /** As it is stored. */
  readonly widget: Widget;
}

/** The widgets of a board. All that it returns is the same object until it changes. */
export interface Widgets {
  /**
   * Puts a widget on the board. Leave out the id: of two widgets made with the same id at once,
   * one replaces the other.
   * @throws TesseraError `malformed` if the state does not fit the schema or the id is taken
   */
  create<D extends WidgetDefinition>(
    definition: D,
    state: InputOf<D>,
    options?: { readonly id?: string; readonly geom?: Geom },
  ): CreatedWidget<D>;
  /** The handle of a widget; undefined if there is none of this id and type. */
  get<D extends WidgetDefinition>(definition: D, id: string): WidgetHandle<D> | undefined;
  /** Any widget as plain JSON, frozen, whether its type is known or not. */
  get(id: string): Widget | undefined;
  /** The handle of a widget that may not be there yet, or not any more. */
  handle<D extends WidgetDefinition>(definition: D, id: string): WidgetHandle<D>;
  /** The widgets of one type, by id. */
  list<D extends WidgetDefinition>(definition: D): readonly WidgetHandle<D>[];
  /** Ids and types of all widgets, by id. */
  list(): readonly WidgetRef[];
  /** Moves or resizes any widget, whether its type is known or not. @throws as setGeom */
  move(id: string, geom: Partial<Geom>): void;
  /** Takes any widget off the board; false if there was none. */
  remove(id: string): boolean;
  /** Makes the edits of `edit` one transaction: one update, one notification. */
  batch<T>(edit: () => T): T;
  /** Calls the listener when `list()` changes: widgets that come, go, or change their type. */
  subscribe(listener: () => void): () => void;
  /** Calls the listener when one widget changes, whether its type is known or not. */
  subscribe(id: string, listener: (widget: Widget | undefined) => void): () => void;
  /** Calls the listener once for each change that leaves a widget that was read not fitting its schema. */
  onInvalid(listener: (invalid: InvalidWidget) => void): () => void;
}
