import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockDataDir } from './data-dir-lock.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-lock-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const inUse = { code: 'bad-setting', message: expect.stringContaining('is in use by process') };

it('gives a folder to one at a time, and again once it is free', async () => {
  const unlock = await lockDataDir(folder);
  await expect(lockDataDir(folder)).rejects.toMatchObject(inUse);
  await unlock();
  await unlock();
  await (await lockDataDir(folder))();
  expect(await readdir(folder)).toEqual([]);
});

it('lets one of many win that ask at the same time', async () => {
  const tries = await Promise.allSettled(Array.from({ length: 10 }, () => lockDataDir(folder)));
  const won = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  expect(won).toHaveLength(1);
  await won[0]?.();
});

it('respects another process for as long as it lives, and takes over after it was killed', async () => {
  const lockModule = new URL('./data-dir-lock.ts', import.meta.url).href;
  const program = `
    const { lockDataDir } = await import(process.argv[1]);
    await lockDataDir(process.argv[2]);
    console.log('locked');
    setInterval(() => {}, 1e6);`;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', program, lockModule, folder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const gone = once(child, 'exit');
  await once(child.stdout, 'data');
  await expect(lockDataDir(folder)).rejects.toThrow(`is in use by process ${child.pid}`);
  child.kill('SIGKILL');
  await gone;
  await (await lockDataDir(folder))();
});

it.each([
  ['whose pid another process has by now', `${process.ppid} 1\n`],
  ['whose pid this process has by now', `${process.pid} 1\n`],
  ['that is no lock at all', 'x'],
])('takes over a lock %s', async (_case, content) => {
  await writeFile(join(folder, 'lock'), content);
  await (await lockDataDir(folder))();
  expect(await readdir(folder)).toEqual([]);
});
