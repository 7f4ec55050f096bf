import { startTheme } from '@tessera/example-design/theme';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { keepPage } from './page-updates.ts';

startTheme();
const root = document.querySelector('#root');
if (root === null) throw new Error('the page has no element #root');
createRoot(root).render(<App />);
keepPage().catch((error: unknown) => {
  // The notes are kept all the same; only the page needs a network then.
  console.warn('this page cannot be kept for offline use', error);
});
