/** Where nothing is painted: about as often as where something is. */
const frameMs = 16;

/** Runs the work once, when the next frame is painted. Returns the way to call it off. */
export function atNextFrame(work: () => void): () => void {
  // A hidden page paints no frames.
  if (typeof requestAnimationFrame === 'function' && !isPageHidden()) {
    const frame = requestAnimationFrame(() => work());
    return () => cancelAnimationFrame(frame);
  }
  const timer = setTimeout(work, frameMs);
  return () => clearTimeout(timer);
}

/** False where there is no page. */
export function isPageHidden(): boolean {
  return typeof document !== 'undefined' && document.visibilityState === 'hidden';
}

/** Calls the listener when the page is shown or hidden. Returns the way to stop. */
export function onPageVisibility(listener: () => void): () => void {
  if (typeof document === 'undefined') return () => undefined;
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}
