import { useWidget } from '@tessera/client/react';
import { Checklist } from './checklist.tsx';
import { Icon } from './icon.tsx';
import type { Person } from './identity.ts';
import { editNote, lastEdit, Note, titleOf } from './note.ts';
import { SharedText } from './shared-text.tsx';
import { whenWas } from './when.ts';

interface NoteEditorProps {
  readonly id: string;
  readonly me: Person;
  readonly close: () => void;
  readonly remove: (id: string) => void;
}

export function NoteEditor({ id, me, close, remove }: NoteEditorProps) {
  const { widget, state } = useWidget(Note, id);
  if (state === undefined) return <Gone close={close} />;
  const last = lastEdit(state);
  return (
    <article className="editor" aria-label={titleOf(state)}>
      <header>
        <button type="button" className="icon-button back" aria-label="All notes" onClick={close}>
          <Icon name="arrowLeft" />
        </button>
        <span className="editor-when">
          {last && `${last.id === me.id ? 'You' : last.name}, ${whenWas(last.at)}`}
        </span>
        <button
          type="button"
          className="icon-button"
          aria-label="Remove this note"
          onClick={() => remove(id)}
        >
          <Icon name="trash" />
        </button>
      </header>
      <div className="editor-body">
        <SharedText id={id} part="title" me={me} label="Title" placeholder="Title" />
        <label className="editor-place">
          <Icon name="place" />
          <input
            aria-label="Place"
            placeholder="Where?"
            value={state.place}
            onChange={({ currentTarget: { value } }) =>
              editNote(widget, me, (draft) => {
                draft.place = value;
              })
            }
          />
        </label>
        <SharedText id={id} part="text" me={me} label="Text" placeholder="What did you see?" />
        <Checklist id={id} me={me} />
      </div>
    </article>
  );
}

function Gone({ close }: { readonly close: () => void }) {
  return (
    <div className="empty">
      <div className="empty-mark">
        <Icon name="trash" />
      </div>
      <h2 className="empty-title">This note is gone</h2>
      <p className="empty-text">Somebody has removed it.</p>
      <div className="empty-actions">
        <button type="button" className="button" onClick={close}>
          All notes
        </button>
      </div>
    </div>
  );
}
