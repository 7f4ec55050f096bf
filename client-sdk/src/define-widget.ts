import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type JsonObject, TesseraError } from '@tessera/model';

/**
 * How a key of the state merges when several people edit it at once. Without one, the value that
 * was set last stays.
 * - `text`: character by character, for editors (`Y.Text`).
 * - `list`: item by item. Items with the same `id` are the same item.
 * - `map`: key by key, and so do the objects in it.
 */
export type MergeKind = 'text' | 'list' | 'map';

type KindsFor<V> =
  | ([Extract<V, string>] extends [never] ? never : 'text')
  | ([Extract<V, readonly unknown[]>] extends [never] ? never : 'list')
  | ([Exclude<Extract<V, object>, readonly unknown[]>] extends [never] ? never : 'map');

/** Which kinds of merging suit the keys of a state. */
export type MergeOf<State> = { readonly [K in keyof State]?: KindsFor<State[K]> };

type StateSchema = StandardSchemaV1<object, object>;
type Output<Schema extends StateSchema> = StandardSchemaV1.InferOutput<Schema>;

/** A kind of widget: its name, the shape of its state, and how to read what older versions wrote. */
export interface WidgetDefinition<
  Schema extends StateSchema = StateSchema,
  Merge = Readonly<Record<string, MergeKind>>,
> {
  readonly type: string;
  readonly version: number;
  readonly state: Schema;
  readonly merge: Merge;
  /** Gives the state back as it is if the definition has none. */
  readonly migrate: (state: JsonObject, fromVersion: number) => unknown;
}

/** The state of a widget as its schema gives it. */
export type StateOf<D extends WidgetDefinition> = Output<D['state']>;
/** The state of a widget as its schema takes it: what has a default may be left out. */
export type InputOf<D extends WidgetDefinition> = StandardSchemaV1.InferInput<D['state']>;
/** The keys of a widget's state that merge as texts. */
export type TextKeyOf<D extends WidgetDefinition> = {
  [K in keyof D['merge']]: D['merge'][K] extends 'text' ? K : never;
}[keyof D['merge']] &
  string;

/** What `defineWidget` takes. */
export interface WidgetOptions<Schema extends StateSchema, Merge> {
  /** What kind of widget it is, on every client: `line-chart`. */
  readonly type: string;
  /** Raise it when a state of the version before no longer fits, and say in `migrate` how to read it. */
  readonly version: number;
  /**
   * Any synchronous Standard Schema of an object: zod, valibot, arktype, or your own. What people
   * write is stored as it is; `state` shows what the schema makes of it.
   */
  readonly state: Schema;
  /** How keys merge that do not simply keep the value that was set last: `{ notes: 'text' }`. */
  readonly merge?: Merge;
  /**
   * Makes a state of this version from an older one. Called with a copy, for reading only; the
   * result is checked, and stored with the next edit. What it leaves out is removed then, so spread
   * what it does not know. Without it, older states are read as they are.
   */
  readonly migrate?: (state: JsonObject, fromVersion: number) => unknown;
}

const kinds: readonly unknown[] = ['text', 'list', 'map'] satisfies MergeKind[];

/**
 * Defines a kind of widget. Do it once, outside of components: two definitions of one type are two.
 * @throws TesseraError `malformed` if something of it is not valid
 */
export function defineWidget<
  Schema extends StateSchema,
  const Merge extends MergeOf<Output<Schema>> = Record<never, never>,
>(options: WidgetOptions<Schema, Merge>): WidgetDefinition<Schema, Merge> {
  const { type, version, state, merge = {} as Merge, migrate = (older) => older } = options;
  const problem =
    typeof type !== 'string' || type.length === 0
      ? 'type is the name of a kind of widget'
      : !Number.isSafeInteger(version) || version < 1
        ? 'version is a whole number from 1 on'
        : typeof state?.['~standard']?.validate !== 'function'
          ? 'state is a Standard Schema, for example of zod, valibot or arktype'
          : !Object.values(merge).every((kind) => kinds.includes(kind))
            ? 'merge says text, list or map for a key'
            : undefined;
  if (problem !== undefined) {
    throw new TesseraError('malformed', `defineWidget(${JSON.stringify(type)}): ${problem}`);
  }
  return Object.freeze({ type, version, state, merge: Object.freeze({ ...merge }), migrate });
}

/** The schema of a widget whose state may be any JSON object: for tools that work on all types. */
export const anyState: StandardSchemaV1<JsonObject, JsonObject> = {
  '~standard': {
    version: 1,
    vendor: 'tessera',
    validate: (value) => ({ value: value as JsonObject }),
  },
};
