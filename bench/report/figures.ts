import { type Spread, spreadOf } from '../machine/statistics.ts';
import type { Figure } from '../scenarios/scenario.ts';
import type { Run } from './peers.ts';

type Outcomes = Run['outcomes'];

/** Median, lowest and highest of the rounds; NaN without any. */
export function figureOf(key: string, outcomes: Outcomes): Spread {
  return spreadOf(outcomes.map(({ figures }) => figures[key] ?? Number.NaN));
}

/** The median of the ratios of runs that were neighbours; NaN if there are none. */
export function ratioOf(key: string, of: Outcomes, to: Outcomes | undefined, toKey = key): number {
  const ratios = of.map(
    ({ figures }, round) =>
      (figures[key] ?? Number.NaN) / (to?.[round]?.figures[toKey] ?? Number.NaN),
  );
  return spreadOf(ratios).median;
}

/** `1,373`, `0.98`: what is large needs no digits behind the point. */
export function numberText(value: number, digits: number): string {
  const needed =
    Math.abs(value) >= 1_000 ? 0 : Math.abs(value) >= 100 ? Math.min(digits, 1) : digits;
  return value.toLocaleString('en-US', {
    minimumFractionDigits: needed,
    maximumFractionDigits: needed,
  });
}

/** `0.65 ×` */
export function ratioText(ratio: number): string {
  if (ratio === 0) return '0 ×';
  if (ratio < 0.01) return '< 0.01 ×';
  return `${numberText(ratio, ratio >= 10 ? 1 : 2)} ×`;
}

/** `CPU an update, µs` */
export function titleOf({ title, unit }: Pick<Figure, 'title' | 'unit'>): string {
  return unit ? `${title}, ${unit}` : title;
}

/** Of a figure that stands alone: `p99` is called after the p50 in front of it. */
export function fullNameOf(figure: Figure, figures: readonly Figure[]): string {
  const place = figures.findIndex(({ key }) => key === figure.key);
  const before = figures.slice(0, place).findLast(({ title }) => title.endsWith(' p50'));
  const isShort = /^(?:p\d+|longest)$/.test(figure.title) && before !== undefined;
  return isShort ? before.title.replace(/p50$/, figure.title) : figure.title;
}

export function fullTitleOf(figure: Figure, figures: readonly Figure[]): string {
  return titleOf({ title: fullNameOf(figure, figures), unit: figure.unit });
}
