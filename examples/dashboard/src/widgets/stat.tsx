import { defineWidget } from '@tessera/client';
import { useWidget } from '@tessera/client/react';
import { z } from 'zod';
import { valueAt, valuesUntil } from '../feed.ts';
import { format, inUnit, unitSchema, units } from '../units.ts';
import { type WidgetProps, widgetKind } from './kind.ts';
import { TextField, UnitField, useStep } from './parts.tsx';

export const Stat = defineWidget({
  type: 'stat',
  version: 1,
  state: z.object({
    title: z.string().max(200),
    series: z.string().max(200),
    unit: unitSchema.default('percent'),
  }),
});

/** How many steps the trend looks back, and the line has. */
const WINDOW = 40;

function View({ id }: WidgetProps) {
  const { state } = useWidget(Stat, id);
  const step = useStep();
  if (state === undefined) return null;
  const { series, unit } = state;
  const values = valuesUntil(series, step, WINDOW);
  const now = valueAt(series, step);
  const change = (now - (values[0] ?? now)) / Math.max(0.01, values[0] ?? now);
  return (
    <div className="stat">
      <p className="stat-value">
        {format(inUnit(now, unit), unit)}
        <span className="stat-unit">{units[unit].sign}</span>
      </p>
      <p className="stat-change">
        {change < 0 ? '↓' : '↑'} {Math.abs(change * 100).toFixed(1)}%
      </p>
      <Sparkline values={values} />
    </div>
  );
}

function Sparkline({ values }: { readonly values: readonly number[] }) {
  const min = Math.min(...values);
  const height = Math.max(0.02, Math.max(...values) - min);
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * 100;
    return `${x.toFixed(1)} ${(28 - ((value - min) / height) * 24).toFixed(1)}`;
  });
  const line = `M${points.join('L')}`;
  return (
    <svg className="sparkline" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      <path className="sparkline-area" d={`${line}L100 30L0 30Z`} />
      <path className="sparkline-line" d={line} />
    </svg>
  );
}

function Settings({ id }: WidgetProps) {
  const { widget, state } = useWidget(Stat, id);
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
    </>
  );
}

export const stat = widgetKind({
  definition: Stat,
  label: 'Stat',
  icon: 'stat',
  size: { w: 4, h: 4 },
  narrowHeight: 4,
  fresh: () => ({ title: 'Active users', series: 'active users', unit: 'count' as const }),
  View,
  Settings,
});
