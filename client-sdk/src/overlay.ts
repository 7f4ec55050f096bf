import { isEqual, isPlainObject, placesBefore } from './structural-sharing.ts';

/**
 * What a document that holds `base` should hold once `from` has become `to`. `from` is what the
 * schema made of `base`: it may lack keys it does not know, which stay, and have defaults, which
 * are not stored before somebody changes them.
 */
export function overlay(base: unknown, from: unknown, to: unknown): unknown {
  if (isEqual(from, to)) return base;
  if (isPlainObject(base) && isPlainObject(from) && isPlainObject(to)) {
    return overlayEntries(base, from, to);
  }
  if (Array.isArray(base) && Array.isArray(from) && Array.isArray(to)) {
    return overlayItems(base, from, to);
  }
  return to;
}

type Entries = Readonly<Record<string, unknown>>;

function overlayEntries(base: Entries, from: Entries, to: Entries): Entries {
  const result: [string, unknown][] = [];
  for (const key of Object.keys(base)) {
    const value = valueAt(to, key);
    if (value !== undefined) result.push([key, overlay(base[key], valueAt(from, key), value)]);
    else if (valueAt(from, key) === undefined) result.push([key, base[key]]);
  }
  for (const key of Object.keys(to)) {
    if (Object.hasOwn(base, key) || isEqual(valueAt(from, key), to[key])) continue;
    result.push([key, to[key]]);
  }
  return Object.fromEntries(result);
}

function overlayItems(
  base: readonly unknown[],
  from: readonly unknown[],
  to: readonly unknown[],
): readonly unknown[] {
  // The schema dropped or added items: there is no telling which is which.
  if (base.length !== from.length) return to;
  const places = new Map(from.map((item, index) => [item, index]));
  const placeBefore = placesBefore(from, to);
  return to.map((item, index) => {
    // What was moved and not changed is still the same object, with or without an id.
    const place = places.get(item) ?? placeBefore(item, index);
    return overlay(base[place], from[place], item);
  });
}

function valueAt(entries: Entries, key: string): unknown {
  return Object.hasOwn(entries, key) ? entries[key] : undefined;
}
