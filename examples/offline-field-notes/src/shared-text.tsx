import { useWidget } from '@tessera/client/react';
import { useEffect, useRef } from 'react';
import type { Person } from './identity.ts';
import { editNote, Note, type NoteHandle } from './note.ts';

interface SharedTextProps {
  readonly id: string;
  readonly part: 'title' | 'text';
  readonly me: Person;
  readonly label: string;
  readonly placeholder: string;
}

type SharedType = NonNullable<ReturnType<NoteHandle['text']>>;
type Delta = Parameters<Parameters<SharedType['observe']>[0]>[0]['delta'];

/** A text of a note that several write at once. The caret stays in its place when others do. */
export function SharedText({ id, part, me, label, placeholder }: SharedTextProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const { widget } = useWidget(Note, id);
  const shared = widget.text(part);
  useEffect(() => {
    const area = field.current;
    if (area === null || shared === undefined) return;
    area.value = shared.toString();
    const show = ({ delta }: { readonly delta: Delta }) => {
      const now = shared.toString();
      // Written here.
      if (area.value === now) return;
      const [from, to] = [area.selectionStart, area.selectionEnd].map((at) => moved(at, delta));
      area.value = now;
      area.setSelectionRange(from ?? 0, to ?? 0);
    };
    shared.observe(show);
    return () => shared.unobserve(show);
  }, [shared]);
  return (
    <textarea
      ref={field}
      className={`shared-${part}`}
      aria-label={label}
      placeholder={placeholder}
      rows={1}
      // A title is one line, however long.
      onKeyDown={(event) => {
        if (part === 'title' && event.key === 'Enter') event.preventDefault();
      }}
      onInput={({ currentTarget: { value } }) =>
        editNote(widget, me, (draft) => {
          draft[part] = value;
        })
      }
    />
  );
}

/** Where a caret is after the change. */
function moved(caret: number, delta: Delta): number {
  let [place, at] = [caret, 0];
  for (const { retain = 0, insert, delete: removed = 0 } of delta) {
    const added = typeof insert === 'string' ? insert.length : 0;
    if (at < place) place += added - Math.min(removed, place - at);
    at += retain + added;
  }
  return place;
}
