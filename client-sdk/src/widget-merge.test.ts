import { type Json, readBoard, stateOf } from '@tessera/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { z } from 'zod';
import { defineWidget, type MergeKind, type WidgetDefinition } from './define-widget.ts';
import type { WidgetHandle } from './typed-widgets.ts';
import { WidgetStore } from './widget-store.ts';

type Draft = Record<string, unknown>;

/** A value for each way a key can merge. */
const json = fc
  .jsonValue({ maxDepth: 2, stringUnit: 'grapheme' })
  .filter((value) => !JSON.stringify(value).includes('"__proto__"')) as fc.Arbitrary<Json>;
const object = fc.dictionary(fc.constantFrom('a', 'b', 'constructor', 'c'), json, {
  noNullPrototype: true,
  maxKeys: 3,
}) as fc.Arbitrary<Json>;
const item = fc.record({ id: fc.constantFrom('i', 'j', 'k', 'l', 'm'), value: json });
const values: Record<string, fc.Arbitrary<Json>> = {
  text: fc.string({ unit: fc.constantFrom('a', 'b', '😀', '😁'), maxLength: 8 }),
  items: fc.uniqueArray(item, { selector: ({ id }) => id, maxLength: 5 }) as fc.Arbitrary<Json>,
  numbers: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 }),
  map: object,
  nested: fc.record({ left: object, right: object, n: fc.integer() }) as fc.Arbitrary<Json>,
  plain: json,
};
const merges: Record<string, MergeKind | undefined> = {
  text: 'text',
  items: 'list',
  numbers: 'list',
  map: 'map',
  nested: 'map',
};
const schemas: Record<string, z.ZodType> = {
  text: z.string(),
  items: z.array(z.json()),
  numbers: z.array(z.number()),
  map: z.record(z.string(), z.json()),
  nested: z.object({ left: z.json(), right: z.json(), n: z.number() }),
  plain: z.json(),
};
const kinds = Object.keys(values);

/** Keys of a random definition, and what each holds. */
const shape = fc.uniqueArray(
  fc.record({ key: fc.constantFrom('k', 'l', 'm', 'n'), kind: fc.constantFrom(...kinds) }),
  { selector: ({ key }) => key, minLength: 1, maxLength: 4 },
);
type Shape = { key: string; kind: string }[];

function definitionOf(shape: Shape, type: string): WidgetDefinition {
  return defineWidget({
    type,
    version: 1,
    state: z.object(
      Object.fromEntries(
        shape.map(({ key, kind }) => [key, (schemas[kind] ?? z.json()).optional()]),
      ),
    ),
    merge: Object.fromEntries(
      shape.flatMap(({ key, kind }) => {
        const merge = merges[kind];
        return merge === undefined ? [] : [[key, merge]];
      }),
    ) as Record<never, never>,
  });
}

