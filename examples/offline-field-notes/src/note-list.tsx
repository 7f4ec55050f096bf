import { useBoard, useWidget, useWidgets } from '@tessera/client/react';
import { useSyncExternalStore } from 'react';
import type { AwayLog } from './away.ts';
import { addExamples } from './examples.ts';
import { Icon } from './icon.tsx';
import type { Person } from './identity.ts';
import { lastEdit, Note, titleOf } from './note.ts';
import { whenWas } from './when.ts';

interface NoteListProps {
  readonly me: Person;
  readonly log: AwayLog;
  readonly openId: string | undefined;
  readonly open: (id: string) => void;
  readonly create: () => void;
}

export function NoteList({ me, log, openId, open, create }: NoteListProps) {
  const notes = useWidgets(Note).toSorted(
    (a, b) => (b.state?.createdAt ?? 0) - (a.state?.createdAt ?? 0),
  );
  const changes = useSyncExternalStore(log.subscribe, () => log.changes);
  if (notes.length === 0) return <NoNotes me={me} create={create} />;
  return (
    <ul className="notes">
      {notes.map(({ id }) => (
        <NoteRow
          key={id}
          id={id}
          isOpen={id === openId}
          isNews={changes.some((change) => change.id === id)}
          open={open}
        />
      ))}
    </ul>
  );
}

interface NoteRowProps {
  readonly id: string;
  readonly isOpen: boolean;
  readonly isNews: boolean;
  readonly open: (id: string) => void;
}

function NoteRow({ id, isOpen, isNews, open }: NoteRowProps) {
  const { state, status } = useWidget(Note, id);
  if (state === undefined) {
    return (
      <li className="note-unreadable">A note that this version cannot read ({status.kind}).</li>
    );
  }
  const done = state.items.filter((item) => item.done).length;
  const last = lastEdit(state);
  return (
    <li>
      <button
        type="button"
        className="note-row"
        data-note={id}
        aria-current={isOpen ? 'true' : undefined}
        onClick={() => open(id)}
      >
        <span className="note-title">
          {isNews && <span className="news" role="img" aria-label="Changed while you were away" />}
          {titleOf(state)}
        </span>
        <span className="note-excerpt">{state.text}</span>
        <span className="note-facts">
          {state.place !== '' && (
            <span>
              <Icon name="place" /> {state.place}
            </span>
          )}
          {state.items.length > 0 && (
            <span>
              <Icon name="checklist" /> {done} of {state.items.length}
            </span>
          )}
          {last && (
            <span className="note-when">
              {last.name}, {whenWas(last.at)}
            </span>
          )}
        </span>
      </button>
    </li>
  );
}

function NoNotes({ me, create }: { readonly me: Person; readonly create: () => void }) {
  const board = useBoard();
  return (
    <div className="empty">
      <div className="empty-mark">
        <Icon name="note" />
      </div>
      <h2 className="empty-title">No notes yet</h2>
      <p className="empty-text">
        Write where you are, with a network or without. Notes are kept on this device and sent when
        there is a connection.
      </p>
      <div className="empty-actions">
        <button type="button" className="button" data-variant="primary" onClick={create}>
          <Icon name="add" /> Write the first note
        </button>
        <button type="button" className="button" onClick={() => addExamples(board, me)}>
          Add three examples
        </button>
      </div>
    </div>
  );
}
