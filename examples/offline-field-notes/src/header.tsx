import { useClient, useUsers } from '@tessera/client/react';
import { currentTheme, onThemeChange, toggleTheme } from '@tessera/example-design/theme';
import { type CSSProperties, useState, useSyncExternalStore } from 'react';
import { Icon } from './icon.tsx';
import type { Person } from './identity.ts';
import { applyUpdate, hasUpdate, onUpdate } from './page-updates.ts';
import { phone } from './session.ts';
import { StatusPill } from './status-pill.tsx';

export function Header({ me }: { readonly me: Person }) {
  return (
    <>
      <header className="toolbar">
        <h1>Field notes</h1>
        <span className="toolbar-gap" />
        <People me={me} />
        <StatusPill />
        {phone === undefined ? <ThemeButton /> : <FlightButton />}
      </header>
      <UpdateBanner />
    </>
  );
}

function People({ me }: { readonly me: Person }) {
  const others = useUsers().filter(({ user }) => user.id !== me.id);
  const all = [
    me,
    ...others.map(({ user: { id, name = id, color = '#0c7a6d' } }) => ({ id, name, color })),
  ];
  return (
    <ul className="avatars" aria-label="Who is here">
      {all.map(({ id, name, color }) => (
        <li
          key={id}
          className="avatar"
          title={id === me.id ? `${name} (you)` : name}
          data-me={id === me.id ? '' : undefined}
          style={{ '--person': color } as CSSProperties}
        >
          {name.slice(0, 1).toUpperCase()}
        </li>
      ))}
    </ul>
  );
}

function ThemeButton() {
  const theme = useSyncExternalStore(onThemeChange, currentTheme);
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={theme === 'dark' ? 'Light' : 'Dark'}
      onClick={toggleTheme}
    >
      <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
    </button>
  );
}

/** For a phone that is only a frame on a page. */
function FlightButton() {
  const client = useClient();
  const [isOn, setOn] = useState(false);
  const toggle = () => {
    if (isOn) client.connect();
    else client.disconnect();
    setOn(!isOn);
  };
  return (
    <button
      type="button"
      className="icon-button"
      aria-label="Flight mode"
      aria-pressed={isOn}
      onClick={toggle}
    >
      <Icon name="flight" />
    </button>
  );
}

/** A newer page is kept already; the one that is open goes on until the user wants it. */
function UpdateBanner() {
  const isThere = useSyncExternalStore(onUpdate, hasUpdate);
  if (!isThere) return null;
  return (
    <div className="banner update" data-kind="info" role="status">
      <span>There is a new version of this page.</span>
      <button type="button" className="button" data-size="small" onClick={applyUpdate}>
        Use it
      </button>
    </div>
  );
}
