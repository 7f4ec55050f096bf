export type Theme = 'light' | 'dark';

const key = 'tessera-theme';
const root = () => document.documentElement;
const listeners = new Set<(theme: Theme) => void>();

/** What is shown now: what the user chose, and what the system says otherwise. */
export function currentTheme(): Theme {
  const chosen = root().dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** Shows what the user chose last time, and follows the system where they chose nothing. Call it once, first. */
export function startTheme(): void {
  const chosen = remembered();
  if (chosen !== undefined) root().dataset['theme'] = chosen;
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', tell);
  // Other tabs of this browser change with this one.
  addEventListener('storage', (event) => {
    if (event.key !== key) return;
    const theme = remembered();
    if (theme === undefined) delete root().dataset['theme'];
    else root().dataset['theme'] = theme;
    tell();
  });
}

/** Changes between light and dark, and remembers it in this browser. */
export function toggleTheme(): Theme {
  const theme = currentTheme() === 'dark' ? 'light' : 'dark';
  root().dataset['theme'] = theme;
  try {
    localStorage.setItem(key, theme);
  } catch (error) {
    // A browser that keeps nothing shows it until the page is left.
    if (!(error instanceof DOMException)) throw error;
  }
  tell();
  return theme;
}

/** Calls the listener when what is shown changes. Returns the way to stop. */
export function onThemeChange(listener: (theme: Theme) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of [...listeners]) listener(currentTheme());
}

function remembered(): Theme | undefined {
  try {
    const theme = localStorage.getItem(key);
    return theme === 'light' || theme === 'dark' ? theme : undefined;
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}
