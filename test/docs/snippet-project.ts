import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformWithOxc } from 'vite';
import { temporaryFolder } from '../support/tessera.ts';
import type { Snippets } from './snippets.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a program printed, and how it ended. */
interface Ended {
  readonly code: number;
  readonly output: string;
}

/** A TypeScript project of the programs that pages of documentation are. */
export interface SnippetProject {
  /** Type-checks all of them. */
  check(): Promise<Ended>;
  /** Runs the program of a page in a process of its own, beside a node of its own. */
  run(page: string): Promise<Ended>;
}

/** How long a page may take: far more than it needs. */
const RUNS_WITHIN_MS = 25_000;

/** Writes the programs into a temporary folder, where packages are found as in this project. */
export async function snippetProject(pages: readonly Snippets[]): Promise<SnippetProject> {
  const folder = await temporaryFolder();
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await cp(join(root, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'));
  const around = '@tessera/test/docs/surroundings.ts';
  const manifest = { type: 'module', imports: { '#around': around } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(configOf()));
  for (const { page, run, check, isTsx } of pages) {
    await mkdir(dirname(join(folder, page)), { recursive: true });
    const ending = isTsx ? 'tsx' : 'ts';
    if (run !== '') await writeFile(join(folder, `${page}.${ending}`), run);
    if (check !== '') await writeFile(join(folder, `${page}.check.${ending}`), check);
  }
  return {
    check: () => execute(join(root, 'node_modules/.bin/tsc'), ['--project', folder], folder),
    async run(page) {
      const isTsx = pages.find((one) => one.page === page)?.isTsx ?? false;
      const program = isTsx
        ? await withoutJsx(join(folder, `${page}.tsx`))
        : join(folder, `${page}.ts`);
      const runner = join(root, 'test/docs/run-page.ts');
      return execute(process.execPath, ['--enable-source-maps', runner, program], folder);
    },
  };
}

function configOf(): object {
  return {
    extends: './tsconfig.base.json',
    compilerOptions: {
      noEmit: true,
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true,
      // A page shows what a thing is called, and need not go on to use it.
      noUnusedLocals: false,
      lib: ['es2024', 'dom', 'dom.iterable'],
      types: ['node'],
      jsx: 'react-jsx',
    },
    include: ['**/*.md.*', join(root, 'server/src/**/*.d.ts')],
  };
}

/** Node runs TypeScript, and no JSX. */
async function withoutJsx(file: string): Promise<string> {
  const { code, map } = await transformWithOxc(await readFile(file, 'utf8'), file, {
    jsx: { runtime: 'automatic' },
  });
  const encoded = Buffer.from(JSON.stringify(map)).toString('base64');
  const pointer = `//# sourceMappingURL=data:application/json;base64,${encoded}`;
  await writeFile(`${file}.js`, `${code}\n${pointer}\n`);
  return `${file}.js`;
}

function execute(program: string, args: readonly string[], folder: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { cwd: folder, timeout: RUNS_WITHIN_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const late = error?.killed === true ? `killed after ${RUNS_WITHIN_MS} ms\n` : '';
        const output = `${late}${stdout}${stderr}`.replaceAll(`${folder}/`, '');
        resolve({ code: error === null ? 0 : 1, output });
      },
    );
  });
}
