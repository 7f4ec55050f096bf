import { boardPropertiesOf, widgetsOf } from '@tessera/model';
import * as Y from 'yjs';
import type { AsideEdits } from './local-copy.ts';
import { writeDifference } from './write-difference.ts';

/**
 * What was made of some widgets, from how they are before and after. Neither document is needed
 * afterwards: it is written into one of its own.
 */
export function asideOf(
  before: Y.Doc | undefined,
  after: Y.Doc,
  widgets: readonly string[],
  withTitle: boolean,
): Pick<AsideEdits, 'base' | 'update'> {
  const own = new Y.Doc();
  const nothing = new Y.Doc();
  const write = (from: Y.Doc, to: Y.Doc) =>
    own.transact(() => {
      writeDifference(widgetsOf(from), widgetsOf(to), widgetsOf(own), widgets);
      if (!withTitle) return;
      const properties = [from, to, own].map(boardPropertiesOf);
      const [was, wanted, there] = properties as [Y.Map<unknown>, Y.Map<unknown>, Y.Map<unknown>];
      writeDifference(was, wanted, there);
    });
  if (before !== undefined) write(nothing, before);
  const base = before && Y.encodeStateAsUpdateV2(own);
  const known = Y.encodeStateVector(own);
  write(before ?? nothing, after);
  return { base, update: Y.encodeStateAsUpdate(own, known) };
}

/** The documents before and after the edits. */
export function documentsOf({ base, update }: AsideEdits): { before: Y.Doc; after: Y.Doc } {
  const [before, after] = [new Y.Doc(), new Y.Doc()];
  for (const doc of [before, after]) if (base !== undefined) Y.applyUpdateV2(doc, base);
  Y.applyUpdate(after, update);
  return { before, after };
}
