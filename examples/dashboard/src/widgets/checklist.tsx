import { defineWidget } from '@tessera/client';
import { useWidget } from '@tessera/client/react';
import { type FormEvent, useState } from 'react';
import { z } from 'zod';
import { Icon } from '../icon.tsx';
import { edit, type WidgetProps, widgetKind } from './kind.ts';
import { TextField } from './parts.tsx';
import { itemId } from './series.ts';

export const Checklist = defineWidget({
  type: 'checklist',
  version: 1,
  state: z.object({
    title: z.string().max(200),
    items: z.array(z.object({ id: z.string(), text: z.string().max(500) })).default([]),
    // Not in the items: who ticks one while it is moved or renamed loses nothing.
    done: z.record(z.string(), z.boolean()).default({}),
  }),
  merge: { items: 'list', done: 'map' },
});

function View({ id }: WidgetProps) {
  const { widget, state } = useWidget(Checklist, id);
  const [text, setText] = useState('');
  if (state === undefined) return null;
  const { items, done } = state;
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === '') return;
    edit(widget, (draft) => draft.items.push({ id: itemId(), text: text.trim() }));
    setText('');
  };
  const remove = (item: string) =>
    edit(widget, (draft) => {
      draft.items = draft.items.filter((other) => other.id !== item);
      delete draft.done[item];
    });
  return (
    <div className="checklist">
      <ul className="checklist-items">
        {items.map((item) => (
          <li className="checklist-item" key={item.id}>
            <label className="checklist-label">
              <input
                type="checkbox"
                className="checkbox"
                checked={done[item.id] ?? false}
                onChange={({ target }) =>
                  edit(widget, (draft) => {
                    draft.done[item.id] = target.checked;
                  })
                }
              />
              <span className="checklist-text">{item.text}</span>
            </label>
            <button
              type="button"
              className="icon-button checklist-remove"
              data-size="small"
              aria-label={`Remove ${item.text}`}
              onClick={() => remove(item.id)}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
      <form className="checklist-add" onSubmit={add}>
        <input
          className="input"
          aria-label="New item"
          placeholder="Add an item"
          value={text}
          maxLength={500}
          data-own-undo
          onChange={(event) => setText(event.target.value)}
        />
      </form>
    </div>
  );
}

function Settings({ id }: WidgetProps) {
  const { widget, state } = useWidget(Checklist, id);
  if (state === undefined) return null;
  const isAnyDone = Object.values(state.done).some(Boolean);
  const clear = () =>
    edit(widget, (draft) => {
      draft.items = draft.items.filter((item) => draft.done[item.id] !== true);
      draft.done = {};
    });
  return (
    <>
      <TextField label="Title" value={state.title} onChange={(title) => widget.set({ title })} />
      <button type="button" className="button" disabled={!isAnyDone} onClick={clear}>
        <Icon name="check" />
        Remove what is done
      </button>
    </>
  );
}

export const checklist = widgetKind({
  definition: Checklist,
  label: 'Checklist',
  icon: 'checklist',
  size: { w: 6, h: 8 },
  narrowHeight: 8,
  fresh: () => ({ title: 'To do' }),
  View,
  Settings,
});
