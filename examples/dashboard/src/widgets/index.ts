import { chart } from './chart.tsx';
import { checklist } from './checklist.tsx';
import { counter } from './counter.tsx';
import { gauge } from './gauge.tsx';
import { heading } from './heading.tsx';
import type { WidgetKind } from './kind.ts';
import { note } from './note.tsx';
import { placeholder } from './placeholder.tsx';
import { stat } from './stat.tsx';
import { table } from './table.tsx';

/** What can be added, in the order of the menu. */
export const addable: readonly WidgetKind[] = [
  chart,
  stat,
  gauge,
  table,
  note,
  checklist,
  counter,
  heading,
];

const kinds = new Map([...addable, placeholder].map((kind) => [kind.definition.type, kind]));

/** Undefined for types of another application, or of a newer version of this one. */
export function kindOf(type: string): WidgetKind | undefined {
  return kinds.get(type);
}
