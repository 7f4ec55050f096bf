import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  copyJson,
  isJsonObject,
  type Json,
  type JsonObject,
  TesseraError,
  type Widget,
} from '@tessera/model';
import type { WidgetDefinition } from './define-widget.ts';
import { isEqual, isPlainObject, itemId } from './structural-sharing.ts';

/** Why a state does not fit, and where. */
export interface Issue {
  readonly message: string;
  /** The keys from the state down to what does not fit; empty if it is the state as a whole. */
  readonly path: readonly string[];
}

/** What a definition makes of a stored widget. */
export type Reading =
  | { readonly kind: 'ok'; readonly base: JsonObject; readonly state: object }
  /** `base` is missing if `migrate` threw. */
  | { readonly kind: 'invalid'; readonly base?: JsonObject; readonly issues: readonly Issue[] }
  | { readonly kind: 'newer'; readonly version: number; readonly state?: object }
  | { readonly kind: 'other-type'; readonly type: string };

/** Reads a widget by its definition. It never throws: what is stored may come from anybody. */
export function readState(definition: WidgetDefinition, widget: Widget): Reading {
  const { type, version, state } = widget;
  if (type !== definition.type) return { kind: 'other-type', type };
  try {
    const base = migrated(definition, singleItems(state, definition), version);
    const result = validate(definition, base);
    if (version > definition.version) {
      return { kind: 'newer', version, ...(result.issues ? {} : { state: result.value }) };
    }
    if (result.issues) return { kind: 'invalid', base, issues: result.issues.map(issueOf) };
    return { kind: 'ok', base, state: result.value };
  } catch (error) {
    if (version > definition.version) return { kind: 'newer', version };
    return { kind: 'invalid', issues: [{ message: messageOf(error), path: [] }] };
  }
}

/**
 * The state that is checked and may be stored.
 * @throws TesseraError `malformed` with what the schema says, and where
 */
export function checkedState(definition: WidgetDefinition, value: unknown, id: string): JsonObject {
  const state = copyJson(withoutUndefined(value), `state of widget ${id}`) as JsonObject;
  const result = validate(definition, state);
  if (result.issues) {
    const [issue] = result.issues.map(issueOf);
    const more = result.issues.length > 1 ? ` (and ${result.issues.length - 1} more)` : '';
    throw new TesseraError(
      'malformed',
      `${['state', ...(issue?.path ?? [])].join('.')} of widget ${id} (${definition.type}): ${issue?.message}${more}`,
    );
  }
  for (const key of keysMerging(definition, 'list')) {
    const ids = itemsOf(state[key])
      .map(itemId)
      .filter((item) => item !== undefined);
    if (new Set(ids).size === ids.length) continue;
    throw new TesseraError(
      'malformed',
      `two items of state.${key} of widget ${id} have the same id`,
    );
  }
  return state;
}

/**
 * The state a widget begins with: with the defaults of the schema if it takes its own output, so
 * that texts and lists are there from the start and nobody has to add them later.
 * @throws as checkedState
 */
export function initialState(definition: WidgetDefinition, input: unknown, id: string): JsonObject {
  const state = checkedState(definition, input, id);
  const output = validate(definition, state);
  if (output.issues || isEqual(state, output.value)) return state;
  try {
    const whole = checkedState(definition, output.value, id);
    const again = validate(definition, whole);
    return !again.issues && isEqual(again.value, output.value) ? whole : state;
  } catch (error) {
    if (error instanceof TesseraError) return state;
    throw error;
  }
}

function keysMerging({ merge }: WidgetDefinition, kind: string): string[] {
  return Object.keys(merge).filter((key) => merge[key] === kind);
}

function migrated(definition: WidgetDefinition, state: JsonObject, version: number): JsonObject {
  if (version >= definition.version) return state;
  const result = copyJson(
    withoutUndefined(definition.migrate(copyJson(state, 'state') as JsonObject, version)),
    'the migrated state',
  );
  if (isJsonObject(result)) return result;
  throw new TesseraError('malformed', `migrate of ${definition.type} gave no object`);
}

/**
 * Two people who change an item at once each put one in its place. The last of the same id is the
 * one that counts; the next edit of the list removes the others.
 */
function singleItems(state: JsonObject, definition: WidgetDefinition): JsonObject {
  const changed: [string, Json][] = [];
  for (const key of keysMerging(definition, 'list')) {
    const items = itemsOf(state[key]);
    const last = new Map(items.map((item, index) => [itemId(item), index]));
    const single = items.filter((item, index) => {
      const id = itemId(item);
      return id === undefined || last.get(id) === index;
    });
    if (single.length < items.length) changed.push([key, single]);
  }
  return changed.length === 0 ? state : { ...state, ...Object.fromEntries(changed) };
}

function itemsOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function validate(
  { state, type }: WidgetDefinition,
  value: unknown,
): StandardSchemaV1.SuccessResult<object> | StandardSchemaV1.FailureResult {
  let result: ReturnType<(typeof state)['~standard']['validate']>;
  try {
    result = state['~standard'].validate(value);
  } catch (cause) {
    throw new TesseraError('malformed', `the schema of ${type} threw: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (!(result instanceof Promise)) return result;
  // Nobody waits for it, and its failure would end a Node process.
  result.catch(() => undefined);
  throw new TesseraError(
    'malformed',
    `the schema of ${type} is asynchronous: a state is read at once, so use one that is not`,
  );
}

/** An optional property that is undefined is one that is not there: JSON has no other way to say it. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutUndefined(item)]));
}

/** Schema libraries add more to it, the values among it. */
function issueOf({ message, path = [] }: StandardSchemaV1.Issue): Issue {
  return {
    message,
    path: path.map((part) => String(typeof part === 'object' ? part.key : part)),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
