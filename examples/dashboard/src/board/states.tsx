import type { IconName } from '@tessera/example-design/icons';
import type { ReactNode } from 'react';
import { Icon } from '../icon.tsx';

interface StateProps {
  readonly icon: IconName;
  readonly title: string;
  readonly isError?: boolean;
  readonly children: ReactNode;
  readonly actions?: ReactNode;
}

/** In place of the widgets, when there are none or they cannot be had. */
export function State({ icon, title, isError = false, children, actions }: StateProps) {
  return (
    <div
      className="empty"
      data-kind={isError ? 'error' : undefined}
      role={isError ? 'alert' : undefined}
    >
      <span className="empty-mark">
        <Icon name={icon} />
      </span>
      <h2 className="empty-title">{title}</h2>
      <p className="empty-text">{children}</p>
      {actions !== undefined && <div className="empty-actions">{actions}</div>}
    </div>
  );
}

// The places of the demo board, so that little moves when it is there.
const shapes = ['wide', 'small', 'small', 'small', 'wide', 'half', 'half'];

export function Skeleton() {
  return (
    <div className="skeletons" role="status">
      <span className="visually-hidden">Loading the board</span>
      {shapes.map((shape, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they never change
        <div key={index} className="card skeleton-card" data-shape={shape} aria-hidden="true">
          <div className="skeleton" data-part="title" />
          <div className="skeleton" data-part="body" />
        </div>
      ))}
    </div>
  );
}
