/** TypeScript found on a page of documentation, each line of it at the line it has on the page. */
export interface Snippets {
  /** Relative to the project: `docs/guides/undo.md`. */
  readonly page: string;
  /** One program, from the top of the page to its end. Empty if the page has none. */
  readonly run: string;
  /** Another, which is type-checked only: what needs a browser, or a server of the reader's own. */
  readonly check: string;
  readonly isTsx: boolean;
}

/**
 * Finds the TypeScript of a page. All blocks of a page are one program, as a reader takes them:
 *
 * - ` ```ts ` and ` ```tsx ` are part of what is run, ` ```ts check ` of what is checked only;
 * - so is what stands in a comment from `<!-- ts` (or `<!-- ts check`) to `-->`: what a reader need
 *   not see, as the assertions.
 *
 * @throws Error for a block of TypeScript that is marked in another way, and for one without an end
 */
export function snippetsOf(page: string, markdown: string): Snippets {
  const lines = markdown.split('\n');
  const programs = { run: lines.map(() => ''), check: lines.map(() => '') };
  let open: { readonly end: string; readonly into: string[] | undefined } | undefined;
  let isTsx = false;
  for (const [index, line] of lines.entries()) {
    if (open !== undefined) {
      if (line === open.end) open = undefined;
      else if (open.into !== undefined) open.into[index] = line;
      continue;
    }
    const [, start, language = '', mark = ''] = /^(```|<!-- )(\w+) ?(.*)$/.exec(line) ?? [];
    if (start === undefined) continue;
    const isOurs = ['ts', 'tsx', 'typescript'].includes(language);
    if (isOurs && (language === 'typescript' || !['', 'check'].includes(mark))) {
      throw new Error(`${page}:${index + 1}: a snippet is ts or tsx, or one of them and check`);
    }
    if (start !== '```' && !isOurs) continue;
    isTsx ||= language === 'tsx';
    const into = isOurs ? programs[mark === 'check' ? 'check' : 'run'] : undefined;
    open = { end: start === '```' ? '```' : '-->', into };
  }
  if (open !== undefined) throw new Error(`${page}: a block has no ${open.end} of its own line`);
  return { page, run: programOf(programs.run), check: programOf(programs.check), isTsx };
}

function programOf(lines: readonly string[]): string {
  return lines.every((line) => line === '') ? '' : lines.join('\n');
}
