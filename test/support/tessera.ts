import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseSettings, runCli, signToken, startNode, type TesseraNode } from '@tessera/server';
import { createDatabase } from './postgres.ts';

export const SECRET = 'a secret that only the tests know, 32+';

/** A token for `actor`, by default with write access to every board. */
export function tokenFor(
  actor = 'ada',
  grants: Parameters<typeof signToken>[0]['grants'] = [{ board: '**', access: 'write' }],
  expiresInS = 600,
): string {
  return signToken({ sub: actor, grants }, SECRET, expiresInS);
}

/** Starts a node inside the test process, on a free port. The data folder is a fresh one unless given. */
export async function startTestNode(env: Record<string, string> = {}): Promise<TesseraNode> {
  return startNode(parseSettings([], await testEnv(env)));
}

/** The settings tests run with: loopback, a free port, a known secret, a folder of their own. */
async function testEnv(env: Record<string, string> = {}): Promise<Record<string, string>> {
  return {
    PORT: '0',
    TESSERA_JWT_SECRET: SECRET,
    TESSERA_DATA_DIR: env['TESSERA_DATA_DIR'] ?? (await temporaryFolder()),
    TESSERA_DRAIN_MS: '0',
    LOG_LEVEL: 'silent',
    ...env,
  };
}

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'tessera-test-'));
}

export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

/** A node in a process of its own, which can be killed. */
export interface NodeProcess {
  url: string;
  process: ChildProcess;
  /** SIGKILL: nothing gets a chance to be saved. */
  kill(): Promise<void>;
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
}

const main = fileURLToPath(new URL('../../server/bin/tessera.js', import.meta.url));

/** `launcher` is a program, with its arguments, that becomes the node: `['nice']`. */
export async function startNodeProcess(
  env: Record<string, string>,
  script = main,
  launcher: readonly string[] = [],
): Promise<NodeProcess> {
  const [program = '', ...args] = [...launcher, process.execPath, script, 'serve'];
  const child = spawn(program, args, {
    // Not the test runner's environment: nothing of it may configure the node by accident.
    env: { PATH: process.env['PATH'], ...(await testEnv(env)) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  // Must not outlive the tests, however they end.
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  exited.then(() => process.off('exit', endWithUs));
  const url = await readUrl(child);
  return {
    url,
    process: child,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}

async function readUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the node has no standard output');
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const url = /Console\s+(http:\/\/\S+?)\/?$/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return url;
    }
  }
  throw new Error('the node ended before it was ready');
}

/** Like `startTestNode`, on a new database of the tests' PostgreSQL. */
export async function startNodeOnPostgres(env: Record<string, string> = {}): Promise<TesseraNode> {
  return startTestNode({ DATABASE_URL: await createDatabase(), ...env });
}

/** Runs `tessera verify` on the database and fails with what it printed unless all is sound. */
export async function expectSound(databaseUrl: string, options: string[] = []): Promise<void> {
  const printed: string[] = [];
  const code = await runCli(['verify', ...options], {
    env: await testEnv({ DATABASE_URL: databaseUrl }),
    print: (text) => printed.push(text),
    untilStopped: Promise.resolve(),
  });
  if (code !== 0) throw new Error(`verify: ${printed.join('\n')}`);
}
