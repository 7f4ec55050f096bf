import { defineWidget, type ShownState, type StateDraft, type WidgetHandle } from '@tessera/client';
import { z } from 'zod';
import type { Person } from './identity.ts';

// Compiled schemas need `eval`, which the Content-Security-Policy of a node's pages does not allow.
z.config({ jitless: true });

/** A note. Texts merge letter by letter, the checklist item by item; of two places one stays. */
export const Note = defineWidget({
  type: 'field-note',
  version: 1,
  state: z.object({
    title: z.string(),
    text: z.string(),
    place: z.string(),
    createdAt: z.number(),
    items: z.array(z.object({ id: z.string(), label: z.string(), done: z.boolean() })),
    /** The log knows who made each edit, and clients cannot ask it yet. So the editors say it themselves. */
    editors: z.record(z.string(), z.object({ name: z.string(), at: z.number() })),
  }),
  merge: { title: 'text', text: 'text', items: 'list', editors: 'map' },
});

export type NoteState = ShownState<typeof Note>;
export type NoteHandle = WidgetHandle<typeof Note>;

/** A note nobody has written into yet, by this person. */
export function newNote(me: Person) {
  const at = Date.now();
  const editors = { [me.id]: { name: me.name, at } };
  return { title: '', text: '', place: '', createdAt: at, items: [], editors };
}

/** Not for each letter: every time that is written stays in the history of the board. */
const stampEveryMs = 10_000;

/** Edits the note, and says in it who did. */
export function editNote(
  note: Pick<NoteHandle, 'update'>,
  me: Person,
  change: (draft: StateDraft<typeof Note>) => void,
): void {
  note.update((draft) => {
    change(draft);
    const at = Date.now();
    const last = draft.editors[me.id];
    if (last === undefined || at - last.at > stampEveryMs)
      draft.editors[me.id] = { name: me.name, at };
  });
}

export interface Edit {
  readonly id: string;
  readonly name: string;
  readonly at: number;
}

/** Who edited it last, and when, by the clock of their device. */
export function lastEdit({ editors }: NoteState): Edit | undefined {
  const edits = Object.entries(editors).map(([id, { name, at }]) => ({ id, name, at }));
  return edits.toSorted((a, b) => b.at - a.at)[0];
}

export function titleOf(note: Pick<NoteState, 'title' | 'text'>): string {
  return note.title.trim() || note.text.trim().split('\n')[0]?.slice(0, 60) || 'Untitled note';
}
