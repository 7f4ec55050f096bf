import { useWidget } from '@tessera/client/react';
import { useEffect, useRef } from 'react';
import type * as Y from 'yjs';
import { Note } from './widgets.ts';

/** The text of a note, character by character. The caret stays in its place when others type. */
export function NoteText({ id }: { readonly id: string }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const { widget, state } = useWidget(Note, id);
  const text = widget.text('text');
  useEffect(() => {
    const area = field.current;
    if (area === null || text === undefined) return;
    area.value = text.toString();
    const show = ({ delta }: Y.YTextEvent) => {
      const now = text.toString();
      // Typed here.
      if (area.value === now) return;
      const [from, to] = [area.selectionStart, area.selectionEnd].map((at) => moved(at, delta));
      area.value = now;
      area.setSelectionRange(from ?? 0, to ?? 0);
    };
    text.observe(show);
    return () => text.unobserve(show);
  }, [text]);
  return (
    <textarea
      ref={field}
      aria-label={state?.title}
      spellCheck={false}
      onInput={({ currentTarget: { value } }) =>
        widget.update((draft) => {
          draft.text = value;
        })
      }
    />
  );
}

/** Where a caret is after the change. */
function moved(caret: number, delta: Y.YTextEvent['delta']): number {
  let [place, at] = [caret, 0];
  for (const { retain = 0, insert, delete: removed = 0 } of delta) {
    const added = typeof insert === 'string' ? insert.length : 0;
    if (at < place) place += added - Math.min(removed, place - at);
    at += retain + added;
  }
  return place;
}
