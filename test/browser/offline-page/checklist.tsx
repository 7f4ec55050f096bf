import { useWidget } from '@tessera/client/react';
import type { FormEvent } from 'react';
import { Checklist } from './widgets.ts';

/** Items to tick, to put in another order, and to add to. */
export function ChecklistBody({ id }: { readonly id: string }) {
  const { state, widget } = useWidget(Checklist, id);
  const tick = (item: string, done: boolean) =>
    widget.update(({ items }) => {
      const ticked = items.find((one) => one.id === item);
      if (ticked !== undefined) ticked.done = done;
    });
  const moveUp = (item: string) =>
    widget.update(({ items }) => {
      const from = items.findIndex((one) => one.id === item);
      if (from > 0) items.splice(from - 1, 0, ...items.splice(from, 1));
    });
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem('label');
    if (!(field instanceof HTMLInputElement) || field.value === '') return;
    const item = { id: crypto.randomUUID(), label: field.value, done: false };
    widget.update(({ items }) => void items.push(item));
    field.value = '';
  };
  return (
    <>
      <ul>
        {state?.items.map(({ id: item, label, done }, index) => (
          <li key={item} data-item={item}>
            <label>
              <input
                type="checkbox"
                checked={done}
                onChange={({ currentTarget }) => tick(item, currentTarget.checked)}
              />
              <span>{label}</span>
            </label>
            <button
              type="button"
              className="small"
              aria-label={`Move ${label} up`}
              disabled={index === 0}
              onClick={() => moveUp(item)}
            >
              ↑
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={add}>
        <input name="label" placeholder="Add an item" aria-label="New item" autoComplete="off" />
      </form>
    </>
  );
}
