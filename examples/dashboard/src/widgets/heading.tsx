import { defineWidget } from '@tessera/client';
import { useWidget } from '@tessera/client/react';
import { z } from 'zod';
import { type WidgetProps, widgetKind } from './kind.ts';
import { TextField } from './parts.tsx';

export const Heading = defineWidget({
  type: 'heading',
  version: 1,
  state: z.object({ title: z.string().max(200) }),
});

function View({ id }: WidgetProps) {
  const title = useWidget(Heading, id, (state) => state?.title);
  return <h2 className="heading">{title}</h2>;
}

function Settings({ id }: WidgetProps) {
  const { widget, state } = useWidget(Heading, id);
  if (state === undefined) return null;
  return (
    <TextField label="Heading" value={state.title} onChange={(title) => widget.set({ title })} />
  );
}

export const heading = widgetKind({
  definition: Heading,
  label: 'Heading',
  icon: 'heading',
  size: { w: 24, h: 1 },
  narrowHeight: 1,
  hasHead: false,
  fresh: () => ({ title: 'Section' }),
  View,
  Settings,
});
