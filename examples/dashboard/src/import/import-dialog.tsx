import { useBoard } from '@tessera/client/react';
import { type ChangeEvent, useCallback, useEffect, useRef, useState } from 'react';
import { Dialog } from '../board/dialog.tsx';
import { Icon } from '../icon.tsx';
import { addDashboard } from './add-dashboard.ts';
import { type ImportedDashboard, readDashboard } from './grafana.ts';

interface ImportDialogProps {
  /** One that was dropped on the board. */
  readonly file?: File | undefined;
  readonly onClose: () => void;
}

type Read =
  | { readonly state: 'none' }
  | { readonly state: 'read'; readonly dashboard: ImportedDashboard }
  | { readonly state: 'failed'; readonly reason: string };

/** Shows what is in a file before it is put on the board. */
export function ImportDialog({ file, onClose }: ImportDialogProps) {
  const board = useBoard();
  const [read, setRead] = useState<Read>({ state: 'none' });
  const picker = useRef<HTMLInputElement>(null);
  const look = useCallback((chosen: File) => {
    chosen.text().then(
      (text) => setRead(readSafely(text)),
      () => setRead({ state: 'failed', reason: 'This file cannot be read.' }),
    );
  }, []);
  useEffect(() => {
    if (file !== undefined) look(file);
  }, [file, look]);
  const choose = ({ target }: ChangeEvent<HTMLInputElement>) => {
    const [chosen] = target.files ?? [];
    if (chosen !== undefined) look(chosen);
    // So that the same file can be chosen again.
    target.value = '';
  };
  return (
    <Dialog title="Import a Grafana dashboard" onClose={onClose}>
      <p className="field-hint">
        The JSON that Grafana exports. Panels keep their places; values come from the feed of this
        page, not from a data source.
      </p>
      <input
        ref={picker}
        type="file"
        accept="application/json,.json"
        className="visually-hidden"
        aria-label="File to import"
        tabIndex={-1}
        onChange={choose}
      />
      <button type="button" className="drop-zone" onClick={() => picker.current?.click()}>
        <Icon name="upload" />
        {read.state === 'read' ? 'Choose another file' : 'Choose a file, or drop it on the board'}
      </button>
      {read.state === 'failed' && (
        <p className="import-problem" role="alert">
          <Icon name="warning" />
          {read.reason}
        </p>
      )}
      {read.state === 'read' && <Summary dashboard={read.dashboard} />}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button"
          data-variant="primary"
          disabled={read.state !== 'read' || !board.canEdit()}
          onClick={() => {
            if (read.state === 'read') addDashboard(board, read.dashboard);
            onClose();
          }}
        >
          {read.state === 'read' ? `Import ${read.dashboard.widgets.length} panels` : 'Import'}
        </button>
      </div>
    </Dialog>
  );
}

function Summary({ dashboard }: { readonly dashboard: ImportedDashboard }) {
  const counts = Map.groupBy(dashboard.widgets, ({ type }) => type);
  return (
    <div className="import-summary">
      <p className="import-title">{dashboard.title}</p>
      <ul>
        {[...counts].map(([type, widgets]) => (
          <li className="badge" key={type}>
            {widgets.length} × {type}
          </li>
        ))}
      </ul>
    </div>
  );
}

function readSafely(text: string): Read {
  try {
    return { state: 'read', dashboard: readDashboard(text) };
  } catch (error) {
    return { state: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
