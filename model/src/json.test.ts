import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TesseraError } from './errors.ts';
import { copyJson, jsonPartOf } from './json.ts';
import { anyJson } from './test-json.ts';

const cyclic: { self?: unknown } = {};
cyclic.self = [cyclic];

const notJson: [string, unknown, RegExp][] = [
  ['undefined', undefined, /value is undefined/],
  ['undefined in an object', { a: undefined }, /value\.a is undefined/],
  ['a hole in an array', new Array(2), /value\.0 is undefined/],
  ['NaN', { a: [NaN] }, /value\.a\.0 is NaN/],
  ['Infinity', Infinity, /value is Infinity/],
  ['a function', { a: () => 1 }, /value\.a is function/],
  ['a symbol', Symbol('s'), /is symbol/],
  ['a bigint', 1n, /is bigint/],
  ['a date', new Date(0), /instance of a class/],
  ['bytes', new Uint8Array(2), /instance of a class/],
  ['a map', new Map(), /instance of a class/],
  ['half a surrogate pair', 'a\ud800', /half a surrogate pair/],
  ['half a surrogate pair in a key', { '\udc00': 1 }, /not safe/],
  ['__proto__', JSON.parse('{"a":{"__proto__":{"x":1}}}'), /value\.a has the key "__proto__"/],
  ['a cycle', cyclic, /contains itself/],
];

describe('copyJson', () => {
  test('returns an equal copy of any JSON that shares nothing with it', () => {
    fc.assert(
      fc.property(anyJson({ stringUnit: 'grapheme' }), (value) => {
        const copied = copyJson(value, 'value');
        expect(copied).toStrictEqual(value);
        if (typeof value === 'object' && value !== null) expect(copied).not.toBe(value);
      }),
    );
  });

  test.each(notJson)('refuses %s and says where', (_what, value, message) => {
    expect(() => copyJson(value, 'value')).toThrow(TesseraError);
    expect(() => copyJson(value, 'value')).toThrow(message);
  });

  test('takes objects without a prototype and objects of another realm', () => {
    const bare: Record<string, number> = Object.create(null);
    bare['a'] = 1;
    expect(copyJson(bare, 'value')).toEqual({ a: 1 });
    const foreignPrototype = Object.create(null) as object;
    const foreign: Record<string, number> = Object.create(foreignPrototype);
    foreign['a'] = 1;
    expect(copyJson(foreign, 'value')).toEqual({ a: 1 });
  });
});

describe('jsonPartOf', () => {
  test('keeps JSON as it is', () => {
    fc.assert(
      fc.property(anyJson(), (value) => {
        expect(jsonPartOf(value)).toStrictEqual(value);
      }),
    );
  });

  test.each(notJson)('never throws: %s', (_what, value) => {
    const part = jsonPartOf({ kept: 1, value });
    expect(part).toMatchObject({ kept: 1 });
    expect(() => JSON.stringify(part)).not.toThrow();
  });

  test('leaves keys out and puts null into arrays', () => {
    expect(jsonPartOf({ a: undefined, b: [1, NaN] })).toStrictEqual({ b: [1, null] });
  });
});
