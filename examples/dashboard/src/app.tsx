import { useState } from 'react';
import { Workspace } from './board/workspace.tsx';
import { BoardsPage } from './boards/boards-page.tsx';
import { useRoute } from './route.ts';

/** The list of boards, or one board: for the user, and for a second person beside them. */
export function App() {
  const board = useRoute();
  const [hasBeside, setHasBeside] = useState(false);
  if (board === undefined) return <BoardsPage />;
  const toggle = () => setHasBeside((has) => !has);
  return (
    <div className="seats" data-seats={hasBeside ? 2 : 1}>
      <Workspace key={board} board={board} seat="you" hasBeside={hasBeside} onBeside={toggle} />
      {hasBeside && (
        <Workspace key={`beside ${board}`} board={board} seat="beside" onBeside={toggle} />
      )}
      <p id="tile-keys" hidden>
        Arrow keys move it, with shift they resize it. Enter opens it, Delete removes it.
      </p>
    </div>
  );
}
