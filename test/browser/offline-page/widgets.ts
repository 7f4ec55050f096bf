import { defineWidget } from '@tessera/client';
import { z } from 'zod';

export const Note = defineWidget({
  type: 'note',
  version: 1,
  state: z.object({ title: z.string(), text: z.string() }),
  merge: { text: 'text' },
});

export const Checklist = defineWidget({
  type: 'checklist',
  version: 1,
  state: z.object({
    title: z.string(),
    items: z.array(z.object({ id: z.string(), label: z.string(), done: z.boolean() })),
  }),
  merge: { items: 'list' },
});

export const Slider = defineWidget({
  type: 'slider',
  version: 1,
  state: z.object({
    title: z.string(),
    value: z.number(),
    min: z.number(),
    max: z.number(),
    unit: z.string(),
  }),
});
