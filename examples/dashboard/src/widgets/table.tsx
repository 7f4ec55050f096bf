import { defineWidget } from '@tessera/client';
import { useWidget } from '@tessera/client/react';
import type { CSSProperties } from 'react';
import { z } from 'zod';
import { POINTS, valuesUntil } from '../feed.ts';
import { format, inUnit, unitSchema, units } from '../units.ts';
import { edit, type WidgetProps, widgetKind } from './kind.ts';
import { Hint, ListField, TextField, UnitField, useStep } from './parts.tsx';
import { renamed, seriesOf, seriesSchema, without } from './series.ts';

export const Table = defineWidget({
  type: 'table',
  version: 1,
  state: z.object({
    title: z.string().max(200),
    rows: seriesSchema.default([]),
    unit: unitSchema.default('ms'),
  }),
  merge: { rows: 'list' },
});

function View({ id }: WidgetProps) {
  const { state } = useWidget(Table, id);
  const step = useStep();
  if (state === undefined) return null;
  const { rows, unit, title } = state;
  const text = (value: number) => format(inUnit(value, unit), unit);
  if (rows.length === 0) return <Hint>Add rows in the settings of this table.</Hint>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className="table-scroll" tabIndex={0} aria-label={`${title}, table`}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Now {units[unit].sign && `(${units[unit].sign})`}</th>
            <th scope="col">Low</th>
            <th scope="col">High</th>
            <th scope="col" className="table-bar-column">
              <span className="visually-hidden">Share of the scale</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id: row, name }) => {
            const values = valuesUntil(name, step, POINTS);
            const now = values.at(-1) ?? 0;
            return (
              <tr key={row}>
                <th scope="row">{name}</th>
                <td>{text(now)}</td>
                <td>{text(Math.min(...values))}</td>
                <td>{text(Math.max(...values))}</td>
                <td className="table-bar-column">
                  <Bar share={now} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Bar({ share }: { readonly share: number }) {
  return <span className="bar" style={{ '--share': share } as CSSProperties} />;
}

function Settings({ id }: WidgetProps) {
  const { widget, state } = useWidget(Table, id);
  if (state === undefined) return null;
  return (
    <>
      <TextField label="Title" value={state.title} onChange={(title) => widget.set({ title })} />
      <UnitField label="Unit" value={state.unit} onChange={(unit) => widget.set({ unit })} />
      <ListField
        label="Rows"
        items={state.rows}
        addLabel="Add row"
        onAdd={() => edit(widget, ({ rows }) => rows.push(...seriesOf(`row ${rows.length + 1}`)))}
        onRename={(item, name) => edit(widget, ({ rows }) => renamed(rows, item, name))}
        onRemove={(item) => edit(widget, ({ rows }) => without(rows, item))}
      />
    </>
  );
}

export const table = widgetKind({
  definition: Table,
  label: 'Table',
  icon: 'table',
  size: { w: 8, h: 7 },
  narrowHeight: 7,
  fresh: () => ({ title: 'Latency by route', rows: seriesOf('/login', '/search', '/checkout') }),
  View,
  Settings,
});
