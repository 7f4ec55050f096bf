import { useBoardLoaded, useConflicts, useStatus, useUndo } from '@tessera/client/react';
import { useEffect, useState } from 'react';
import type { AwayLog } from './away.ts';
import { AwayCard } from './away-card.tsx';
import { Icon } from './icon.tsx';
import type { Person } from './identity.ts';
import { Note, newNote, titleOf } from './note.ts';
import { NoteEditor } from './note-editor.tsx';
import { NoteList } from './note-list.tsx';
import { closeNote, openNote, useOpenNote } from './open-note.ts';

/** Once something else was done, undo would take back that. */
const removeLabel = 'remove a note';

/** The list and the note that is open; on a phone one of the two. */
export function Notebook({ me, log }: { readonly me: Person; readonly log: AwayLog }) {
  const board = useBoardLoaded();
  const openId = useOpenNote();
  const { undo, undoLabel } = useUndo();
  const [removed, setRemoved] = useState<string>();
  const create = () => openNote(board.widgets.create(Note, newNote(me)).id);
  const remove = (id: string) => {
    const note = board.widgets.get(Note, id);
    if (note?.state === undefined) return;
    // A step of its own, so that undo brings back the note and nothing else.
    board.history.begin(removeLabel);
    note.remove();
    board.history.end();
    setRemoved(titleOf(note.state));
    closeNote();
  };
  return (
    <main className="notebook" data-open={openId !== undefined}>
      <div className="side">
        <Notices />
        <AwayCard log={log} open={openNote} />
        <NoteList me={me} log={log} openId={openId} open={openNote} create={create} />
        <button type="button" className="button new-note" data-variant="primary" onClick={create}>
          <Icon name="add" /> New note
        </button>
      </div>
      <div className="open">
        {openId === undefined ? (
          <p className="nothing-open">Choose a note, or write a new one.</p>
        ) : (
          <NoteEditor key={openId} id={openId} me={me} close={closeNote} remove={remove} />
        )}
      </div>
      {removed !== undefined && undoLabel === removeLabel && (
        <Removed title={removed} undo={undo} done={() => setRemoved(undefined)} />
      )}
    </main>
  );
}

interface RemovedProps {
  readonly title: string;
  readonly undo: () => void;
  readonly done: () => void;
}

function Removed({ title, undo, done }: RemovedProps) {
  useEffect(() => {
    const timer = setTimeout(done, 8_000);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <div className="toasts" role="status">
      <div className="toast">
        <span>Removed “{title}”</span>
        <button
          type="button"
          className="button"
          data-size="small"
          onClick={() => {
            undo();
            done();
          }}
        >
          <Icon name="undo" /> Undo
        </button>
      </div>
    </div>
  );
}

/** What keeps notes from being safe, and what the user can do about it. */
function Notices() {
  const { state, storage, stopped } = useStatus();
  const conflicts = useConflicts();
  return (
    <>
      {state === 'stopped' && (
        <p className="banner" data-kind="bad">
          <Icon name="warning" /> Nothing is sent any more: {stopped?.reason}. Your notes are kept
          here.
        </p>
      )}
      {storage.state === 'failed' && (
        <p className="banner" data-kind="bad">
          <Icon name="warning" /> Not kept on this device: {storage.reason}
        </p>
      )}
      {conflicts.map((conflict) => (
        <div key={conflict.id} className="banner conflict" data-kind="busy">
          <p>
            {conflict.cause.kind === 'reset'
              ? 'The notes were reset on the server. '
              : `The server refused: ${conflict.cause.reason}. `}
            {conflict.count} of your edits were set aside.
          </p>
          <button
            type="button"
            className="button"
            data-size="small"
            onClick={() => void conflict.reapply()}
          >
            Make them again
          </button>
          <button
            type="button"
            className="button"
            data-size="small"
            data-variant="ghost"
            onClick={() => void conflict.discard()}
          >
            Forget them
          </button>
        </div>
      ))}
    </>
  );
}
