import type { Board } from '@tessera/client';
import type { Person } from './identity.ts';
import { Note, newNote } from './note.ts';

const examples = [
  {
    title: 'Spring below the ridge',
    text: 'Runs strongly after the rain, about a bucket in ten seconds. Clear, no smell.\nThe fence on the upper side is down.',
    place: 'Upper meadow',
    items: ['Take a water sample', 'Photograph the outlet', 'Tell the farmer about the fence'],
  },
  {
    title: 'Orchids, second count',
    text: '41 in flower, 12 in bud. Last week there were 17.',
    place: 'Quarry path',
    items: ['Count the east side', 'Mark the edges'],
  },
  {
    title: 'Bridge at the sawmill',
    text: 'Two boards are loose. Passable on foot, not with a horse.',
    place: 'Sawmill',
    items: [],
  },
];

/** Something to look at on an empty board. */
export function addExamples({ widgets }: Board, me: Person): void {
  const empty = newNote(me);
  widgets.batch(() => {
    for (const [index, { items, ...texts }] of examples.entries()) {
      const list = items.map((label, place) => ({
        id: crypto.randomUUID(),
        label,
        done: place === 0 && index === 0,
      }));
      // The first one is shown first.
      widgets.create(Note, { ...empty, ...texts, items: list, createdAt: empty.createdAt - index });
    }
  });
}
