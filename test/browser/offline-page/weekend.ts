import type { Board } from '@tessera/client';
import type { ShownCard } from './person.ts';
import { Checklist, Note, Slider } from './widgets.ts';

/** Puts on the board what the story begins with. */
export function planWeekend(board: Board): void {
  board.title = 'Weekend in Bergen';
  const { widgets } = board;
  const items = ['Rain jacket', 'Good shoes', 'Camera', 'Swimwear'].map((label, index) => ({
    id: `item-${index}`,
    label,
    done: false,
  }));
  widgets.create(
    Note,
    { title: 'Plan', text: 'Take the night train.' },
    { id: 'plan', geom: { x: 1, y: 1, w: 14, h: 7 } },
  );
  widgets.create(
    Checklist,
    { title: 'To pack', items },
    { id: 'packing', geom: { x: 16, y: 1, w: 14, h: 13 } },
  );
  widgets.create(
    Slider,
    { title: 'Budget', value: 300, min: 0, max: 800, unit: '€ each' },
    { id: 'budget', geom: { x: 1, y: 10, w: 14, h: 5 } },
  );
  widgets.create(
    Note,
    { title: 'Maybe', text: 'A boat to the fjords?' },
    { id: 'maybe', geom: { x: 16, y: 15, w: 14, h: 4 } },
  );
}

/** The board of a client without a page, as a page would show it. */
export function shownBy({ widgets }: Board): Record<string, ShownCard> {
  const contentOf = (id: string): ShownCard['content'] =>
    widgets.get(Note, id)?.state?.text ??
    widgets.get(Slider, id)?.state?.value ??
    (widgets.get(Checklist, id)?.state?.items ?? []).map(({ label, done }) => [label, done]);
  const cards = widgets.list().map(({ id }): [string, ShownCard] => {
    const { x = -1, y = -1 } = widgets.get(id)?.geom ?? {};
    return [id, { place: [x, y], content: contentOf(id) }];
  });
  return Object.fromEntries(cards);
}