/** One step of somebody; numbers pick modulo what there is. */
const step = fc.record({
  client: fc.nat(2),
  widget: fc.nat(5),
  key: fc.nat(3),
  what: fc.constantFrom(
    'set',
    'edit',
    'edit',
    'edit',
    'unset',
    'move',
    'create',
    'remove',
    'get',
    'get',
  ),
  at: fc.nat(20),
  to: fc.nat(20),
  value: fc.record(values),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Edits the draft in place, as a recipe would: one item, one character, one nested key. */
function editPart(draft: Draft, key: string, kind: string, { at, to, value }: Step): void {
  const current = draft[key];
  const next = value[kind] as Json;
  if (merges[kind] === 'list' && Array.isArray(current) && Array.isArray(next)) {
    if (at % 3 === 0 && current.length > 0) {
      // A move.
      current.splice(to % current.length, 0, ...current.splice(at % current.length, 1));
    } else if (at % 3 === 1 && current.length > 0) {
      const old = current[to % current.length] as { value?: Json } | number;
      if (typeof old === 'object') old.value = value['plain'] as Json;
      else current[to % current.length] = at;
    } else {
      const known = new Set(current.map((each) => JSON.stringify(each?.id ?? null)));
      const fresh = next.filter(
        (each) => kind === 'numbers' || !known.has(JSON.stringify((each as { id: string }).id)),
      );
      current.splice(at % (current.length + 1), to % 2, ...fresh);
    }
  } else if (typeof current === 'string' && typeof next === 'string') {
    const characters = [...current];
    characters.splice(at % (characters.length + 1), to % 3, next.slice(0, 2));
    draft[key] = characters.join('').toWellFormed();
  } else if (kind === 'nested' && typeof current === 'object' && current !== null) {
    const { left } = current as { left: Record<string, Json> };
    if (at % 2 === 0) left['a'] = value['plain'] as Json;
    else delete left['a'];
  } else draft[key] = next;
}

interface Client {
  readonly doc: Y.Doc;
  readonly store: WidgetStore;
  /** All handles it ever saw, by id, so that they are held and listened to. */
  readonly handles: Map<string, WidgetHandle>;
}

function newClient(): Client {
  const doc = new Y.Doc();
  const store = new WidgetStore();
  store.attach(doc, store);
  return { doc, store, handles: new Map() };
}

/** Not by the code that is tested. */
function areEqual(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** That every part which is equal before and after is the very same object. */
function expectShared(before: unknown, after: unknown, path: string): void {
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null)
    return;
  if (areEqual(before, after)) {
    if (before !== after) throw new Error(`${path} is equal and not the same`);
    return;
  }
  for (const [key, part] of Object.entries(after)) {
    const items = Array.isArray(before) && Array.isArray(after);
    const id = items && typeof part === 'object' && part !== null ? part.id : undefined;
    const old =
      id === undefined
        ? items && before.length !== after.length
          ? undefined
          : (before as Draft)[key]
        : (before as { id?: unknown }[]).find((each: { id?: unknown } | null) => each?.id === id);
    expectShared(old, part, `${path}.${key}`);
  }
}

/** That the update names no key of the widget's state but those that differ. */
function expectOnlyChanged(
  doc: Y.Doc,
  id: string,
  update: Uint8Array,
  before: Draft,
  after: Draft,
) {
  const state = stateOf(doc, id);
  for (const struct of Y.decodeUpdate(update).structs) {
    let type: Y.AbstractType<unknown> | null = null;
    let key: string | null = null;
    for (
      let item: Y.Item | null = Y.getItem(doc.store, struct.id) as Y.Item;
      item !== null && type !== state;
    ) {
      key = item.parentSub;
      type = item.parent as Y.AbstractType<unknown>;
      item = type._item;
    }
    expect(type).toBe(state);
    expect(before[key ?? '']).not.toEqual(after[key ?? '']);
  }
}

const seed = Number(process.env['TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test(`random widgets edited at random by several end equal, share what is equal, and send little (TEST_SEED=${seed})`, () => {
  const run = (shapes: Shape[], clientCount: number, steps: Step[]) => {
    const definitions = shapes.map((shape, n) => definitionOf(shape, `t${n}`));
    const clients = Array.from({ length: clientCount }, newClient);
    const snapshots = new Map<WidgetHandle, unknown>();
    const heard = new Map<WidgetHandle, unknown>();
    const lookAtAll = () => {
      for (const { store, handles } of clients) {
        for (const definition of definitions) {
          for (const handle of store.list(definition)) {
            if (handles.has(handle.id)) continue;
            handles.set(handle.id, handle);
            heard.set(handle, handle.snapshot);
            handle.subscribe((snapshot) => heard.set(handle, snapshot));
          }
        }
        for (const handle of handles.values()) {
          const { state, status } = handle;
          expect(['ok', 'removed']).toContain(status.kind);
          expect(heard.get(handle)).toBe(handle.snapshot);
          if (snapshots.has(handle)) expectShared(snapshots.get(handle), state, handle.id);
          snapshots.set(handle, state);
        }
      }
    };
    const create = (client: Client, n: number, { value }: Step) => {
      const which = n % shapes.length;
      const definition = definitions[which] as WidgetDefinition;
      const state = Object.fromEntries(
        (shapes[which] ?? []).map(({ key, kind }) => [key, value[kind]]),
      );
      expect(client.store.create(definition, state).state).toEqual(state);
    };
    const take = (step: Step) => {
      const client = clients[step.client % clients.length] as Client;
      if (step.what === 'create') return create(client, step.widget, step);
      if (step.what === 'get') {
        const { doc } = clients[step.at % clients.length] as Client;
        return Y.applyUpdate(
          client.doc,
          Y.encodeStateAsUpdate(doc, Y.encodeStateVector(client.doc)),
        );
      }
      const there = [...client.handles.values()].filter(({ exists }) => exists);
      const handle = there[step.widget % there.length];
      if (handle === undefined) return;
      if (step.what === 'remove') return void (step.at % 4 === 0 && handle.remove());
      if (step.what === 'move') return handle.move({ x: step.at, y: step.to, w: 1, h: 1 });
      const shape = shapes[Number(handle.definition.type.slice(1))] as Shape;
      const { key, kind } = shape[step.key % shape.length] as Shape[number];
      const before = structuredClone(handle.state) as Draft;
      const expected = structuredClone(before);
      if (step.what === 'set') expected[key] = step.value[kind];
      else if (step.what === 'unset') delete expected[key];
      else editPart(expected, key, kind, step);
      const updates: Uint8Array[] = [];
      const listen = (update: Uint8Array) => updates.push(update);
      client.doc.on('update', listen);
      if (step.what === 'edit') handle.update((draft) => editPart(draft as Draft, key, kind, step));
      else handle.set({ [key]: expected[key] } as Record<never, never>);
      client.doc.off('update', listen);
      expect(handle.state).toEqual(expected);
      expect(updates.length).toBe(areEqual(before, expected) ? 0 : 1);
      for (const update of updates)
        expectOnlyChanged(client.doc, handle.id, update, before, expected);
    };
    for (const step of steps) {
      take(step);
      lookAtAll();
    }
    for (const from of [...clients, ...clients]) {
      for (const to of clients) {
        Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc));
        lookAtAll();
      }
    }
    for (const { doc, handles } of clients) {
      expect(readBoard(doc)).toEqual(readBoard((clients[0] as Client).doc));
      const fresh = new WidgetStore();
      fresh.attach(doc, fresh);
      for (const { id, definition, state, exists } of handles.values()) {
        expect(fresh.get(definition, id)?.state).toEqual(exists ? state : undefined);
      }
    }
  };
  fc.assert(
    fc.property(
      fc.array(shape, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 2, max: 3 }),
      fc.array(step, { maxLength: 30, size: 'max' }),
      step,
      (shapes, clients, steps, first) => {
        const created = shapes.map(
          (_, n) => ({ ...first, what: 'create', widget: n, client: n }) as Step,
        );
        run(shapes, clients, [...created, ...steps]);
      },
    ),
    { numRuns: 100, seed, interruptAfterTimeLimit: 20_000 },
  );
});
