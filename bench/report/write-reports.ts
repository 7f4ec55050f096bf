import { goalsOf, markdownOf, shortOf } from './markdown.ts';
import { pageOf } from './page.ts';
import { type Results, writeResult } from './results.ts';

/** Writes the pages made of results; resolves to what there is to say about them. */
export async function writeReports(results: Results, name: string): Promise<string> {
  const markdown = await writeResult(`${name}.md`, markdownOf(results));
  const page = await writeResult(pageNameOf(results), pageOf(results));
  return [shortOf(results), goalsOf(results), markdown, page].join('\n\n');
}

/** `2026-11-21T1648`, and `…-part` for a run that left something out. */
export function nameOf(results: Results): string {
  const minute = results.startedAt.slice(0, 16).replace(':', '');
  return isWhole(results) ? minute : `${minute}-part`;
}

/** The page of a part does not replace that of a whole run, which is kept with the sources. */
function pageNameOf(results: Results): string {
  return isWhole(results) ? 'index.html' : 'part.html';
}

function isWhole({ command }: Results): boolean {
  return !command.includes(' -- ');
}
