/** The service worker, which keeps the page: registered here, and asked to change to a newer one. */
let waiting: ServiceWorker | undefined;
const listeners = new Set<() => void>();

export async function keepPage(): Promise<void> {
  // Not in a private window of some browsers, and not over plain http from another machine.
  if (!('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.register('./sw.js', {
    updateViaCache: 'none',
  });
  const look = () => {
    // The first one has nothing to replace.
    if (registration.waiting === null || navigator.serviceWorker.controller === null) return;
    waiting = registration.waiting;
    for (const listener of [...listeners]) listener();
  };
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', look);
  });
  look();
}

export function hasUpdate(): boolean {
  return waiting !== undefined;
}

export function onUpdate(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function applyUpdate(): void {
  const worker = waiting;
  worker?.addEventListener('statechange', () => {
    // Not before: a reload would wait for it.
    if (worker.state === 'activated') location.reload();
  });
  worker?.postMessage('use the new version');
}
