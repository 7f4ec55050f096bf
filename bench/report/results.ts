import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Figure, Outcome } from '../scenarios/scenario.ts';

/** What one execution of the suite measured: the content of `bench/results/<date>.json`. */
export interface Results {
  /** ISO 8601 */
  readonly startedAt: string;
  readonly minutes: number;
  readonly command: string;
  readonly machine: { readonly cores: number; readonly cpu: string; readonly memoryGiB: number };
  readonly versions: Readonly<Record<string, string>>;
  readonly scenarios: readonly ScenarioResult[];
}

export interface ScenarioResult {
  readonly name: string;
  readonly about: string;
  readonly figures: readonly Figure[];
  /** In the order of the table. Run `n` of each took place beside the others' run `n`. */
  readonly runs: readonly {
    readonly name: string;
    readonly title: string;
    readonly outcomes: readonly Outcome[];
  }[];
}

const PACKAGES = [
  '@hocuspocus/server',
  '@hocuspocus/extension-database',
  '@hocuspocus/extension-redis',
  '@y/websocket-server',
  'ws',
  'yjs',
];

export async function versionsOf(postgres: string): Promise<Record<string, string>> {
  const versions: Record<string, string> = { node: process.versions.node, postgres };
  const { stdout } = await promisify(execFile)('redis-server', ['--version']);
  versions['redis'] = /v=(\S+)/.exec(stdout)?.[1] ?? '';
  for (const name of PACKAGES) {
    const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
    versions[name] = (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
  }
  return versions;
}

export function machineNow(): Results['machine'] {
  const [first] = cpus();
  return {
    cores: cpus().length,
    cpu: first?.model ?? '',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

const folder = new URL('../results/', import.meta.url);

/** Writes a file into `bench/results/`; resolves to its path. */
export async function writeResult(name: string, text: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = new URL(name, folder);
  await writeFile(file, text);
  return fileURLToPath(file);
}
