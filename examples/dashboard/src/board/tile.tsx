import { useBoard } from '@tessera/client/react';
import { type CSSProperties, type KeyboardEvent, memo, useRef } from 'react';
import { Icon } from '../icon.tsx';
import { type Holder, useHolders } from '../presence/holders.ts';
import { kindOf } from '../widgets/index.ts';
import { useWidgetTitle } from '../widgets/kind.ts';
import { layoutOf, ROW_PX } from './layout.ts';
import { moveByKey } from './move.ts';
import { useIsSelected, useSelection } from './selection.tsx';
import { useCanEdit } from './use-can-edit.ts';
import { useInView } from './use-in-view.ts';

interface TileProps {
  readonly id: string;
  readonly type: string;
  /** In a list instead of a grid. */
  readonly isStacked?: boolean;
}

/** A widget in its frame. Renders when it changes or somebody takes it, not when something else moves. */
export const Tile = memo(function Tile({ id, type, isStacked = false }: TileProps) {
  const board = useBoard();
  const { selected, setEditing, configured, setConfigured } = useSelection();
  const kind = kindOf(type);
  const title = useWidgetTitle(kind, id, type);
  const isSelected = useIsSelected(id);
  const canEdit = useCanEdit(id);
  const holders = useHolders(id);
  const frame = useRef<HTMLElement>(null);
  const isInView = useInView(frame);
  const height = isStacked ? (kind?.narrowHeight ?? 4) * ROW_PX : undefined;

  const remove = () => {
    const next = frame.current
      ?.closest('.canvas')
      ?.querySelector<HTMLElement>(`.tile:not([data-widget="${id}"])`);
    board.history.batch(() => board.widgets.remove(id), `remove ${title}`);
    next?.focus();
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.target !== frame.current || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!canEdit) return;
    if (event.key === 'Delete' || event.key === 'Backspace') remove();
    else if (event.key === 'Enter') {
      if (type === 'note') setEditing(id);
      else setConfigured(id);
    } else if (isStacked || !moveByKey(board, layoutOf(board).read(), id, event)) return;
    event.preventDefault();
  };
  return (
    <article
      ref={frame}
      className="tile card"
      style={{ height, '--person': holders[0]?.user.color } as CSSProperties}
      data-widget={id}
      data-type={type}
      data-selected={isSelected || undefined}
      data-held={holders.length > 0 || undefined}
      data-bare={kind?.hasHead === false || undefined}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move it, and there is no role for that
      tabIndex={0}
      aria-label={`${kind?.label ?? type}: ${title}`}
      aria-describedby="tile-keys"
      onFocus={() => selected.set(id)}
      onKeyDown={keyDown}
    >
      {kind?.hasHead !== false && (
        <header className="tile-head tile-handle">
          <h3 className="tile-title">{title}</h3>
        </header>
      )}
      <div className={kind?.hasHead === false ? 'tile-body tile-handle' : 'tile-body'}>
        {isInView &&
          (kind === undefined ? <p className="widget-hint">{type}</p> : <kind.View id={id} />)}
      </div>
      {canEdit && (
        <div className="tile-actions">
          <button
            type="button"
            className="icon-button"
            data-size="small"
            aria-label={`Settings of ${title}`}
            aria-pressed={configured === id}
            onClick={() => setConfigured(configured === id ? undefined : id)}
          >
            <Icon name="settings" />
          </button>
          <button
            type="button"
            className="icon-button"
            data-size="small"
            aria-label={`Remove ${title}`}
            onClick={remove}
          >
            <Icon name="trash" />
          </button>
        </div>
      )}
      {holders.length > 0 && <HeldBy holders={holders} />}
    </article>
  );
});

const doing = { selects: '', edits: ' is editing', moves: ' is moving' };

function HeldBy({ holders }: { readonly holders: readonly Holder[] }) {
  const [first] = holders;
  if (first === undefined) return null;
  const name = first.user.name ?? first.user.id;
  const more = holders.length > 1 ? ` and ${holders.length - 1} more` : '';
  return (
    <div className="tile-held">
      {name}
      {more}
      {doing[first.how]}
    </div>
  );
}
