import { defineWidget } from '@tessera/client';
import { useWidget } from '@tessera/client/react';
import { useEffect, useRef } from 'react';
import { z } from 'zod';
import { unitSchema } from '../units.ts';
import { edit, type WidgetProps, widgetKind } from './kind.ts';
import { ChoiceField, Hint, ListField, TextField, UnitField } from './parts.tsx';
import { drawPlot } from './plot.ts';
import { renamed, seriesOf, seriesSchema, without } from './series.ts';

export const Chart = defineWidget({
  type: 'chart',
  version: 1,
  state: z.object({
    title: z.string().max(200),
    series: seriesSchema.default([]),
    unit: unitSchema.default('percent'),
    look: z.enum(['line', 'area', 'bars']).default('line'),
  }),
  merge: { series: 'list' },
});

function View({ id }: WidgetProps) {
  const { state } = useWidget(Chart, id);
  const place = useRef<HTMLDivElement>(null);
  const { series, unit, look } = state ?? {};
  useEffect(() => {
    if (place.current === null || !series?.length || !unit || !look) return;
    return drawPlot(place.current, { series, unit, look, hasLegend: series.length > 1 });
  }, [series, unit, look]);
  if (series?.length === 0) return <Hint>Add a series in the settings of this chart.</Hint>;
  return <div className="plot" ref={place} />;
}

function Settings({ id }: WidgetProps) {
  const { widget, state } = useWidget(Chart, id);
  if (state === undefined) return null;
  return (
    <>
      <TextField label="Title" value={state.title} onChange={(title) => widget.set({ title })} />
      <ChoiceField
        label="Look"
        value={state.look}
        choices={{ line: 'Lines', area: 'Areas', bars: 'Bars' }}
        onChange={(look) => widget.set({ look })}
      />
      <UnitField label="Unit" value={state.unit} onChange={(unit) => widget.set({ unit })} />
      <ListField
        label="Series"
        items={state.series}
        addLabel="Add series"
        onAdd={() =>
          edit(widget, ({ series }) => series.push(...seriesOf(`series ${series.length + 1}`)))
        }
        onRename={(item, name) => edit(widget, ({ series }) => renamed(series, item, name))}
        onRemove={(item) => edit(widget, ({ series }) => without(series, item))}
      />
    </>
  );
}

export const chart = widgetKind({
  definition: Chart,
  label: 'Chart',
  icon: 'chart',
  size: { w: 8, h: 8 },
  narrowHeight: 7,
  fresh: () => ({ title: 'Requests', series: seriesOf('api', 'web'), unit: 'per-second' as const }),
  View,
  Settings,
});
