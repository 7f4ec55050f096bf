/** Whether this device meets the board for the first time: then all is new, and nothing is news. */
export function isFirstVisit(device: string, board: string): boolean {
  const key = `field-notes:met:${device}:${board}`;
  try {
    const isFirst = localStorage.getItem(key) === null;
    localStorage.setItem(key, 'yes');
    return isFirst;
  } catch (error) {
    // Storage is blocked: each visit is the first.
    if (error instanceof DOMException) return true;
    throw error;
  }
}
