/** JSON with the keys of objects in order. Not by the code that is tested. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? 'undefined'
  );
}

/** Throws unless they are the same as JSON. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (canonical(actual) === canonical(expected)) return;
  throw new Error(`${what} is ${canonical(actual)}, and not ${canonical(expected)}`);
}

/** Throws unless every part that is equal before and after is the very same object. */
export function expectShared(before: unknown, after: unknown, path: string): void {
  if (before === after || !isObject(before) || !isObject(after)) return;
  if (canonical(before) === canonical(after)) throw new Error(`${path} is equal and not the same`);
  for (const [key, part] of Object.entries(after)) {
    expectShared(counterpart(before, after, key), part, `${path}.${key}`);
  }
}

/** Of an item with an id the one of the same id; of others the one at the same place, if none came or went. */
function counterpart(before: object, after: object, key: string): unknown {
  const there = (list: object) => Object.entries(list).find(([name]) => name === key)?.[1];
  if (!Array.isArray(before) || !Array.isArray(after)) return there(before);
  const id = idOf(there(after));
  if (id === undefined) return before.length === after.length ? there(before) : undefined;
  const isOnly = (list: unknown[]) => list.filter((each) => idOf(each) === id).length === 1;
  return isOnly(before) && isOnly(after) ? before.find((each) => idOf(each) === id) : undefined;
}

function idOf(item: unknown): unknown {
  return isObject(item) ? (item as { id?: unknown }).id : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
