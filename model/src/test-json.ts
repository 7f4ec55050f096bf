import fc from 'fast-check';
import type { Json } from './json.ts';

/** Any JSON a widget's state may hold: all but the key `__proto__`, which fast-check likes to try. */
export function anyJson(constraints: fc.JsonSharedConstraints = {}): fc.Arbitrary<Json> {
  return fc
    .jsonValue(constraints)
    .filter((value) => !JSON.stringify(value).includes('"__proto__"')) as fc.Arbitrary<Json>;
}
