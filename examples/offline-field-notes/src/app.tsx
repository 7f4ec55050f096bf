import { BoardProvider, TesseraProvider } from '@tessera/client/react';
import { Suspense, useEffect, useState } from 'react';
import { Header } from './header.tsx';
import { Icon } from './icon.tsx';
import { Notebook } from './notebook.tsx';
import { boardId, openSession, type Session } from './session.ts';

type Entry =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'in'; readonly session: Session }
  | { readonly kind: 'refused'; readonly reason: string };

/** Asks who writes here, which needs a network once in the life of a device. */
export function App() {
  const [entry, setEntry] = useState<Entry>({ kind: 'waiting' });
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt asks again
  useEffect(() => {
    openSession().then(
      (session) => setEntry({ kind: 'in', session }),
      (error: Error) => setEntry({ kind: 'refused', reason: describe(error) }),
    );
  }, [attempt]);
  if (entry.kind === 'waiting') return <Loading />;
  if (entry.kind === 'in') return <Board session={entry.session} />;
  return (
    <div className="empty" data-kind="error">
      <div className="empty-mark">
        <Icon name="warning" />
      </div>
      <h1 className="empty-title">You cannot write here yet</h1>
      <p className="empty-text">{entry.reason}</p>
      <div className="empty-actions">
        <button
          type="button"
          className="button"
          data-variant="primary"
          onClick={() => setAttempt(attempt + 1)}
        >
          <Icon name="refresh" /> Try again
        </button>
      </div>
    </div>
  );
}

function describe(error: Error): string {
  // What fetch says when there was no answer is different in each browser.
  return error instanceof TypeError
    ? 'The first visit needs a network: this device has to know who you are. After that it does not.'
    : error.message;
}

function Board({ session: { me, client, log } }: { readonly session: Session }) {
  return (
    <TesseraProvider client={client}>
      <BoardProvider id={boardId}>
        <Header me={me} />
        <Suspense fallback={<Loading />}>
          <Notebook me={me} log={log} />
        </Suspense>
      </BoardProvider>
    </TesseraProvider>
  );
}

function Loading() {
  return (
    <div className="loading" role="status" aria-label="Reading the notes">
      {['first', 'second', 'third'].map((name) => (
        <div key={name} className="skeleton" />
      ))}
    </div>
  );
}
