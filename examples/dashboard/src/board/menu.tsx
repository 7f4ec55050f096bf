import type { IconName } from '@tessera/example-design/icons';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Icon } from '../icon.tsx';

interface MenuProps {
  readonly label: string;
  readonly icon: IconName;
  /** Shown beside the icon; without it the button is the icon. */
  readonly text?: string;
  readonly isPrimary?: boolean;
  readonly disabled?: boolean;
  readonly children: ReactNode;
}

/** A button that opens a list of choices. Arrow keys go through it, Escape closes it. */
export function Menu({ label, icon, text, isPrimary = false, disabled, children }: MenuProps) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    itemsIn(root.current)[0]?.focus();
    const pressed = ({ target }: PointerEvent) => {
      if (target instanceof Node && root.current?.contains(target) === false) setOpen(false);
    };
    document.addEventListener('pointerdown', pressed);
    return () => document.removeEventListener('pointerdown', pressed);
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const keyDown = (event: KeyboardEvent) => {
    const items = itemsIn(root.current);
    const at = items.indexOf(document.activeElement as HTMLElement);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const next = steps[event.key];
    if (event.key === 'Escape') close();
    else if (event.key === 'Tab') return setOpen(false);
    else if (next !== undefined) items.at(next % items.length)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="menu-root" ref={root}>
      <button
        ref={button}
        type="button"
        className={text === undefined ? 'icon-button' : 'button'}
        data-variant={isPrimary ? 'primary' : undefined}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        disabled={disabled}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={icon} />
        {text !== undefined && <span className="button-text">{text}</span>}
      </button>
      {isOpen && (
        <div className="menu" id={id} role="menu" tabIndex={-1} onKeyDown={keyDown} onClick={close}>
          {children}
        </div>
      )}
    </div>
  );
}

interface MenuItemProps {
  readonly icon: IconName;
  readonly onSelect: () => void;
  readonly children: ReactNode;
}

export function MenuItem({ icon, onSelect, children }: MenuItemProps) {
  return (
    <button type="button" className="menu-item" role="menuitem" tabIndex={-1} onClick={onSelect}>
      <Icon name={icon} />
      {children}
    </button>
  );
}

function itemsIn(root: Element | null): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
}
