/** An object as JSON and schemas make them: no array, no instance of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm (an iframe, a vm) have another Object.prototype, which has none itself.
  return prototype === null || (!Array.isArray(value) && Object.getPrototypeOf(prototype) === null);
}

/** The `id` by which an item of a list stays the same item when it changes or moves. */
export function itemId(item: unknown): string | number | undefined {
  if (!isPlainObject(item) || !Object.hasOwn(item, 'id')) return undefined;
  const { id } = item;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/**
 * `next`, with every part that is deeply equal to its counterpart in `previous` being that very
 * object, and deeply frozen. Returns `previous` itself if all is equal. Instances of classes are
 * left as they are, and are equal only to themselves.
 */
export function share<T>(previous: unknown, next: T): T;
export function share(previous: unknown, next: unknown): unknown {
  if (previous === next) return previous;
  if (Array.isArray(next))
    return shareItems(Array.isArray(previous) ? previous : [], next, previous);
  if (isPlainObject(next)) return shareEntries(previous, next);
  return next;
}

/** Whether two values are deeply equal. */
export function isEqual(a: unknown, b: unknown): boolean {
  return share(a, b) === a;
}

function shareEntries(previous: unknown, next: Readonly<Record<string, unknown>>): unknown {
  const old = isPlainObject(previous) ? previous : {};
  const keys = Object.keys(next);
  let same = old === previous && Object.keys(old).length === keys.length;
  const entries = keys.map((key): [string, unknown] => {
    const known = Object.hasOwn(old, key);
    const shared = share(known ? old[key] : undefined, next[key]);
    same &&= known && shared === old[key];
    return [key, shared];
  });
  return same ? previous : Object.freeze(Object.fromEntries(entries));
}

function shareItems(
  old: readonly unknown[],
  next: readonly unknown[],
  previous: unknown,
): readonly unknown[] {
  const placeBefore = placesBefore(old, next);
  const items = next.map((item, index) => share(old[placeBefore(item, index)], item));
  const same = old.length === items.length && items.every((item, index) => item === old[index]);
  return same && old === previous ? old : Object.freeze(items);
}

/**
 * Where in `old` the counterpart of an item of `next` is: the item of the same id; without ids,
 * the one at the same place, counted from the end behind the first difference, as most edits are
 * of one place. The index may be outside.
 */
export function placesBefore(
  old: readonly unknown[],
  next: readonly unknown[],
): (item: unknown, index: number) => number {
  const byId = new Map(old.map((item, index) => [itemId(item), index]));
  const shift = old.length - next.length;
  let start = 0;
  if (shift !== 0) while (start < next.length && isEqual(old[start], next[start])) start += 1;
  return (item, index) => {
    const id = itemId(item);
    // Two who change an item at once leave two of the same id.
    if (id !== undefined) return itemId(old[index]) === id ? index : (byId.get(id) ?? -1);
    return index < start ? index : index + shift;
  };
}
