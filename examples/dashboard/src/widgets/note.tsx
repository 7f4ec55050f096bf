import { defineWidget } from '@tessera/client';
import { useBoard, useWidget } from '@tessera/client/react';
import { type MouseEvent, useEffect, useMemo, useRef, useState } from 'react';
import { z } from 'zod';
import { useSelection } from '../board/selection.tsx';
import { Icon } from '../icon.tsx';
import type { Fields } from '../presence/fields.ts';
import { type WidgetProps, widgetKind } from './kind.ts';
import { htmlOf } from './markdown.ts';
import { TextField } from './parts.tsx';

export const Note = defineWidget({
  type: 'note',
  version: 1,
  state: z.object({ title: z.string().max(200), text: z.string().default('') }),
  merge: { text: 'text' },
});

function View({ id }: WidgetProps) {
  const { editing, setEditing } = useSelection();
  return editing === id ? (
    <Editor id={id} onLeave={() => setEditing(undefined)} />
  ) : (
    <Reader id={id} onEdit={() => setEditing(id)} />
  );
}

function Reader({ id, onEdit }: WidgetProps & { readonly onEdit: () => void }) {
  const text = useWidget(Note, id, (state) => state?.text ?? '');
  const html = useMemo(() => ({ __html: htmlOf(text) }), [text]);
  const click = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link !== null) {
      // The board stays where it is.
      event.preventDefault();
      open(link.href, '_blank', 'noopener');
    } else if (getSelection()?.isCollapsed !== false) {
      // A selection is for copying.
      onEdit();
    }
  };
  return (
    <div className="note">
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the button beside it does the same */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: as above */}
      {/* biome-ignore lint/security/noDangerouslySetInnerHtml: it was sanitized */}
      <div className="prose" onClick={click} dangerouslySetInnerHTML={html} />
      <button
        type="button"
        className="icon-button note-edit"
        data-size="small"
        aria-label="Edit the text"
        onClick={onEdit}
      >
        <Icon name="edit" />
      </button>
    </div>
  );
}

function Editor({ id, onLeave }: WidgetProps & { readonly onLeave: () => void }) {
  const board = useBoard<Fields>();
  const place = useRef<HTMLDivElement>(null);
  const text = useNoteText(id);
  const leave = useRef(onLeave);
  leave.current = onLeave;
  useEffect(() => {
    const host = place.current;
    if (host === null || text === undefined) return;
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
    let close: (() => void) | undefined;
    let isGone = false;
    // The editor is large, and a page that is only looked at does without.
    void import('./note-editor.ts').then(({ openNoteEditor }) => {
      if (isGone) return;
      const onLeave = () => leave.current();
      close = openNoteEditor({ root, board, widget: id, text, onLeave });
    });
    return () => {
      isGone = true;
      close?.();
    };
  }, [board, id, text]);
  return (
    <div className="note-editor">
      <div className="note-editor-text" ref={place} />
      <div className="note-editor-foot">
        <span>Markdown</span>
        <button type="button" className="button" data-size="small" onClick={onLeave}>
          Done
        </button>
      </div>
    </div>
  );
}

/** The live text; another one after the board's document was replaced. */
function useNoteText(id: string) {
  const board = useBoard<Fields>();
  const [text, setText] = useState(() => board.widgets.handle(Note, id).text('text'));
  useEffect(() => {
    const look = () => setText(board.widgets.handle(Note, id).text('text'));
    look();
    return board.subscribe(look);
  }, [board, id]);
  return text;
}

function Settings({ id }: WidgetProps) {
  const { widget, state } = useWidget(Note, id);
  if (state === undefined) return null;
  return (
    <>
      <TextField label="Title" value={state.title} onChange={(title) => widget.set({ title })} />
      <p className="field-hint">The text is Markdown. Click it to write, several people at once.</p>
    </>
  );
}

export const note = widgetKind({
  definition: Note,
  label: 'Note',
  icon: 'note',
  size: { w: 8, h: 7 },
  narrowHeight: 8,
  fresh: () => ({ title: 'Note', text: '' }),
  View,
  Settings,
});
