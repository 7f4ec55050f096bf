import {
  BoardProvider,
  TesseraProvider,
  useBoard,
  useStatus,
  useWidget,
  useWidgets,
} from '@tessera/client/react';
import { type FormEvent, useEffect, useState, useSyncExternalStore } from 'react';
import { SavePill } from '../board/save-pill.tsx';
import { DEMO } from '../board/starter.ts';
import { State } from '../board/states.tsx';
import { ThemeButton } from '../board/top-bar.tsx';
import { Icon, Mark } from '../icon.tsx';
import { addressOf, goTo } from '../route.ts';
import { closeSession, openSession } from '../session/session.ts';
import { BoardLink, INDEX, idFor, rememberBoard } from './index-board.ts';

/** All boards of the tenant, which are on a board themselves: it is shared and works offline. */
export function BoardsPage() {
  const [session, setSession] = useState(() => openSession(INDEX, 'you'));
  const hasNoTokens = useSyncExternalStore(session.subscribe, () => session.hasNoTokens);
  const again = () =>
    void closeSession(INDEX, 'you').then(() => setSession(openSession(INDEX, 'you')));
  useEffect(() => {
    document.title = 'Boards · Tessera';
  }, []);
  return (
    <TesseraProvider client={session.client}>
      <BoardProvider id={INDEX} keepOpenMs={60_000}>
        <div className="boards-page">
          <header className="toolbar">
            <Mark />
            <span className="brand">Tessera</span>
            <span className="toolbar-gap" />
            <SavePill />
            <ThemeButton />
          </header>
          <main className="boards">
            <div className="boards-head">
              <h1>Boards</h1>
              <p>Each is edited by everybody at once, online or offline.</p>
            </div>
            <NewBoard />
            <List hasNoTokens={hasNoTokens} onAgain={again} onAccepted={session.accepted} />
          </main>
        </div>
      </BoardProvider>
    </TesseraProvider>
  );
}

function NewBoard() {
  const [title, setTitle] = useState('');
  const create = (event: FormEvent) => {
    event.preventDefault();
    const named = title.trim() || 'Untitled';
    const board = idFor(named);
    const made = openSession(board, 'you').client.board(board);
    // Nothing to take back on a board that has just begun.
    made.history.pause();
    made.title = named;
    made.history.resume();
    rememberBoard(board, named);
    goTo(board);
  };
  return (
    <form className="new-board" onSubmit={create}>
      <input
        className="input"
        aria-label="Title of the new board"
        placeholder="Name a new board"
        maxLength={120}
        value={title}
        onChange={(event) => setTitle(event.target.value)}
      />
      <button type="submit" className="button" data-variant="primary">
        <Icon name="add" />
        New board
      </button>
    </form>
  );
}

interface ListProps {
  readonly hasNoTokens: boolean;
  readonly onAgain: () => void;
  readonly onAccepted: () => void;
}

function List({ hasNoTokens, onAgain, onAccepted }: ListProps) {
  const board = useBoard();
  const links = useWidgets(BoardLink);
  const { state, stopped } = useStatus();
  useEffect(() => {
    if (state === 'saved') onAccepted();
  }, [state, onAccepted]);
  const again = (
    <button type="button" className="button" data-variant="primary" onClick={onAgain}>
      <Icon name="refresh" />
      Try again
    </button>
  );
  if (stopped !== undefined && stopped.code !== 'closed') {
    return (
      <State icon="lock" title="You cannot see the boards" isError actions={again}>
        {stopped.reason}
      </State>
    );
  }
  if (hasNoTokens && links.length === 0) {
    return (
      <State icon="lock" title="No token" isError actions={again}>
        This node hands out no development tokens. In production your own backend signs them.
      </State>
    );
  }
  if (state === 'offline' && links.length === 0) {
    return (
      <State icon="offline" title="The server is away" isError actions={again}>
        The boards are shown as soon as it answers.
      </State>
    );
  }
  const isListed = links.some((link) => link.state?.board === DEMO);
  const isWaiting = links.length === 0 && (state === 'connecting' || state === 'syncing');
  return (
    <ul className="board-list" aria-busy={isWaiting} aria-label={`Boards of ${board.id}`}>
      {!isListed && <Card board={DEMO} title="Production overview" hint="A demo of everything" />}
      {links.map(({ id }) => (
        <Link key={id} id={id} />
      ))}
    </ul>
  );
}

function Link({ id }: { readonly id: string }) {
  const { state } = useWidget(BoardLink, id);
  if (state === undefined) return null;
  const { board, title } = state;
  return <Card board={board} title={title === '' ? 'Untitled' : title} hint={board} />;
}

interface CardProps {
  readonly board: string;
  readonly title: string;
  readonly hint: string;
}

function Card({ board, title, hint }: CardProps) {
  return (
    <li>
      <a
        className="card board-card"
        data-interactive
        href={addressOf(board)}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          goTo(board);
        }}
      >
        <Thumbnail board={board} />
        <span className="board-card-title">{title}</span>
        <span className="board-card-hint">{hint}</span>
      </a>
    </li>
  );
}

/** A little mosaic, the same for everybody: boards are told apart before they are read. */
function Thumbnail({ board }: { readonly board: string }) {
  const letters = [...board].map((letter) => letter.charCodeAt(0));
  const sum = letters.reduce((total, code) => Math.imul(total ^ code, 0x01000193), 7) >>> 0;
  const cut = 22 + (sum % 5) * 9;
  const rise = 14 + ((sum >>> 3) % 4) * 5;
  const rects = [
    { x: 0, y: 0, width: cut, height: rise },
    { x: cut + 3, y: 0, width: 97 - cut, height: rise },
    { x: 0, y: rise + 3, width: 97 - cut, height: 45 - rise },
    { x: 100 - cut, y: rise + 3, width: cut, height: 45 - rise },
  ];
  return (
    <svg className="thumbnail" viewBox="0 0 100 48" preserveAspectRatio="none" aria-hidden="true">
      {rects.map((rect, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are drawn once
        <rect key={index} {...rect} rx="2" data-tint={((sum >>> 5) + index * 3) % 8} />
      ))}
    </svg>
  );
}
