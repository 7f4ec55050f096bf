import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TesseraNode } from '@tessera/server';
import type { Browser } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { removeFolder, startTestNode, temporaryFolder } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';
import { root } from './snippet-project.ts';

const PAGE = join(root, 'docs/getting-started.md');
const ADDRESS = 'http://127.0.0.1:8787';

/** The files that the page has its reader write, by their names. */
function filesOn(markdown: string): Map<string, string> {
  const shown = markdown.replaceAll(/<!-- [\s\S]*?-->\n+/g, '');
  const blocks = shown.matchAll(/`(my-first\/[\w.]+)`:\n\n```[\w ]+\n([\s\S]*?)\n```/g);
  return new Map([...blocks].map(([, name = '', text = '']) => [name, `${text}\n`]));
}

describe('what the first page has its reader do', () => {
  let folder: string;
  let node: TesseraNode;
  let pages: ViteDevServer;
  let browser: Browser;

  beforeAll(async () => {
    [folder, node, browser] = await Promise.all([
      temporaryFolder(),
      startTestNode(),
      launchChromium(),
    ]);
    // Packages are found as in a clone.
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await mkdir(join(folder, 'my-first'));
    for (const [name, text] of filesOn(await readFile(PAGE, 'utf8'))) {
      await writeFile(join(folder, name), text.replaceAll(ADDRESS, node.url));
    }
    pages = await createServer({
      configFile: false,
      root: join(folder, 'my-first'),
      cacheDir: join(folder, 'cache'),
      logLevel: 'error',
      server: { host: '127.0.0.1', port: 0, fs: { allow: [folder, root] } },
    });
    await pages.listen();
  });

  afterAll(async () => {
    await Promise.all([pages.close(), browser.close(), node.close()]);
    await removeFolder(folder);
  });

  it('saves a note from Node, and shows it on pages that edit it together', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['my-first/write.ts'], {
      cwd: folder,
    });
    expect(stdout).toBe('connecting 1\nsaved 0\n');

    const [address = ''] = pages.resolvedUrls?.local ?? [];
    const context = await browser.newContext();
    const [grace, alan] = await Promise.all([context.newPage(), context.newPage()]);
    const complaints: string[] = [];
    grace.on('pageerror', (error) => complaints.push(error.message));
    await Promise.all([grace.goto(address), alan.goto(`${address}?name=Alan`)]);
    const notes = (page: typeof grace) =>
      page
        .locator('textarea')
        .evaluateAll((areas: HTMLTextAreaElement[]) => areas.map(({ value }) => value));
    for (const page of [grace, alan]) {
      await eventually(async () => (await notes(page)).join() === 'Hello from Node');
    }
    await alan.getByRole('button', { name: 'New note' }).click();
    await alan.locator('textarea').filter({ hasText: 'Alan: ' }).press('Control+End');
    await alan.keyboard.type('hello');
    await eventually(async () => (await notes(grace)).includes('Alan: hello'));
    await alan.locator('output', { hasText: /^saved$/ }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
});
