import { BoardProvider, TesseraProvider, useBoard, useTitle } from '@tessera/client/react';
import {
  type DragEvent,
  type KeyboardEvent,
  useCallback,
  useEffect,
  useRef,
  useState,
} from 'react';
import { rememberBoard } from '../boards/index-board.ts';
import { ImportDialog } from '../import/import-dialog.tsx';
import type { Fields } from '../presence/fields.ts';
import { SessionContext } from '../session/hooks.ts';
import { closeSession, holdSession, openSession, type Seat } from '../session/session.ts';
import { Content } from './content.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { Notices } from './notices.tsx';
import { SelectionProvider, useSelection } from './selection.tsx';
import { SettingsPanel } from './settings-panel.tsx';
import { TopBar } from './top-bar.tsx';

interface WorkspaceProps {
  readonly board: string;
  readonly seat: Seat;
  readonly hasBeside?: boolean;
  readonly onBeside: () => void;
}

const presence: { initial: Fields } = { initial: { cursor: null } };

/** A board and everything around it, for one person. There may be two in one window. */
export function Workspace({ board, seat, hasBeside = false, onBeside }: WorkspaceProps) {
  const [session, setSession] = useState(() => openSession(board, seat));
  useEffect(() => holdSession(session), [session]);
  const again = useCallback(() => {
    // What is not saved is in the local copy, and comes along.
    void closeSession(board, seat).then(() => setSession(openSession(board, seat)));
  }, [board, seat]);
  return (
    <SessionContext value={session}>
      <TesseraProvider client={session.client}>
        <BoardProvider id={board} presence={presence}>
          <SelectionProvider>
            <Room seat={seat} hasBeside={hasBeside} onBeside={onBeside} onAgain={again} />
          </SelectionProvider>
        </BoardProvider>
      </TesseraProvider>
    </SessionContext>
  );
}

interface RoomProps extends Omit<WorkspaceProps, 'board'> {
  readonly onAgain: () => void;
}

function Room({ seat, hasBeside, onBeside, onAgain }: RoomProps) {
  const board = useBoard();
  const { configured } = useSelection();
  const [file, setFile] = useState<File>();
  const [dialog, setDialog] = useState<'import' | 'help'>();
  const [isDropping, setDropping] = useState(false);
  const room = useRef<HTMLDivElement>(null);
  const title = useTitleOfPage(seat);

  const keyDown = (event: KeyboardEvent) => {
    const step = undoKey(event);
    if (step === undefined || isOwnUndo(event.target)) return;
    event.preventDefault();
    board.history[step]();
  };
  const hasFile = (event: DragEvent) => event.dataTransfer.types.includes('Files');
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: shortcuts and dropped files, wherever in it
    <div
      ref={room}
      className="workspace"
      data-seat={seat}
      onKeyDown={keyDown}
      onDragOver={(event) => {
        if (!hasFile(event)) return;
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => {
        if (!room.current?.contains(event.relatedTarget as Node | null)) setDropping(false);
      }}
      onDrop={(event) => {
        if (!hasFile(event)) return;
        event.preventDefault();
        setDropping(false);
        setFile(event.dataTransfer.files[0]);
        setDialog('import');
      }}
    >
      <TopBar
        isBeside={seat === 'beside'}
        hasBeside={hasBeside ?? false}
        onBeside={onBeside}
        onImport={() => {
          setFile(undefined);
          setDialog('import');
        }}
        onHelp={() => setDialog('help')}
      />
      <Notices />
      <div className="stage">
        <main className="scroller" aria-label="Widgets">
          <h1 className="visually-hidden">{title === '' ? 'Untitled board' : title}</h1>
          <Content onAgain={onAgain} onImport={() => setDialog('import')} />
        </main>
        {configured !== undefined && <SettingsPanel id={configured} />}
      </div>
      {isDropping && <div className="drop-hint">Drop the JSON of a Grafana dashboard</div>}
      {dialog === 'import' && <ImportDialog file={file} onClose={() => setDialog(undefined)} />}
      {dialog === 'help' && <HelpDialog onClose={() => setDialog(undefined)} />}
    </div>
  );
}

function undoKey({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent) {
  if (!(ctrlKey || metaKey) || altKey) return undefined;
  if (key.toLowerCase() === 'z') return shiftKey ? 'redo' : 'undo';
  return key.toLowerCase() === 'y' ? 'redo' : undefined;
}

/** Fields whose text is not on the board yet undo by themselves, and so does the editor of notes. */
function isOwnUndo(target: EventTarget): boolean {
  return target instanceof Element && target.closest('[data-own-undo], .note-editor-text') !== null;
}

function useTitleOfPage(seat: Seat): string {
  const board = useBoard();
  const [title] = useTitle();
  useEffect(() => {
    if (seat !== 'you' || title === '') return;
    document.title = `${title} · Tessera`;
    rememberBoard(board.id, title);
  }, [seat, board, title]);
  return title;
}
