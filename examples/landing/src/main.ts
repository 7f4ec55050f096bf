import { createIcon } from '@tessera/example-design/icons';
import {
  currentTheme,
  onThemeChange,
  startTheme,
  toggleTheme,
} from '@tessera/example-design/theme';
import { watchHealth } from './health.ts';
import { showSnippets } from './snippet-view.ts';

/** The element of this page with the id. */
function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element #${id}`);
  return found;
}

startTheme();
const theme = element('theme');
const showTheme = () => {
  const isDark = currentTheme() === 'dark';
  theme.setAttribute('aria-label', isDark ? 'Light' : 'Dark');
  theme.replaceChildren(createIcon(isDark ? 'sun' : 'moon'));
};
theme.addEventListener('click', toggleTheme);
onThemeChange(showTheme);
showTheme();

watchHealth(({ look, text, reasons }) => {
  const health = element('health');
  health.dataset['state'] = look;
  health.textContent = text;
  health.title = reasons.join('\n');
});

await showSnippets({
  kinds: element('kinds'),
  snippet: element('snippet'),
  about: element('connect-text'),
  copy: element('copy'),
});
