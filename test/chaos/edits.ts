import type * as Y from 'yjs';

/**
 * One edit of a client, with what has to be true of the board once it was acked. `about` is unique
 * to the edit, or names what it takes away.
 */
export interface Edit {
  kind: 'push' | 'remove' | 'type' | 'erase' | 'set' | 'count' | 'race';
  about: string;
  value: number;
}

/** A random edit that `doc` allows. `name` has to be new each time, and `writer` somebody's own. */
export function makeEdit(
  doc: Y.Doc,
  name: string,
  writer: string,
  value: number,
  next: () => number,
): { edit: Edit; change: () => void } {
  const items = doc.getArray<string>('items');
  const text = doc.getText('text');
  const kind = chooseKind(next());
  const add = (about: string, change: () => void, made: Edit['kind'] = kind) => ({
    edit: { kind: made, about, value },
    change,
  });
  if (kind === 'remove' && items.length > 0) {
    const index = Math.floor(next() * items.length);
    return add(items.get(index), () => items.delete(index));
  }
  if (kind === 'type' || kind === 'erase') {
    const words = wordsOf(text.toString());
    const chosen = Math.floor(next() * words.length);
    const at = words.slice(0, chosen).join('').length;
    const word = words[chosen];
    if (kind === 'erase' && word !== undefined) {
      return add(word.slice(1, -1), () => text.delete(at, word.length));
    }
    return add(name, () => text.insert(at, `<${name}>`), 'type');
  }
  if (kind === 'set') {
    // Some are too large for the wire between nodes, which then read them from the log.
    const padding = next() < 0.1 ? 'x'.repeat(80_000) : '';
    return add(name, () => doc.getMap('once').set(name, `${value}${padding}`));
  }
  if (kind === 'count') return add(writer, () => doc.getMap('counters').set(writer, value));
  if (kind === 'race') {
    return add(name, () => doc.getMap('raced').set(`key-${Math.floor(next() * 4)}`, name));
  }
  return add(name, () => items.push([name]), 'push');
}

function chooseKind(chance: number): Edit['kind'] {
  if (chance < 0.4) return 'push';
  if (chance < 0.5) return 'remove';
  if (chance < 0.68) return 'type';
  if (chance < 0.75) return 'erase';
  if (chance < 0.85) return 'set';
  return chance < 0.93 ? 'count' : 'race';
}

/** The words of the text, each written at once as `<name>` between others. */
function wordsOf(text: string): string[] {
  return text.match(/<[^<>]*>/g) ?? [];
}

/** Everything that edits reach, for comparing documents. */
export function contentOf(doc: Y.Doc) {
  const maps = ['once', 'counters', 'raced'].map((name) => doc.getMap(name).toJSON());
  return [doc.getArray('items').toArray(), doc.getText('text').toString(), ...maps];
}

/** What the clients of one board did to it. */
export class EditBook {
  readonly #acked: Edit[] = [];
  /** Names of what somebody tried to take away, acked or not: it may be there or not. */
  readonly #takenAway = new Set<string>();
  made = 0;

  wasMade({ kind, about }: Edit): void {
    this.made += 1;
    if (kind === 'remove' || kind === 'erase') this.#takenAway.add(about);
  }

  wasAcked(edits: readonly Edit[]): void {
    this.#acked.push(...edits);
  }

  get acked(): number {
    return this.#acked.length;
  }

  /** What is wrong with the board, each in words: acked edits that it lacks, and what it has twice. */
  faultsOf(doc: Y.Doc): string[] {
    const items = doc.getArray<string>('items').toArray();
    const text = doc.getText('text').toString();
    const words = wordsOf(text);
    const kept = {
      push: new Set(items),
      type: new Set(words.map((word) => word.slice(1, -1))),
      set: new Set(doc.getMap('once').keys()),
    };
    const counters = doc.getMap<number>('counters');
    const faults = this.#acked.flatMap(({ kind, about, value }) => {
      if (kind === 'race') return [];
      if (kind === 'remove') return kept.push.has(about) ? [`the removed item ${about}`] : [];
      if (kind === 'erase') return kept.type.has(about) ? [`the erased word ${about}`] : [];
      if (kind === 'count') {
        const found = counters.get(about) ?? 0;
        return found < value ? [`counter ${about} at ${found}, acked at ${value}`] : [];
      }
      const isThere = kept[kind].has(about) || this.#takenAway.has(about);
      return isThere ? [] : [`no ${kind} of ${about}`];
    });
    if (kept.push.size < items.length) faults.push('an item twice');
    if (kept.type.size < words.length) faults.push('a word twice');
    if (words.join('') !== text) faults.push('a word in pieces');
    return faults;
  }
}
