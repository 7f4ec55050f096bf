import { useBoard } from '@tessera/client/react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { Icon } from '../icon.tsx';
import { kindOf } from '../widgets/index.ts';
import { useSelection } from './selection.tsx';

/** The settings of one widget. They are shared like all else: two may have them open at once. */
export function SettingsPanel({ id }: { readonly id: string }) {
  const board = useBoard();
  const { setConfigured } = useSelection();
  const panel = useRef<HTMLElement>(null);
  const type = board.widgets.get(id)?.type ?? '';
  const kind = kindOf(type);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus goes into the panel of each widget once
  useEffect(() => {
    panel.current?.querySelector<HTMLElement>('.panel-body input, .panel-body button')?.focus();
  }, [id]);
  const close = () => {
    const tile = panel.current
      ?.closest('.workspace')
      ?.querySelector<HTMLElement>(`[data-widget="${id}"]`);
    setConfigured(undefined);
    tile?.focus({ preventScroll: true });
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  };
  return (
    <aside className="panel settings" ref={panel} aria-label="Settings" onKeyDown={keyDown}>
      <div className="panel-head">
        {kind !== undefined && <Icon name={kind.icon} />}
        <h2>{kind?.label ?? type}</h2>
        <span className="toolbar-gap" />
        <button type="button" className="icon-button" aria-label="Close settings" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div className="panel-body">
        {kind === undefined ? (
          <p className="field-hint">This dashboard does not know widgets of this type.</p>
        ) : (
          <kind.Settings id={id} />
        )}
        <button
          type="button"
          className="button"
          data-variant="danger"
          onClick={() => {
            board.widgets.remove(id);
            setConfigured(undefined);
          }}
        >
          <Icon name="trash" />
          Remove
        </button>
      </div>
    </aside>
  );
}
