import { defineWidget } from '@tessera/client';
import { useWidget } from '@tessera/client/react';
import { z } from 'zod';
import { Icon } from '../icon.tsx';
import { useMe } from '../session/hooks.ts';
import { edit, type WidgetProps, widgetKind } from './kind.ts';
import { TextField } from './parts.tsx';

export const Counter = defineWidget({
  type: 'counter',
  version: 1,
  state: z.object({
    title: z.string().max(200),
    // A key each: of two who press at the same time, no press is lost.
    by: z.record(z.string(), z.number()).default({}),
  }),
  merge: { by: 'map' },
});

function View({ id }: WidgetProps) {
  const { widget, state } = useWidget(Counter, id);
  const me = useMe();
  if (state === undefined) return null;
  const sum = Object.values(state.by).reduce((total, count) => total + count, 0);
  const count = (by: number) => {
    if (me === undefined) return;
    edit(widget, (draft) => {
      draft.by[me.id] = (draft.by[me.id] ?? 0) + by;
    });
  };
  return (
    <div className="counter">
      <button type="button" className="icon-button" aria-label="One less" onClick={() => count(-1)}>
        <span className="counter-minus" aria-hidden="true" />
      </button>
      <output className="counter-value">{sum}</output>
      <button type="button" className="icon-button" aria-label="One more" onClick={() => count(1)}>
        <Icon name="add" />
      </button>
    </div>
  );
}

function Settings({ id }: WidgetProps) {
  const { widget, state } = useWidget(Counter, id);
  if (state === undefined) return null;
  return (
    <>
      <TextField label="Title" value={state.title} onChange={(title) => widget.set({ title })} />
      <button
        type="button"
        className="button"
        onClick={() =>
          edit(widget, (draft) => {
            draft.by = {};
          })
        }
      >
        <Icon name="refresh" />
        Start again at 0
      </button>
    </>
  );
}

export const counter = widgetKind({
  definition: Counter,
  label: 'Counter',
  icon: 'counter',
  size: { w: 4, h: 4 },
  narrowHeight: 4,
  fresh: () => ({ title: 'Counter' }),
  View,
  Settings,
});
