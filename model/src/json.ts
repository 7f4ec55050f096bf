import { TesseraError } from './errors.ts';

export type JsonPrimitive = string | number | boolean | null;
export type JsonObject = { readonly [key: string]: Json };
/** What the state of a widget is made of. */
export type Json = JsonPrimitive | readonly Json[] | JsonObject;

/** Yjs encodes and decodes recursively; deeper values than this would end in a stack overflow somewhere. */
export const maxDepth = 500;

/** Whether a JSON value is an object, and not an array or null. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A copy of `value`, so that later changes to the caller's object do not reach the document.
 * @throws TesseraError `malformed` naming the place, for what does not come back the same from
 * JSON and from Yjs: undefined, NaN, Infinity, functions, class instances, cycles, lone
 * surrogates, and the key `__proto__`.
 */
export function copyJson(value: unknown, name: string): Json {
  return copy(value, [], (path, what) => {
    throw new TesseraError('malformed', `${[name, ...path].join('.')} ${what}`);
  }) as Json;
}

/**
 * The part of `value` that is JSON, copied. For values that others wrote: it never throws, leaves
 * out what is not JSON, and puts null in its place in arrays.
 */
export function jsonPartOf(value: unknown): Json | undefined {
  return copy(value, [], () => undefined);
}

type Refuse = (path: readonly string[], what: string) => undefined;

function copy(value: unknown, path: string[], refuse: Refuse): Json | undefined {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.isWellFormed() ? value : refuse(path, loneSurrogate);
  if (typeof value === 'number') {
    return Number.isFinite(value) ? value : refuse(path, `is ${value}, which JSON cannot say`);
  }
  if (typeof value !== 'object') return refuse(path, `is ${typeof value}, not a JSON value`);
  if (path.length >= maxDepth) {
    return refuse(path.slice(0, 3), `is nested deeper than ${maxDepth} levels, or contains itself`);
  }
  if (Array.isArray(value)) {
    // Array.from visits holes too, which map would keep.
    return Array.from(value, (item, index) => within(path, String(index), item, refuse) ?? null);
  }
  if (!isPlainObject(value)) return refuse(path, 'is an instance of a class, not a plain object');
  const entries: [string, Json][] = [];
  for (const [key, item] of Object.entries(value)) {
    const copied = isSafeKey(key)
      ? within(path, key, item, refuse)
      : refuse(path, `has the key ${JSON.stringify(key)}, which is not safe`);
    if (copied !== undefined) entries.push([key, copied]);
  }
  return Object.fromEntries(entries);
}

function within(path: string[], key: string, value: unknown, refuse: Refuse): Json | undefined {
  path.push(key);
  const copied = copy(value, path, refuse);
  path.pop();
  return copied;
}

const loneSurrogate = 'has half a surrogate pair, which UTF-8 cannot carry';

/** Yjs decodes objects by assignment, where `__proto__` would change the prototype and be lost. */
export function isSafeKey(key: string): boolean {
  return key !== '__proto__' && key.isWellFormed();
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm (an iframe, a vm) have another Object.prototype, which has none itself.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
