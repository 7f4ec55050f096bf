import { defineWidget, type Json, type WidgetDefinition } from '@tessera/client';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';

/** What a key holds, so how a random edit changes it. */
export type Kind = 'text' | 'word' | 'number' | 'items' | 'numbers' | 'style' | 'cells' | 'json';

export interface Field {
  readonly key: string;
  readonly kind: Kind;
  readonly optional?: true;
}

/** A definition, and what random edits have to know of it. */
export interface Sort {
  readonly definition: WidgetDefinition;
  readonly fields: readonly Field[];
}

const item = { id: z.string(), n: z.number(), tags: z.array(z.string()).optional() };

export const chart: Sort = {
  definition: defineWidget({
    type: 'chart',
    version: 1,
    state: z.object({
      name: z.string(),
      notes: z.string(),
      points: z.array(z.object(item)),
      style: z.object({ color: z.string(), axis: z.object({ min: z.number(), max: z.number() }) }),
      unit: z.string().default('kg'),
      limit: z.number().optional(),
      meta: z.json().optional(),
    }),
    merge: { notes: 'text', points: 'list', style: 'map' },
  }),
  fields: [
    { key: 'name', kind: 'word' },
    { key: 'notes', kind: 'text' },
    { key: 'points', kind: 'items' },
    { key: 'style', kind: 'style' },
    { key: 'unit', kind: 'word' },
    { key: 'limit', kind: 'number', optional: true },
    { key: 'meta', kind: 'json', optional: true },
  ],
};

export const task: Sort = {
  definition: defineWidget({
    type: 'task',
    version: 2,
    state: v.object({
      title: v.string(),
      done: v.number(),
      steps: v.array(v.number()),
      cells: v.record(v.string(), v.number()),
      due: v.optional(v.number()),
    }),
    merge: { title: 'text', steps: 'list', cells: 'map' },
    migrate: ({ name = '', ...rest }) => ({ done: 0, steps: [1], cells: {}, ...rest, title: name }),
  }),
  fields: [
    { key: 'title', kind: 'text' },
    { key: 'done', kind: 'number' },
    { key: 'steps', kind: 'numbers' },
    { key: 'cells', kind: 'cells' },
    { key: 'due', kind: 'number', optional: true },
  ],
};

/** The same type as a client knows it that was not updated. */
export const oldTask: Sort = {
  definition: defineWidget({
    type: 'task',
    version: 1,
    state: z.looseObject({ name: z.string() }),
    merge: {},
  }),
  fields: [{ key: 'name', kind: 'word' }],
};

export const sheet: Sort = {
  definition: defineWidget({
    type: 'sheet',
    version: 1,
    state: type({
      cells: 'Record<string, number>',
      rows: type({ id: 'string', n: 'number', 'tags?': 'string[]' }).array(),
      'comment?': 'string',
      'look?': { color: 'string', axis: { min: 'number', max: 'number' } },
    }),
    merge: { cells: 'map', rows: 'list', comment: 'text', look: 'map' },
  }),
  fields: [
    { key: 'cells', kind: 'cells' },
    { key: 'rows', kind: 'items' },
    { key: 'comment', kind: 'text', optional: true },
    { key: 'look', kind: 'style', optional: true },
  ],
};

/** What must never be lost: each mark is a key of its own. */
export const Marks = defineWidget({
  type: 'marks',
  version: 1,
  state: z.object({ seen: z.record(z.string(), z.number()) }),
  merge: { seen: 'map' },
});

const letters = ['a', 'b', ' ', '😀', '😁', 'é'];
const digits = (n: number, base: number) =>
  [...n.toString(base)].map((digit) => parseInt(digit, base));

/** A value for a key: the same for the same number, larger for larger ones. */
export function valueFor(kind: Kind, n: number): Json {
  switch (kind) {
    case 'text':
      return digits(n, letters.length)
        .map((digit) => letters[digit])
        .join('');
    case 'word':
      return `word ${n % 4}`;
    case 'number':
      return n % 5;
    case 'numbers':
      return digits(n, 4);
    case 'items':
      return ['i', 'j', 'k', 'l', 'm']
        .filter((_, bit) => (n >> bit) & 1)
        .map((id) => ({ id, n: n % 3, ...(n % 2 === 0 && { tags: [`tag ${n % 4}`] }) }));
    case 'style':
      return { color: `color ${n % 3}`, axis: { min: n % 2, max: n % 5 } };
    case 'cells':
      return Object.fromEntries(
        ['a', 'b', 'c', 'toString'].filter((_, bit) => (n >> bit) & 1).map((key) => [key, n % 3]),
      );
    case 'json':
      return (
        [null, n, [n, { deep: [n % 2] }], { left: { n: n % 2 }, right: { n: 1 } }, 'x'][n % 5] ??
        null
      );
  }
}

/** Of no use for any key of the kind. */
export function wrongValueFor(kind: Kind): unknown {
  return kind === 'json' || kind === 'number'
    ? Number.NaN
    : kind === 'style'
      ? { color: 5 }
      : [null];
}

export function stateFor({ fields }: Sort, n: number): Record<string, Json> {
  return Object.fromEntries(
    fields
      .filter(({ optional }, at) => optional === undefined || (n >> at) & 1)
      .map(({ key, kind }) => [key, valueFor(kind, n)]),
  );
}

/** Edits the draft in place, as a recipe would: one item, one character, one nested key. */
export function editPart(
  draft: Record<string, unknown>,
  field: Field,
  at: number,
  n: number,
): void {
  const { key, kind } = field;
  const current = draft[key];
  if (Array.isArray(current) && (kind === 'items' || kind === 'numbers')) {
    editList(current, kind, at, n);
  } else if (kind === 'text' && typeof current === 'string') {
    const characters = [...current];
    characters.splice(at % (characters.length + 1), n % 3, valueFor(kind, n) as string);
    draft[key] = characters.join('');
  } else if (kind === 'style' && typeof current === 'object') {
    const style = current as { color: string; axis: { min: number; max: number } };
    if (at % 3 === 0) style.color = `color ${n}`;
    else if (at % 3 === 1) style.axis.max = n;
    else style.axis = { ...style.axis, min: n };
  } else if (kind === 'cells' && typeof current === 'object') {
    const cells = current as Record<string, number>;
    const cell = ['a', 'b', 'c', 'toString'][at % 4] ?? 'a';
    if (n % 3 === 0) delete cells[cell];
    else cells[cell] = n;
  } else draft[key] = valueFor(kind, n);
}

function editList(list: unknown[], kind: 'items' | 'numbers', at: number, n: number): void {
  if (list.length > 0 && n % 4 === 0) {
    list.splice(n % list.length, 0, ...list.splice(at % list.length, 1));
  } else if (list.length > 0 && n % 4 === 1) {
    const place = at % list.length;
    if (kind === 'items') (list[place] as { n: number }).n = n;
    else list[place] = n;
  } else if (n % 4 === 2) list.splice(at % (list.length + 1), 1);
  else {
    const known = new Set(list.map((each) => (each as { id?: string }).id));
    const fresh = (valueFor(kind, n) as unknown[]).filter(
      (each) => kind === 'numbers' || !known.has((each as { id: string }).id),
    );
    list.splice(at % (list.length + 1), 0, ...fresh);
  }
}
