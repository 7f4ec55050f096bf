import type { BoardConflict } from '@tessera/client';
import { useBoard, useConflicts, useStatus } from '@tessera/client/react';
import { useIsOnline, useSession } from '../session/hooks.ts';
import { useCanEdit } from './use-can-edit.ts';

/** Whatever keeps it from being made again, it stays set aside: it can be tried later. */
function again(conflict: BoardConflict): void {
  conflict.reapply().catch((error: unknown) => console.warn('the edit was not made again:', error));
}

/** What the user should know of, above the widgets: nothing, most of the time. */
export function Notices() {
  const { network } = useSession();
  const isOnline = useIsOnline();
  const canEdit = useCanEdit();
  const isStopped = useStatus(({ stopped }) => stopped !== undefined);
  const board = useBoard();
  const conflicts = useConflicts();
  return (
    <>
      {!isOnline && (
        <div className="banner" role="status">
          <span>You are offline. Everything you do is kept here and saved when you are back.</span>
          <button
            type="button"
            className="button"
            data-size="small"
            onClick={() => network.turn(true)}
          >
            Go online
          </button>
        </div>
      )}
      {!canEdit && !isStopped && (
        <div className="banner" data-kind="info" role="status">
          You may look at this board, not edit it.
        </div>
      )}
      {conflicts.map((conflict) => (
        <div className="banner" data-kind="busy" role="alert" key={conflict.id}>
          <span>
            {conflict.cause.kind === 'reset'
              ? `The board was reset on the server. ${conflict.count} of your edits are not in it.`
              : `The server refused an edit: ${conflict.cause.reason}.`}
          </span>
          <button
            type="button"
            className="button"
            data-size="small"
            disabled={!board.canEdit()}
            onClick={() => again(conflict)}
          >
            Do it again
          </button>
          <button
            type="button"
            className="button"
            data-size="small"
            onClick={() => void conflict.discard()}
          >
            Forget it
          </button>
        </div>
      ))}
    </>
  );
}
