import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { residentKiB } from './machine.ts';

/** Settings of a server that is to collect its garbage when `collectedKiB` asks for it. */
export const collectsGarbage = {
  NODE_OPTIONS: `--import ${new URL('collect-garbage.js', import.meta.url).href}`,
};

const COLLECT_MS = 1_000;

/** Of all the processes together. */
export async function residentTogetherKiB(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(pids.map(residentKiB));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The same after a garbage collection: what is really held. V8 leaves some tens of MiB lying in each. */
export async function collectedKiB(pids: readonly number[]): Promise<number> {
  for (const pid of pids) process.kill(pid, 'SIGUSR2');
  await delay(COLLECT_MS);
  return residentTogetherKiB(pids);
}

/** From now on the peak is a new one. See proc(5), `clear_refs`. */
export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** The most that was resident since the start, or since `resetPeak`. */
export async function peakKiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]);
}

/** How many files a process that this one starts may have open. */
export async function maxOpenFiles(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  return Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
}
