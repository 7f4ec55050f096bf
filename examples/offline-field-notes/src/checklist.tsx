import { useWidget } from '@tessera/client/react';
import { useState } from 'react';
import { Icon } from './icon.tsx';
import type { Person } from './identity.ts';
import { editNote, Note } from './note.ts';

/** What is to be done, item by item: two people may tick and add at once. */
export function Checklist({ id, me }: { readonly id: string; readonly me: Person }) {
  const { widget } = useWidget(Note, id);
  const items = useWidget(Note, id, (note) => note?.items) ?? [];
  const [label, setLabel] = useState('');
  const add = () => {
    if (label.trim() === '') return;
    editNote(widget, me, (draft) => {
      draft.items.push({ id: crypto.randomUUID(), label: label.trim(), done: false });
    });
    setLabel('');
  };
  return (
    <section className="checklist" aria-label="Checklist">
      <ul>
        {items.map((item) => (
          <li key={item.id}>
            <label>
              <input
                type="checkbox"
                className="checkbox"
                checked={item.done}
                onChange={({ currentTarget: { checked } }) =>
                  editNote(widget, me, (draft) => {
                    const found = draft.items.find((one) => one.id === item.id);
                    if (found !== undefined) found.done = checked;
                  })
                }
              />
              <span>{item.label}</span>
            </label>
            <button
              type="button"
              className="icon-button"
              data-size="small"
              aria-label={`Remove ${item.label}`}
              onClick={() =>
                editNote(widget, me, (draft) => {
                  draft.items = draft.items.filter((one) => one.id !== item.id);
                })
              }
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <Icon name="add" />
        <input
          aria-label="New item"
          placeholder="Add to the checklist"
          value={label}
          onChange={({ currentTarget }) => setLabel(currentTarget.value)}
        />
      </form>
    </section>
  );
}
