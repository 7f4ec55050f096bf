import {
  insertItems,
  type Json,
  readWidget,
  removeItems,
  setState,
  unsetState,
  type Widget,
  widgetText,
} from '@tessera/model';
import { uuidv4 } from 'lib0/random';
import type * as Y from 'yjs';
import type { Person } from './connection.ts';
import { bindText } from './text-binding.ts';

/** The inside of a card. */
interface Content {
  readonly element: HTMLElement;
  update(widget: Widget): void;
  destroy(): void;
}

type CreateContent = (doc: Y.Doc, widget: Widget, me: Person) => Content;

/** By type of widget. */
export const contents: Record<string, { title: string; create: CreateContent }> = {
  note: { title: 'Note', create: createNote },
  counter: { title: 'Counter', create: createCounter },
  checklist: { title: 'Checklist', create: createChecklist },
};

function createNote(doc: Y.Doc, { id }: Widget): Content {
  const field = create('textarea', 'note-text');
  field.setAttribute('aria-label', 'Text of the note');
  field.placeholder = 'Write something';
  field.spellcheck = false;
  const text = widgetText(doc, id, 'text');
  const stop = text === undefined ? () => undefined : bindText(field, text);
  return { element: field, update: () => undefined, destroy: stop };
}

/** Everybody counts under a key of their own, so that no press is lost when two press at once. */
function createCounter(doc: Y.Doc, { id }: Widget, me: Person): Content {
  const element = create('div', 'counter');
  const value = create('output', 'counter-value');
  const key = `by-${me.id}`;
  const countOf = (count: Json | undefined) => (typeof count === 'number' ? count : 0);
  const step = (sign: string, label: string, by: number) => {
    const button = create('button', 'step', sign);
    button.setAttribute('aria-label', label);
    button.addEventListener('click', () => {
      // From the document, not from what is shown: two presses can come before the next frame.
      const own = countOf(readWidget(doc, id)?.state[key]);
      setState(doc, id, { [key]: own + by });
    });
    return button;
  };
  element.append(step('−', 'One less', -1), value, step('+', 'One more', 1));
  return {
    element,
    update({ state }) {
      const sum = Object.values(state).reduce<number>((sum, count) => sum + countOf(count), 0);
      value.textContent = String(sum);
    },
    destroy: () => undefined,
  };
}

interface Item {
  id: string;
  text: string;
}

/** The items are a list that merges item by item; what is done is a key each. */
function createChecklist(doc: Y.Doc, { id }: Widget): Content {
  const element = create('div', 'checklist');
  const list = create('ul', 'items');
  const form = create('form', 'add-item');
  const field = create('input', 'add-item-text');
  field.placeholder = 'Add an item';
  field.setAttribute('aria-label', 'New item');
  form.append(field);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (text === '') return;
    const item = { id: uuidv4(), text };
    insertItems(doc, id, 'items', list.childElementCount, [item]);
    field.value = '';
  });
  element.append(list, form);

  const rows = new Map<string, { row: HTMLElement; box: HTMLInputElement }>();
  let items: Item[] = [];
  const createRow = (item: Item) => {
    const row = create('li', 'item');
    const label = create('label', 'item-label');
    const box = create('input', 'item-done');
    box.type = 'checkbox';
    box.addEventListener('change', () => {
      if (box.checked) setState(doc, id, { [`done-${item.id}`]: true });
      else unsetState(doc, id, [`done-${item.id}`]);
    });
    label.append(box, create('span', 'item-text', item.text));
    const remove = create('button', 'remove', '×');
    remove.setAttribute('aria-label', `Remove ${item.text}`);
    remove.addEventListener('click', () => {
      const index = items.findIndex((other) => other.id === item.id);
      if (index >= 0) removeItems(doc, id, 'items', index);
    });
    row.append(label, remove);
    return { row, box };
  };
  return {
    element,
    update({ state }) {
      items = Array.isArray(state['items']) ? state['items'].filter(isItem) : [];
      const shown = items.map((item) => {
        const entry = rows.get(item.id) ?? createRow(item);
        rows.set(item.id, entry);
        entry.box.checked = state[`done-${item.id}`] === true;
        return entry.row;
      });
      // Only when they changed: putting a row back in its place takes the focus away from it.
      if (
        shown.length !== list.childElementCount ||
        shown.some((row, at) => list.children[at] !== row)
      ) {
        list.replaceChildren(...shown);
      }
    },
    destroy: () => undefined,
  };
}

function isItem(value: Json): value is Item & Json {
  const { id, text } = (value ?? {}) as Record<string, unknown>;
  return typeof id === 'string' && typeof text === 'string';
}

/** An element with a class and, if given, a text. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  text = '',
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
