import type { BoardStatus } from '@tessera/client';
import { useStatus } from '@tessera/client/react';

/** Where the edits made here are, in the words of the SDK. */
export function SavePill() {
  const { state, text } = useStatus(pillOf, (a, b) => a.state === b.state && a.text === b.text);
  return (
    <p className="pill save-pill" role="status" data-state={state}>
      {text}
    </p>
  );
}

interface Pill {
  readonly state: 'saved' | 'saving' | 'offline' | 'error' | undefined;
  readonly text: string;
}

function pillOf({ state, unsaved, isSavingDelayed, storage, stopped }: BoardStatus): Pill {
  if (state === 'stopped') return { state: 'error', text: stopped?.reason ?? 'Stopped' };
  if (storage.state === 'failed' && unsaved > 0) {
    return { state: 'error', text: `${unsaved} in this tab only` };
  }
  if (isSavingDelayed && unsaved > 0) return { state: 'error', text: `Not saved yet · ${unsaved}` };
  if (state === 'offline') {
    return { state, text: unsaved === 0 ? 'Offline' : `Offline · ${unsaved} unsaved` };
  }
  if (unsaved > 0) return { state: 'saving', text: `Saving · ${unsaved}` };
  if (state === 'saved') return { state, text: 'Saved' };
  return { state: undefined, text: state === 'syncing' ? 'Syncing' : 'Connecting' };
}
