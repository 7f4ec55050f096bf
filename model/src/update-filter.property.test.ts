import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { readBoard, setTitle } from './board.ts';
import { applyFiltered } from './test-update.ts';
import { createWidget, readWidget, removeWidget, setGeom, setState, stateOf } from './widget.ts';

const ADA = 1;
const MALLORY = 2;
const SERVER = 3;
const WIDGETS = ['open-1', 'open-2', 'shut-1', 'shut-2'];

const mayWrite = (id: string): boolean => id.startsWith('open');

const rules = {
  mayWrite: (place: { widget: string } | { root: string }) =>
    'widget' in place && mayWrite(place.widget),
  isOwn: (client: number) => client === MALLORY,
};

const op = fc.record({
  kind: fc.constantFrom(
    ...(['create', 'remove', 'set', 'nest', 'type', 'erase', 'push', 'pull', 'geom'] as const),
    ...(['title', 'root'] as const),
  ),
  widget: fc.constantFrom(...WIDGETS),
  at: fc.nat(20),
  value: fc.string({ unit: fc.constantFrom('a', 'b', '😀'), minLength: 1, maxLength: 4 }),
});
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('mallory' as const), ops: fc.array(op) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ada' as const), ops: fc.array(op) }) },
  fc.record({ do: fc.constantFrom('mallory away' as const, 'mallory back' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const isAllowed = ({ kind, widget }: Op): boolean =>
  kind !== 'title' && kind !== 'root' && mayWrite(widget);

function create(doc: Y.Doc, id: string): void {
  const shared = { texts: { text: 'ab' }, lists: { list: [1] }, maps: { map: { in: 1 } } };
  createWidget(doc, { id, type: 't', version: 1, state: { key: 1 }, ...shared });
}

function perform(doc: Y.Doc, { kind, widget, at, value }: Op): void {
  if (kind === 'title') setTitle(doc, value);
  else if (kind === 'root') doc.getMap('else').set(value, at);
  else if (readWidget(doc, widget) === undefined) create(doc, widget);
  else edit(doc, { kind, widget, at, value });
}

function edit(doc: Y.Doc, { kind, widget, at, value }: Op): void {
  const state = stateOf(doc, widget);
  const [text, list, map] = [state.get('text'), state.get('list'), state.get('map')];
  if (!(text instanceof Y.Text && list instanceof Y.Array && map instanceof Y.Map)) {
    throw new Error('a widget is not as it was made');
  }
  if (kind === 'remove') removeWidget(doc, widget);
  else if (kind === 'set') setState(doc, widget, { key: value });
  else if (kind === 'nest') map.set(value, at);
  else if (kind === 'type') text.insert(Math.min(at, text.length), value);
  else if (kind === 'erase') text.delete(0, Math.min(at, text.length));
  else if (kind === 'push') list.insert(Math.min(at, list.length), [value, at]);
  else if (kind === 'pull') list.delete(0, Math.min(at, list.length));
  else if (kind === 'geom') setGeom(doc, widget, { x: at, y: 0, w: 1, h: 1 });
}

/** A server, a full writer and a restricted one, who may be away and then brings all at once. */
class World {
  readonly server = docOf(SERVER);
  readonly ada = docOf(ADA);
  readonly mallory = docOf(MALLORY);
  readonly log: Uint8Array[] = [];
  readonly #perform: (op: Op) => boolean;
  #isAway = false;
  #made: Uint8Array | undefined;

  constructor(perform: (op: Op) => boolean) {
    this.#perform = perform;
    this.server.on('update', (update: Uint8Array) => {
      this.log.push(update);
      Y.applyUpdate(this.ada, update, 'server');
      if (!this.#isAway) Y.applyUpdate(this.mallory, update, 'server');
    });
    this.ada.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'server') Y.applyUpdate(this.server, update);
    });
    this.mallory.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'server') this.#made = update;
    });
    for (const widget of WIDGETS) create(this.ada, widget);
  }

  take(step: Step): void {
    if (step.do === 'ada') {
      this.ada.transact(() => {
        for (const op of step.ops) perform(this.ada, op);
      });
    } else if (step.do === 'mallory') {
      this.#made = undefined;
      this.mallory.transact(() => {
        for (const op of step.ops) if (this.#perform(op)) perform(this.mallory, op);
      });
      if (this.#made !== undefined && !this.#isAway) this.#receive(this.#made);
    } else if (step.do === 'mallory away') this.#isAway = true;
    else if (this.#isAway) {
      this.#isAway = false;
      Y.applyUpdate(
        this.mallory,
        Y.encodeStateAsUpdate(this.server, Y.encodeStateVector(this.mallory)),
        'server',
      );
      this.#receive(Y.encodeStateAsUpdate(this.mallory, Y.encodeStateVector(this.server)));
    }
  }

  #receive(update: Uint8Array): void {
    const before = forbiddenIn(this.server);
    applyFiltered(this.server, update, rules);
    expect(forbiddenIn(this.server)).toEqual(before);
    expect(this.server.store.pendingStructs).toBeNull();
    expect(this.server.store.pendingDs).toBeNull();
  }
}

function docOf(clientId: number): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = clientId;
  return doc;
}

/** Everything Mallory may not write, down to the contents Yjs holds. */
function forbiddenIn(doc: Y.Doc): unknown {
  const { widgets, title } = readBoard(doc);
  const roots = [...doc.share.keys()].filter((name) => name !== 'widgets').sort();
  const shut = Object.entries(widgets).filter(([id]) => !mayWrite(id));
  return { title, roots, else: doc.share.has('else') && doc.getMap('else').toJSON(), shut };
}

function allowedIn(doc: Y.Doc): unknown {
  return Object.entries(readBoard(doc).widgets)
    .filter(([id]) => mayWrite(id))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('filterUpdate', () => {
  it('leaves what is forbidden as it is and what is allowed as if nothing else had been sent', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const world = new World(() => true);
        // The same people, in a world where Mallory does nothing but what she may.
        const shadow = new World(isAllowed);
        for (const step of [...steps, { do: 'mallory back' as const }]) {
          world.take(step);
          shadow.take(step);
          expect(forbiddenIn(world.server)).toEqual(forbiddenIn(shadow.server));
          expect(allowedIn(world.server)).toEqual(allowedIn(shadow.server));
        }
        // Her later edits are taken.
        const last = { kind: 'set', widget: 'open-1', at: 0, value: 'last' } as const;
        world.take({ do: 'mallory', ops: [last] });
        expect(allowedIn(world.server)).toEqual(allowedIn(world.mallory));
        // Every other copy is the same, and so is the log when it is replayed.
        const replayed = new Y.Doc();
        for (const update of world.log) Y.applyUpdate(replayed, update);
        expect(readBoard(replayed)).toEqual(readBoard(world.server));
        expect(readBoard(world.ada)).toEqual(readBoard(world.server));
        expect(replayed.store.pendingStructs).toBeNull();
      }),
      { numRuns: Number(process.env['FUZZ_ROUNDS'] ?? 300) },
    );
  });
});
