import { readBoard, type Widget, widgetsOf } from '@tessera/model';
import { type Card, createCard } from './card.ts';
import type { Connection, Person } from './connection.ts';
import { UNIT_PX } from './geometry.ts';
import { onceAFrame } from './once-a-frame.ts';
import { othersOf } from './people.ts';

/** Shows the widgets of the board on the surface, and keeps them as the document has them. */
export function showBoard(surface: HTMLElement, { doc, awareness, me }: Connection): void {
  const cards = new Map<string, Card>();

  const create = (widget: Widget): Card => {
    const onHold = (holds: boolean) =>
      awareness.setLocalStateField('holds', holds ? widget.id : null);
    const card = createCard(doc, widget, me, onHold);
    surface.append(card.element);
    return card;
  };
  const show = () => {
    const { widgets } = readBoard(doc);
    for (const [id, card] of cards) {
      if (widgets[id] !== undefined) continue;
      card.destroy();
      cards.delete(id);
    }
    for (const widget of Object.values(widgets)) {
      const card = cards.get(widget.id) ?? create(widget);
      cards.set(widget.id, card);
      card.update(widget);
    }
    const geoms = Object.values(widgets).flatMap(({ geom }) => geom ?? []);
    const right = Math.max(0, ...geoms.map(({ x, w }) => x + w));
    const bottom = Math.max(0, ...geoms.map(({ y, h }) => y + h));
    surface.style.minWidth = `${(right + 1) * UNIT_PX}px`;
    surface.style.minHeight = `${(bottom + 4) * UNIT_PX}px`;
  };
  widgetsOf(doc).observeDeep(onceAFrame(show));
  show();

  awareness.on('change', () => {
    const holders = new Map<string, Person>();
    for (const { holds, user } of othersOf(awareness).values()) if (holds) holders.set(holds, user);
    for (const [id, card] of cards) card.setHolder(holders.get(id));
  });
}
