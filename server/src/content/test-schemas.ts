import { readBoard } from '@tessera/model';
import type * as Y from 'yjs';

/** Two keys that say something together: two edits, each of them valid, may not be when merged. */
export const gaugeSchema = {
  type: 'object',
  properties: {
    unit: { enum: ['number', 'text'] },
    value: {},
    note: { type: 'string', maxLength: 12 },
    series: { type: 'array', maxItems: 4, items: { type: 'object', required: ['color'] } },
  },
  required: ['unit', 'value'],
  oneOf: [
    { properties: { unit: { const: 'number' }, value: { type: 'number' } } },
    { properties: { unit: { const: 'text' }, value: { type: 'string' } } },
  ],
};

/** What the schema says, in other words: the ids of the gauges of a board that are not valid. */
export function invalidGauges(doc: Y.Doc): string[] {
  return Object.values(readBoard(doc).widgets)
    .filter(({ type }) => type === 'gauge')
    .filter(({ state: { unit, value, note = '', series = [] } }) => {
      const isOfUnit = unit === 'number' || unit === 'text' ? typeof value === typeOf[unit] : false;
      const hasShortNote = typeof note === 'string' && [...note].length <= 12;
      const hasColors =
        Array.isArray(series) &&
        series.length <= 4 &&
        series.every((one) => Object.hasOwn(Object(one), 'color'));
      return !(isOfUnit && hasShortNote && hasColors);
    })
    .map(({ id }) => id);
}

const typeOf = { number: 'number', text: 'string' } as const;
