import { pathToFileURL } from 'node:url';
import { close } from './surroundings.ts';

// Runs the program of a page: `node run-page.ts <file>`. It ends by itself only if the page's program
// has closed what it opened.

const [, , file] = process.argv;
if (file === undefined) throw new Error('which file? node run-page.ts <file>');
try {
  await import(pathToFileURL(file).href);
} finally {
  await close();
}
