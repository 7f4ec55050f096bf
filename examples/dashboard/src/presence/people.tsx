import type { Other } from '@tessera/client';
import { useOthers } from '@tessera/client/react';
import type { CSSProperties } from 'react';
import { useMe } from '../session/hooks.ts';
import type { Fields } from './fields.ts';

const SHOWN = 4;

/** The faces of all who are here, the user first. */
export function People() {
  const me = useMe();
  const others = useOthers<Fields, Face[]>(facesOf, areSame).filter(({ id }) => id !== me?.id);
  const people = [...(me === undefined ? [] : [{ ...me, isMe: true, idle: false }]), ...others];
  const more = people.slice(SHOWN);
  return (
    <ul className="avatars people" aria-label="Who is here">
      {people.slice(0, SHOWN).map(({ id, name, color, idle, isMe }) => (
        <li
          key={id}
          className="avatar"
          style={{ '--person': color } as CSSProperties}
          title={isMe ? `${name} (you)` : idle ? `${name}, away` : name}
          data-me={isMe || undefined}
          data-idle={idle || undefined}
        >
          <span aria-hidden="true">{name.slice(0, 1).toUpperCase()}</span>
          <span className="visually-hidden">{isMe ? `${name} (you)` : name}</span>
        </li>
      ))}
      {more.length > 0 && (
        <li className="avatar" data-more title={more.map(({ name }) => name).join(', ')}>
          +{more.length}
        </li>
      )}
    </ul>
  );
}

interface Face {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly idle: boolean;
  readonly isMe: boolean;
}

/** One face a user, however many tabs. Of the tabs nothing else: cursors move all the time, faces do not. */
function facesOf(others: readonly Other<Fields>[]): Face[] {
  const byUser = Map.groupBy(others, ({ user }) => user.id);
  return [...byUser].map(([id, tabs]) => {
    const { name = id, color = '#4f5bd5' } = tabs[0]?.user ?? {};
    return { id, name, color, idle: tabs.every(({ idle }) => idle), isMe: false };
  });
}

function areSame(a: readonly Face[], b: readonly Face[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
