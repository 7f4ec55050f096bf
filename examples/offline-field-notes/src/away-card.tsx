import { useSyncExternalStore } from 'react';
import { type AwayLog, type Change, summaryOf } from './away.ts';
import { Icon } from './icon.tsx';

interface AwayCardProps {
  readonly log: AwayLog;
  readonly open: (id: string) => void;
}

/** What happened while this device was away. */
export function AwayCard({ log, open }: AwayCardProps) {
  const changes = useSyncExternalStore(log.subscribe, () => log.changes);
  if (changes.length === 0) return null;
  return (
    <section className="away" aria-label="While you were away">
      <header>
        <h2>While you were away</h2>
        <button
          type="button"
          className="icon-button"
          data-size="small"
          aria-label="Got it"
          onClick={log.dismiss}
        >
          <Icon name="close" />
        </button>
      </header>
      <p>{summaryOf(changes)}</p>
      <ul>
        {changes.map((change) => (
          <li key={change.id}>
            {change.kind === 'removed' ? (
              <s>{change.title}</s>
            ) : (
              <button type="button" onClick={() => open(change.id)}>
                {change.title}
              </button>
            )}
            <span>{detailsOf(change)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function detailsOf({ kind, by, parts, place }: Change): string {
  const who = by.length > 0 ? ` by ${by.join(' and ')}` : '';
  if (kind !== 'changed') return `${kind}${who}`;
  const lost = place && ` The place is “${place.now || 'nowhere'}” now, it was “${place.before}”.`;
  return `${parts.join(', ')}${who}.${lost ?? ''}`;
}
