import { useBoard, useTitle, useUndo } from '@tessera/client/react';
import { currentTheme, onThemeChange, toggleTheme } from '@tessera/example-design/theme';
import { useSyncExternalStore } from 'react';
import { Icon, Mark } from '../icon.tsx';
import { People } from '../presence/people.tsx';
import { goTo } from '../route.ts';
import { useIsOnline, useSession } from '../session/hooks.ts';
import { addable } from '../widgets/index.ts';
import { addWidget } from './add.ts';
import { Menu, MenuItem } from './menu.tsx';
import { SavePill } from './save-pill.tsx';
import { useSelection } from './selection.tsx';
import { useCanEdit } from './use-can-edit.ts';

interface TopBarProps {
  readonly isBeside: boolean;
  readonly hasBeside: boolean;
  readonly onBeside: () => void;
  readonly onImport: () => void;
  readonly onHelp: () => void;
}

export function TopBar({ isBeside, hasBeside, onBeside, onImport, onHelp }: TopBarProps) {
  const board = useBoard();
  const [title, setTitle] = useTitle();
  const { network } = useSession();
  const isOnline = useIsOnline();
  const canEdit = useCanEdit();
  const { setConfigured, setEditing } = useSelection();
  const add = (kind: (typeof addable)[number]) => {
    const id = addWidget(board, kind);
    setEditing(undefined);
    setConfigured(id);
  };
  return (
    <header className="toolbar top-bar">
      {isBeside ? (
        <span className="badge">Second person</span>
      ) : (
        <button
          type="button"
          className="icon-button home"
          aria-label="All boards"
          onClick={() => goTo(undefined)}
        >
          <Mark />
        </button>
      )}
      <input
        className="board-title"
        aria-label="Title of the board"
        value={title}
        placeholder="Untitled board"
        maxLength={120}
        readOnly={!canEdit}
        onChange={(event) => setTitle(event.target.value)}
      />
      <span className="toolbar-gap" />
      <People />
      <SavePill />
      <span className="toolbar-separator" />
      <UndoButtons />
      <button
        type="button"
        className="icon-button network-button"
        aria-pressed={!isOnline}
        aria-label={isOnline ? 'Go offline' : 'Go online'}
        title={isOnline ? 'Go offline' : 'Go online'}
        onClick={() => network.turn(!isOnline)}
      >
        <Icon name={isOnline ? 'wifi' : 'offline'} />
      </button>
      {!isBeside && (
        <>
          <button
            type="button"
            className="icon-button beside-button"
            aria-pressed={hasBeside}
            aria-label={hasBeside ? 'Close the second person' : 'Open a second person beside me'}
            title={hasBeside ? 'Close the second person' : 'Open a second person beside me'}
            onClick={onBeside}
          >
            <Icon name="people" />
          </button>
          <ThemeButton />
        </>
      )}
      <Menu label="More" icon="more">
        <MenuItem icon="import" onSelect={onImport}>
          Import a Grafana dashboard
        </MenuItem>
        <MenuItem icon="board" onSelect={() => goTo(undefined)}>
          All boards
        </MenuItem>
        <MenuItem icon="help" onSelect={onHelp}>
          Keyboard
        </MenuItem>
        {isBeside && (
          <MenuItem icon="close" onSelect={onBeside}>
            Close the second person
          </MenuItem>
        )}
      </Menu>
      <Menu label="Add a widget" icon="add" text="Add" isPrimary disabled={!canEdit}>
        {addable.map((kind) => (
          <MenuItem key={kind.definition.type} icon={kind.icon} onSelect={() => add(kind)}>
            {kind.label}
          </MenuItem>
        ))}
      </Menu>
    </header>
  );
}

function UndoButtons() {
  const { undo, redo, canUndo, canRedo, undoLabel, redoLabel } = useUndo();
  const of = (label: string | undefined) => (label === undefined ? '' : ` ${label}`);
  return (
    <div className="undo-buttons">
      <button
        type="button"
        className="icon-button"
        aria-label={`Undo${of(undoLabel)}`}
        title={`Undo${of(undoLabel)}`}
        disabled={!canUndo}
        onClick={undo}
      >
        <Icon name="undo" />
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={`Redo${of(redoLabel)}`}
        title={`Redo${of(redoLabel)}`}
        disabled={!canRedo}
        onClick={redo}
      >
        <Icon name="redo" />
      </button>
    </div>
  );
}

export function ThemeButton() {
  const theme = useSyncExternalStore(onThemeChange, currentTheme);
  const label = theme === 'dark' ? 'Light theme' : 'Dark theme';
  return (
    <button
      type="button"
      className="icon-button theme-button"
      aria-label={label}
      title={label}
      onClick={toggleTheme}
    >
      <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
    </button>
  );
}
