import { useSyncExternalStore } from 'react';

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

/** The note that is open, as the address says it, so that the back button of a phone closes it. */
export function useOpenNote(): string | undefined {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return hash.length > 1 ? decodeURIComponent(hash.slice(1)) : undefined;
}

export function openNote(id: string): void {
  location.hash = encodeURIComponent(id);
}

export function closeNote(): void {
  location.hash = '';
}
