import type { BoardStatus } from '@tessera/client';
import { useStatus, useTitle, useUsers } from '@tessera/client/react';

/** The top of the page: what board this is, who is here, and where the edits are. */
export function Bar({ user }: { readonly user: string }) {
  const [title] = useTitle();
  const status = useStatus();
  return (
    <>
      <header className="bar">
        <h1>{title || 'Untitled board'}</h1>
        <People user={user} />
        <p className="pill" role="status" data-state={status.state} data-unsaved={status.unsaved}>
          {describe(status)}
        </p>
      </header>
      <Storage status={status} />
    </>
  );
}

function People({ user }: { readonly user: string }) {
  const others = useUsers();
  const names = others.map(({ user: { id, name = id } }) => name).filter((name) => name !== user);
  return (
    <ul className="people" aria-label="Who is here">
      {[user, ...names].map((name) => (
        <li key={name} title={name} style={{ background: colorOf(name) }}>
          {name.slice(0, 1).toUpperCase()}
        </li>
      ))}
    </ul>
  );
}

/** Whether the edits survive the end of this page. */
function Storage({ status }: { readonly status: BoardStatus }) {
  const { state, storage } = status;
  return (
    <p className="storage" data-storage={storage.state} data-away={state === 'offline'}>
      {describeStorage(status)}
    </p>
  );
}

function describeStorage({ state, storage, unsaved }: BoardStatus): string {
  switch (storage.state) {
    case 'loading':
      return 'Reading what this device keeps…';
    case 'failed':
      return storage.reason;
    case 'off':
      return 'Not kept on this device';
    case 'ready':
      if (state !== 'offline') return 'Kept on this device';
      return unsaved === 0
        ? 'No connection. You can go on: edits are kept on this device.'
        : 'No connection. Your edits are kept on this device and sent when you are back.';
  }
}

function describe({ state, unsaved, isSavingDelayed, stopped }: BoardStatus): string {
  const count = unsaved === 0 ? '' : ` · ${unsaved} unsaved`;
  switch (state) {
    case 'connecting':
      return `Connecting${count || '…'}`;
    case 'offline':
      return `Offline${count}`;
    case 'syncing':
      return `Syncing${count || '…'}`;
    case 'saving':
      return isSavingDelayed ? `Not saved yet${count}` : `Saving ${unsaved}…`;
    case 'saved':
      return 'Saved';
    case 'stopped':
      return `Stopped: ${stopped?.reason}`;
  }
}

const colors = ['#4f5bd5', '#c2410c', '#0f766e', '#be185d'];

function colorOf(name: string): string {
  const sum = [...name].reduce((all, letter) => all + letter.charCodeAt(0), 0);
  return colors[sum % colors.length] ?? '';
}
