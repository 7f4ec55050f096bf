import { startTheme } from '@tessera/example-design/theme';

startTheme();
const { searchParams } = new URL(location.href);
for (const frame of document.querySelectorAll('iframe')) {
  // With a name of its own each frame has a copy of its own, as if they were two devices.
  const asked = new URLSearchParams(searchParams);
  asked.set('phone', frame.dataset['name'] ?? '');
  frame.src = `./?${asked}`;
}
