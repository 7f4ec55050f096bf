import {
  createWidget,
  readBoard,
  removeWidget,
  setGeom,
  setState,
  setTitle,
  stateOf,
} from '@tessera/model';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import type { RawClient } from './raw-client.ts';
import type { tokenFor } from './tessera.ts';

type Grant = NonNullable<Parameters<typeof tokenFor>[1]>[number];
export type Allowed = Omit<Grant, 'board'>;

/** What a token may allow, each kind once. */
export const grants: Readonly<Record<string, Allowed>> = {
  read: { access: 'read' },
  write: { access: 'write' },
  admin: { access: 'admin' },
  'read, and write of some widgets': { access: 'read', widgets: { 'open-*': 'write' } },
  'write, and read of some widgets': { access: 'write', widgets: { 'shut-*': 'read' } },
};

/** A change to a widget, or to a root type of the board. */
export interface Operation {
  readonly name: string;
  readonly widget?: string;
  readonly root?: string;
  change(doc: Y.Doc): void;
}

const contents = {
  type: 't',
  version: 1,
  geom: { x: 0, y: 0, w: 1, h: 1 },
  state: { key: 'old' },
  texts: { text: 'old' },
  lists: { list: [1] },
  maps: { map: { in: 1 } },
};

export function createSample(doc: Y.Doc, id: string): void {
  createWidget(doc, { ...contents, id });
}

/** Widgets `open-1` to `open-3`, `shut-1` and `shut-2`, and a title. */
export function makeBoard(doc: Y.Doc): void {
  for (const id of ['open-1', 'open-2', 'open-3', 'shut-1', 'shut-2']) createSample(doc, id);
  setTitle(doc, 'old');
}

export function contentOf(doc: Y.Doc): unknown {
  return { ...readBoard(doc), else: doc.getMap('else').toJSON() };
}

export function changeAll(doc: Y.Doc, steps: readonly Operation[]): void {
  for (const { change } of steps) change(doc);
}

const ofWidgets = ['open', 'shut'].flatMap((kind) => {
  const widget = `${kind}-1`;
  const made = `${kind}-new`;
  const part = (doc: Y.Doc, key: string) => stateOf(doc, widget).get(key);
  const geom = { x: 5, y: 5, w: 5, h: 5 };
  const all: Operation[] = [
    {
      widget: made,
      name: 'creates',
      change: (doc) => createSample(doc, made),
    },
    { widget, name: 'sets a key of', change: (doc) => setState(doc, widget, { key: 'new' }) },
    {
      widget,
      name: 'sets a nested key of',
      change: (doc) => (part(doc, 'map') as Y.Map<number>).set('in', 2),
    },
    { widget, name: 'types into', change: (doc) => (part(doc, 'text') as Y.Text).insert(1, 'new') },
    {
      widget,
      name: 'pushes to',
      change: (doc) => (part(doc, 'list') as Y.Array<number>).push([9]),
    },
    { widget, name: 'moves', change: (doc) => setGeom(doc, widget, geom) },
    { widget, name: 'removes', change: (doc) => removeWidget(doc, widget) },
  ];
  return all.map((one) => ({ ...one, name: `${one.name} ${one.widget}` }));
});

/** Each once on a widget that some grants allow, and once on one that they do not. */
export const operations: readonly Operation[] = [
  ...ofWidgets,
  { root: 'board', name: 'sets the title', change: (doc) => setTitle(doc, 'new') },
  {
    root: 'else',
    name: 'adds a root type',
    change: (doc) => doc.getMap('else').set('new', 1),
  },
];

export function setKeyOf(widget: string): Operation {
  const change = (doc: Y.Doc) => setState(doc, widget, { other: 'set' });
  return { name: `sets a key of ${widget}`, widget, change };
}

/** The rule in the words of the contract, for the patterns above only: no line of it is the node's. */
function mayDo({ access, widgets = {} }: Allowed, { widget }: Operation): boolean {
  const [pattern, own] = Object.entries(widgets)[0] ?? ['', access];
  const decides = widget?.startsWith(pattern.replace('*', '')) ? own : access;
  return decides !== 'read';
}

/** What is to become of a board when somebody with this grant sends these changes of it. */
export function outcomeOf(board: Y.Doc, allowed: Allowed, steps: readonly Operation[]) {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(board));
  const untouched = contentOf(doc);
  changeAll(
    doc,
    steps.filter((step) => mayDo(allowed, step)),
  );
  const refused = steps.filter((step) => !mayDo(allowed, step));
  return {
    isRefused: refused.length > 0,
    untouched,
    content: contentOf(doc),
    widgets: names(refused.map(({ widget }) => widget)),
    roots: names(refused.map(({ root }) => root)),
  };
}

/** Shows the id of the client's document in its presence, as every stock client does, or another id. */
export function showPresence(client: RawClient, clientId = client.doc.clientID): void {
  const entry = encoding.createEncoder();
  encoding.writeVarUint(entry, 1);
  encoding.writeVarUint(entry, clientId);
  encoding.writeVarUint(entry, 1);
  encoding.writeVarString(entry, '{}');
  const bytes = encoding.toUint8Array(entry);
  client.frame(1, (encoder) => encoding.writeVarUint8Array(encoder, bytes));
}

/** What all `rejected` messages to the client have named. */
export function rejectionsOf(client: RawClient) {
  const all = client.stateless.filter(({ type }) => type === 'rejected');
  const named = (key: string) => names(all.flatMap((message) => (message[key] ?? []) as string[]));
  return { widgets: named('widgets'), roots: named('roots') };
}

function names(all: readonly (string | undefined)[]): string[] {
  return [...new Set(all)].filter((name) => name !== undefined).sort();
}
