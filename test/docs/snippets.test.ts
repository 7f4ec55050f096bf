import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root, type SnippetProject, snippetProject } from './snippet-project.ts';
import { snippetsOf } from './snippets.ts';

const pages = globSync(['README.md', 'client-sdk/README.md', 'docs/**/*.md'], {
  cwd: root,
  exclude: ['**/node_modules/**', 'docs/reference/**'],
})
  .sort()
  .map((page) => snippetsOf(page, readFileSync(join(root, page), 'utf8')));

describe('the snippets of the documentation', () => {
  let project: SnippetProject;

  beforeAll(async () => {
    project = await snippetProject(pages);
  });

  it('fit the types of the packages', async () => {
    expect(await project.check()).toEqual({ code: 0, output: '' });
  });

  const runs = pages.filter(({ run }) => run !== '').map(({ page }) => page);
  it.each(runs)('run: %s', async (page) => {
    const { code, output } = await project.run(page);
    expect(code, output).toBe(0);
  });

  it('run in every guide', () => {
    const guides = pages.map(({ page }) => page).filter((page) => page.startsWith('docs/guides/'));
    expect(guides.filter((page) => !runs.includes(page))).toEqual([]);
  });
});

describe('a snippet that is wrong', () => {
  const page = (...lines: string[]) =>
    snippetsOf('docs/wrong.md', ['# Wrong', '', ...lines, ''].join('\n'));

  it('is found by its type, at its line', async () => {
    const wrong = page(
      '```ts',
      "import { createClient } from '@tessera/client';",
      '',
      'createClient(7);',
      '```',
    );
    const { code, output } = await (await snippetProject([wrong])).check();
    expect(code).not.toBe(0);
    expect(output).toContain('docs/wrong.md.ts(6,14)');
  });

  it('is found by a hidden assertion', async () => {
    const wrong = page(
      '```ts',
      'const answer: number = 41;',
      '```',
      '<!-- ts',
      "import assert from 'node:assert/strict';",
      'assert.equal(answer, 42);',
      '-->',
    );
    const project = await snippetProject([wrong]);
    expect(await project.check()).toEqual({ code: 0, output: '' });
    const { code, output } = await project.run('docs/wrong.md');
    expect(code).not.toBe(0);
    expect(output).toContain('docs/wrong.md.ts:8');
  });

  it('is not overlooked because of how it is marked', () => {
    expect(() => page('```ts ignore', '```')).toThrow('docs/wrong.md:3');
    expect(() => page('```typescript', '```')).toThrow('docs/wrong.md:3');
    expect(() => page('```ts', 'const open = 1;')).toThrow('no ```');
  });
});
