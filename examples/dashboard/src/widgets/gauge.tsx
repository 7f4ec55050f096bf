import { defineWidget } from '@tessera/client';
import { useWidget } from '@tessera/client/react';
import { z } from 'zod';
import { valueAt } from '../feed.ts';
import { format, formatWithSign, inUnit, unitSchema, units } from '../units.ts';
import { type WidgetProps, widgetKind } from './kind.ts';
import { NumberField, TextField, UnitField, useStep } from './parts.tsx';

export const Gauge = defineWidget({
  type: 'gauge',
  version: 1,
  state: z.object({
    title: z.string().max(200),
    series: z.string().max(200),
    unit: unitSchema.default('percent'),
    /** In percent of the scale, from where on it is busy, and too busy. */
    warnAt: z.number().default(70),
    badAt: z.number().default(90),
  }),
});

function View({ id }: WidgetProps) {
  const { state } = useWidget(Gauge, id);
  const step = useStep();
  if (state === undefined) return null;
  const { series, unit, warnAt, badAt, title } = state;
  const value = valueAt(series, step);
  const percent = value * 100;
  const level = percent >= badAt ? 'bad' : percent >= warnAt ? 'busy' : 'good';
  const text = formatWithSign(inUnit(value, unit), unit);
  return (
    <svg className="gauge" viewBox="0 0 200 136" role="img" aria-label={`${title}: ${text}`}>
      <path className="gauge-track" d={arc(0, 1, 78)} />
      <path className="gauge-zone" d={arc(0, share(warnAt), 90)} />
      <path className="gauge-zone" data-level="busy" d={arc(share(warnAt), share(badAt), 90)} />
      <path className="gauge-zone" data-level="bad" d={arc(share(badAt), 1, 90)} />
      <path className="gauge-value" data-level={level} d={arc(0, Math.max(0.004, value), 78)} />
      <text className="gauge-number" x="100" y="106">
        {format(inUnit(value, unit), unit)}
        <tspan className="gauge-unit" dx="2">
          {units[unit].sign}
        </tspan>
      </text>
    </svg>
  );
}

/** A part of the scale, 0 to 1, as a path: 220 degrees, open at the bottom. */
function arc(from: number, to: number, radius: number): string {
  const at = (part: number) => {
    const angle = ((-200 + part * 220) * Math.PI) / 180;
    return `${(100 + radius * Math.cos(angle)).toFixed(2)} ${(100 + radius * Math.sin(angle)).toFixed(2)}`;
  };
  const large = (to - from) * 220 > 180 ? 1 : 0;
  return `M${at(from)}A${radius} ${radius} 0 ${large} 1 ${at(to)}`;
}

function share(percent: number): number {
  return Math.min(1, Math.max(0, percent / 100));
}

function Settings({ id }: WidgetProps) {
  const { widget, state } = useWidget(Gauge, id);
  if (state === undefined) return null;
  return (
    <>
      <TextField label="Title" value={state.title} onChange={(title) => widget.set({ title })} />
      <TextField
        label="Series"
        value={state.series}
        onChange={(series) => widget.set({ series })}
      />
      <UnitField label="Unit" value={state.unit} onChange={(unit) => widget.set({ unit })} />
      <NumberField
        label="Busy from, in %"
        value={state.warnAt}
        onChange={(warnAt) => widget.set({ warnAt })}
      />
      <NumberField
        label="Too busy from, in %"
        value={state.badAt}
        onChange={(badAt) => widget.set({ badAt })}
      />
    </>
  );
}

export const gauge = widgetKind({
  definition: Gauge,
  label: 'Gauge',
  icon: 'gauge',
  size: { w: 4, h: 6 },
  narrowHeight: 5,
  fresh: () => ({ title: 'CPU', series: 'cpu', unit: 'percent' as const }),
  View,
  Settings,
});
