import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './snippet-project.ts';

const pages = globSync(
  ['*.md', '{model,persistence,server,client-sdk,test,bench}/*.md', 'docs/**/*.md'],
  {
    cwd: root,
    exclude: ['**/node_modules/**'],
  },
).sort();

interface Link {
  readonly to: string;
  readonly anchor: string;
  readonly line: number;
}

function linksOf(page: string): Link[] {
  return withoutCode(readFileSync(join(root, page), 'utf8'))
    .split('\n')
    .flatMap((text, index) =>
      [...text.matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(([, path, anchor]) => ({
        to: path ? relative(root, join(root, dirname(page), path)) : page,
        anchor: anchor ?? '',
        line: index + 1,
      })),
    );
}

/** What the headings of a page can be linked to as, and the anchors that it names itself. */
function anchorsOf(page: string): Set<string> {
  const text = withoutCode(readFileSync(join(root, page), 'utf8'));
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  const named = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id);
  return new Set([...headings, ...named]);
}

/** Every line stays where it is. */
function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```$/gm, (block) => block.replaceAll(/[^\n]+/g, ''));
}

describe('the pages of the documentation', () => {
  it('link to what is there', () => {
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter(({ to, anchor }) => {
          if (!existsSync(join(root, to))) return true;
          return anchor !== '' && to.endsWith('.md') && !anchorsOf(to).has(anchor);
        })
        .map(({ to, anchor, line }) => `${page}:${line}: ${to}${anchor && `#${anchor}`}`),
    );
    expect(broken).toEqual([]);
  });

  it('can all be found from the README', () => {
    const found = new Set(['README.md']);
    for (const page of found) {
      for (const { to } of linksOf(page)) {
        const inFolder = (one: string) => dirname(one) === to;
        if (statSync(join(root, to), { throwIfNoEntry: false })?.isDirectory() !== true) {
          if (pages.includes(to)) found.add(to);
        } else for (const one of pages.filter(inFolder)) found.add(one);
      }
    }
    const docs = pages.filter((page) => page.startsWith('docs/'));
    expect(docs.filter((page) => !found.has(page))).toEqual([]);
  });
});
