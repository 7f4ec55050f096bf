/** A function that runs `act` before the next frame is drawn, once, however often it was called. */
export function onceAFrame(act: () => void): () => void {
  let scheduled = false;
  return () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      act();
    });
  };
}
