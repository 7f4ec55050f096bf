import { useSyncExternalStore } from 'react';

/** Which board is shown: `?board=demo/metrics`. Undefined: the list of all. */
export function useRoute(): string | undefined {
  return useSyncExternalStore(subscribe, boardInAddress);
}

/** The address of a board, or of the list. */
export function addressOf(board: string | undefined): string {
  const name = guestName();
  const query = [
    ...(board === undefined ? [] : [`board=${board}`]),
    ...(name === undefined ? [] : [`name=${encodeURIComponent(name)}`]),
  ].join('&');
  return `${location.pathname}${query === '' ? '' : `?${query}`}`;
}

/** Who the guest wants to be: `?name=Ada`. Undefined: somebody at random. */
export function guestName(): string | undefined {
  return new URLSearchParams(location.search).get('name') ?? undefined;
}

/** Goes there without loading the page again: it also works without a network. */
export function goTo(board: string | undefined): void {
  history.pushState(null, '', addressOf(board));
  dispatchEvent(new PopStateEvent('popstate'));
}

function boardInAddress(): string | undefined {
  return new URLSearchParams(location.search).get('board') ?? undefined;
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  return () => removeEventListener('popstate', listener);
}
