import { z } from 'zod';

/** How a value of the feed, 0 to 1, becomes a number with a unit. */
export const unitSchema = z.enum([
  'percent',
  'ms',
  'seconds',
  'bytes',
  'per-second',
  'count',
  'celsius',
]);

export type Unit = z.infer<typeof unitSchema>;

interface UnitInfo {
  readonly label: string;
  readonly sign: string;
  readonly scale: number;
  readonly decimals: number;
}

export const units: Record<Unit, UnitInfo> = {
  percent: { label: 'Percent', sign: '%', scale: 100, decimals: 1 },
  ms: { label: 'Milliseconds', sign: 'ms', scale: 240, decimals: 0 },
  seconds: { label: 'Seconds', sign: 's', scale: 90, decimals: 1 },
  bytes: { label: 'Bytes', sign: 'GB', scale: 64, decimals: 1 },
  'per-second': { label: 'Per second', sign: '/s', scale: 4200, decimals: 0 },
  count: { label: 'Count', sign: '', scale: 1200, decimals: 0 },
  celsius: { label: 'Temperature', sign: '°C', scale: 90, decimals: 0 },
};

/** A value of the feed as a number in its unit. */
export function inUnit(value: number, unit: Unit): number {
  return value * units[unit].scale;
}

const formats = new Map<number, Intl.NumberFormat>();

/** A number with as many decimals as its unit has, or so many. */
export function format(number: number, unit: Unit, decimals = units[unit].decimals): string {
  const known =
    formats.get(decimals) ??
    new Intl.NumberFormat('en', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
  formats.set(decimals, known);
  return known.format(number);
}

export function formatWithSign(number: number, unit: Unit): string {
  const { sign } = units[unit];
  const space = sign === '' || sign === '%' || sign.startsWith('/') ? '' : ' ';
  return `${format(number, unit)}${space}${sign}`;
}
