import { boardPropertiesOf, readTitle, readWidget, widgetsOf } from '@tessera/model';
import * as Y from 'yjs';
import { isEqual } from './structural-sharing.ts';
import { writeDifference } from './write-difference.ts';

/** What the server refused of a document, or may have refused unheard. */
export class Rejection {
  readonly widgets = new Set<string>();
  title = false;
  reason: string | undefined;
  /** How often it was told so. */
  count = 0;

  told(widgets: readonly string[], roots: readonly string[], reason: string): void {
    for (const id of widgets) this.widgets.add(id);
    this.title ||= roots.includes('board');
    this.reason = reason;
    this.count += 1;
  }

  /** Whether this widget was refused or, without one, the title. */
  names(widget: string | undefined): boolean {
    return widget === undefined ? this.title : this.widgets.has(widget);
  }
}

/** What a document has that a fresh one from the server has not. */
export interface Remainder {
  /** Widgets that are not to be made again. */
  readonly refused: readonly string[];
  readonly carried: readonly string[];
  /** Whether the title is another one, and what is to become of it. */
  readonly title: 'refused' | 'carried' | undefined;
}

/** In the words of the server. */
export function whyRefused({ refused, title }: Remainder): string {
  const names = refused.map((id) => `widget ${id}`);
  if (title === 'refused') names.push('the board itself');
  return `${names.join(', ')} may be read but not edited with this token`;
}

/** `mayKeep` says for a widget, or without one for the title, whether it may stay as it is here. */
export function remainderOf(
  old: Y.Doc,
  fresh: Y.Doc,
  mayKeep: (widget?: string) => boolean,
): Remainder {
  const ids = new Set([...widgetsOf(fresh).keys(), ...widgetsOf(old).keys()]);
  const differing = [...ids].filter((id) => !isEqual(readWidget(fresh, id), readWidget(old, id)));
  const hasTitle = readTitle(fresh) !== readTitle(old);
  return {
    refused: differing.filter((id) => !mayKeep(id)),
    carried: differing.filter((id) => mayKeep(id)),
    title: hasTitle ? (mayKeep() ? 'carried' : 'refused') : undefined,
  };
}

/** Makes what may be kept again in the fresh document, as edits of its own. */
export function carryOver(old: Y.Doc, fresh: Y.Doc, { carried, title }: Remainder): void {
  fresh.transact(() => {
    writeDifference(widgetsOf(fresh), widgetsOf(old), widgetsOf(fresh), carried);
    const properties = boardPropertiesOf(fresh);
    if (title === 'carried') writeDifference(properties, boardPropertiesOf(old), properties);
  }, carryOver);
}

/** Whether the document has all that the other one was made of. */
export function isUpToDate(doc: Y.Doc, other: Y.Doc): boolean {
  const known = Y.decodeStateVector(Y.encodeStateVector(doc));
  const wanted = Y.decodeStateVector(Y.encodeStateVector(other));
  return [...wanted].every(([client, clock]) => (known.get(client) ?? 0) >= clock);
}
