import { defineWidget } from '@tessera/client';
import { useWidget } from '@tessera/client/react';
import { z } from 'zod';
import { type WidgetProps, widgetKind } from './kind.ts';
import { TextField } from './parts.tsx';

/** Something imported that this dashboard has no widget for. */
export const Placeholder = defineWidget({
  type: 'placeholder',
  version: 1,
  state: z.object({ title: z.string().max(200), panelType: z.string().max(200) }),
});

function View({ id }: WidgetProps) {
  const panelType = useWidget(Placeholder, id, (state) => state?.panelType);
  return (
    <div className="placeholder">
      <p className="placeholder-type">{panelType}</p>
      <p className="widget-hint">Imported. There is no widget for this type yet.</p>
    </div>
  );
}

function Settings({ id }: WidgetProps) {
  const { widget, state } = useWidget(Placeholder, id);
  if (state === undefined) return null;
  return (
    <TextField label="Title" value={state.title} onChange={(title) => widget.set({ title })} />
  );
}

export const placeholder = widgetKind({
  definition: Placeholder,
  label: 'Imported panel',
  icon: 'help',
  size: { w: 6, h: 4 },
  narrowHeight: 4,
  fresh: () => ({ title: 'Imported', panelType: 'unknown' }),
  View,
  Settings,
});
