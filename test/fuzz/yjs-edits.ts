import { widgetsOf } from '@tessera/model';
import * as Y from 'yjs';
import type { random } from '../support/random.ts';

type Random = ReturnType<typeof random>;
type Container = Pick<Y.AbstractType<unknown>, '_map' | '_start'>;

const keys = ['a', 'b', 'c'];

/** Root types of each kind, made if they are not there. */
export function rootsOf(doc: Y.Doc) {
  return [
    widgetsOf(doc),
    doc.getText('text'),
    doc.getArray('list'),
    doc.getXmlFragment('xml'),
  ] as const;
}

/** One edit by the methods of Yjs, of anything that is in the document. */
export function editAtRandom(doc: Y.Doc, dice: Random): void {
  const roots: readonly Container[] = rootsOf(doc);
  const all = roots.flatMap((root) => containersIn(root));
  const type = pick(dice, dice.next() < 0.3 ? roots : all);
  if (type instanceof Y.Text) editText(type, dice);
  else if (type instanceof Y.XmlFragment) editXml(type, dice);
  else if (type instanceof Y.Map) editMap(type, dice);
  else if (type instanceof Y.Array) editList(type, dice);
}

export function pick<T>(dice: Random, all: readonly T[]): T | undefined {
  return all[below(dice, all.length)];
}

export function below({ next }: Random, end: number): number {
  return Math.floor(next() * end);
}

function containersIn(type: Container): Container[] {
  const items = [...type._map.values()];
  for (let item = type._start; item !== null; item = item.right) items.push(item);
  const inner = items.flatMap(({ deleted, content }) =>
    !deleted && content instanceof Y.ContentType ? containersIn(content.type) : [],
  );
  return [type, ...inner];
}

function rangeIn(dice: Random, length: number, most: number): [at: number, length: number] {
  const at = below(dice, length);
  return [at, Math.min(length - at, 1 + below(dice, most))];
}

function editText(text: Y.Text, dice: Random): void {
  const kind = dice.next();
  const at = below(dice, text.length + 1);
  if (kind < 0.4) text.insert(at, pick(dice, ['abc', 'x', 'hello ']) ?? '');
  else if (kind < 0.45) text.insertEmbed(at, { embedded: 1 });
  else if (kind < 0.5) text.setAttribute('k', dice.next());
  else if (text.length === 0) return;
  else if (kind < 0.85) text.delete(...rangeIn(dice, text.length, 4));
  else text.format(...rangeIn(dice, text.length, 5), { bold: dice.next() < 0.6 ? true : null });
}

function editXml(xml: Y.XmlFragment, dice: Random): void {
  const kind = dice.next();
  if (xml instanceof Y.XmlElement && kind < 0.5) {
    const key = pick(dice, keys) ?? 'a';
    if (kind < 0.4) xml.setAttribute(key, `${dice.next()}`);
    else xml.removeAttribute(key);
  } else if (kind < 0.8) {
    const part = dice.next() < 0.5 ? new Y.XmlElement('p') : new Y.XmlText('text');
    xml.insert(below(dice, xml.length + 1), [part]);
  } else if (xml.length > 0) xml.delete(below(dice, xml.length), 1);
}

function editMap(map: Y.Map<unknown>, dice: Random): void {
  const key = pick(dice, keys) ?? 'a';
  const kind = dice.next();
  if (kind < 0.5) map.set(key, anyValue(dice));
  else if (kind < 0.7) for (const value of [1, 2, 3]) map.set(key, value);
  else if (kind < 0.95) map.delete(key);
  else map.clear();
}

function editList(list: Y.Array<unknown>, dice: Random): void {
  const at = below(dice, list.length + 1);
  if (dice.next() < 0.6) list.insert(at, dice.next() < 0.5 ? [1, 2, 3] : [anyValue(dice)]);
  else if (list.length > 0) list.delete(...rangeIn(dice, list.length, 4));
}

function anyValue(dice: Random): unknown {
  const kind = dice.next();
  const value = below(dice, 1_000);
  if (kind < 0.5) return value;
  if (kind < 0.6) return [value, 'x'];
  if (kind < 0.65) return new Uint8Array([value]);
  if (kind < 0.8) return new Y.Map<unknown>(Object.entries({ a: value, b: new Y.Text('in') }));
  return kind < 0.9 ? Y.Array.from([value, 2]) : new Y.Text('text');
}
