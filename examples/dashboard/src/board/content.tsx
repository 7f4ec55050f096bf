import { useBoard, useStatus, useWidgets } from '@tessera/client/react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { Icon } from '../icon.tsx';
import { goTo } from '../route.ts';
import { useSession } from '../session/hooks.ts';
import { chart } from '../widgets/chart.tsx';
import { addWidget } from './add.ts';
import { Grid } from './grid.tsx';
import { useSelection } from './selection.tsx';
import { fillDemo, isDemo } from './starter.ts';
import { Skeleton, State } from './states.tsx';

interface ContentProps {
  /** Begins with a new connection. */
  readonly onAgain: () => void;
  readonly onImport: () => void;
}

/** The widgets, or why there are none. */
export function Content({ onAgain, onImport }: ContentProps) {
  const board = useBoard();
  const isLoaded = useIsLoaded();
  const state = useStatus((status) => status.state);
  const stopped = useStatus((status) => status.stopped);
  const isEmpty = useWidgets().length === 0;
  const session = useSession();
  const hasNoTokens = useSyncExternalStore(session.subscribe, () => session.hasNoTokens);
  const isSynced = state === 'saved' || state === 'saving';
  useEffect(() => {
    if (state === 'syncing' || isSynced) session.accepted();
  }, [session, state, isSynced]);
  const isNewDemo = isSynced && isEmpty && board.title === '' && isDemo(board.id);
  useEffect(() => {
    if (isNewDemo && board.canEdit()) fillDemo(board);
  }, [board, isNewDemo]);

  const again = (
    <>
      <button type="button" className="button" data-variant="primary" onClick={onAgain}>
        <Icon name="refresh" />
        Try again
      </button>
      <button type="button" className="button" onClick={() => goTo(undefined)}>
        All boards
      </button>
    </>
  );
  if (stopped !== undefined && stopped.code !== 'closed') {
    return (
      <State icon="lock" title="You cannot open this board" isError actions={again}>
        {stopped.reason}
      </State>
    );
  }
  if (!isEmpty) return <Grid />;
  if (hasNoTokens) {
    return (
      <State icon="lock" title="No token for this board" isError actions={again}>
        This node hands out no development tokens. In production your own backend signs them.
      </State>
    );
  }
  if (isLoaded && state === 'offline') {
    return (
      <State icon="offline" title="The server is away" isError actions={again}>
        This browser has not seen the board yet. It is shown as soon as the server answers.
      </State>
    );
  }
  if (!isLoaded || !isSynced || isNewDemo) return <Skeleton />;
  return <Empty onImport={onImport} />;
}

function Empty({ onImport }: { readonly onImport: () => void }) {
  const board = useBoard();
  const { setConfigured } = useSelection();
  return (
    <State
      icon="board"
      title="Nothing here yet"
      actions={
        <>
          <button
            type="button"
            className="button"
            data-variant="primary"
            onClick={() => setConfigured(addWidget(board, chart))}
          >
            <Icon name="chart" />
            Add a chart
          </button>
          <button type="button" className="button" onClick={() => fillDemo(board)}>
            Fill with an example
          </button>
          <button type="button" className="button" onClick={onImport}>
            <Icon name="import" />
            Import
          </button>
        </>
      }
    >
      Add the first widget, or drop the JSON of a Grafana dashboard here. Everybody on this board
      sees it at once.
    </State>
  );
}

function useIsLoaded(): boolean {
  const board = useBoard();
  const [loaded, setLoaded] = useState<string>();
  useEffect(() => {
    let isGone = false;
    const end = () => {
      if (!isGone) setLoaded(board.id);
    };
    board.loaded().then(end, end);
    return () => {
      isGone = true;
    };
  }, [board]);
  return loaded === board.id;
}
