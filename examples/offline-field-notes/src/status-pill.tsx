import type { BoardStatus } from '@tessera/client';
import { useBoard, useStatus } from '@tessera/client/react';
import { useEffect, useState } from 'react';

/** Where the edits made here are. */
export function StatusPill() {
  const status = useStatus();
  const isKept = useKept(status);
  return (
    <p
      className="pill"
      role="status"
      data-state={lookOf(status)}
      data-kept={isKept}
      title={isKept ? 'Kept on this device' : undefined}
    >
      {describe(status)}
      {status.unsaved > 0 && isWaiting(status) && (
        <span className="to-send">
          {' · '}
          {status.unsaved}
          <span> to send</span>
        </span>
      )}
    </p>
  );
}

/** Whether everything written so far survives the end of this page. */
function useKept(status: BoardStatus): boolean {
  const board = useBoard();
  const [kept, setKept] = useState<BoardStatus>();
  useEffect(() => {
    let isOld = false;
    void board.stored().then((isStored) => {
      if (isStored && !isOld) setKept(status);
    });
    return () => {
      isOld = true;
    };
  }, [board, status]);
  return kept === status;
}

function lookOf({ state }: BoardStatus): 'saved' | 'saving' | 'offline' | 'error' {
  if (state === 'saved') return 'saved';
  if (state === 'stopped') return 'error';
  return state === 'offline' || state === 'connecting' ? 'offline' : 'saving';
}

/** Whether edits stay here for as long as nobody can say. */
function isWaiting({ state, isSavingDelayed }: BoardStatus): boolean {
  if (state === 'saving') return isSavingDelayed;
  return state === 'connecting' || state === 'offline' || state === 'stopped';
}

function describe({ state, isSavingDelayed }: BoardStatus): string {
  switch (state) {
    case 'connecting':
      return 'Connecting';
    case 'offline':
      return 'Offline';
    case 'syncing':
      return 'Catching up…';
    case 'saving':
      return isSavingDelayed ? 'Waiting for the server' : 'Saving…';
    case 'saved':
      return 'Saved';
    case 'stopped':
      return 'Stopped';
  }
}
