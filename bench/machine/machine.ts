import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Linux counts a process's CPU in hundredths of a second, on every architecture we know. */
const MS_PER_TICK = 10;

/** Binds a process, its threads and what it starts from now on to one core. */
export async function pin(pid: number, core: number): Promise<void> {
  await run('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)]);
}

/** Processes that a process started, and those that these started. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = await parentOf(Number(name));
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const family = [...(children.get(pid) ?? [])];
  for (const member of family) family.push(...(children.get(member) ?? []));
  return family;
}

export async function parentOf(pid: number): Promise<number> {
  return Number((await statOf(pid))?.[PARENT]);
}

/** Fields of `/proc/<pid>/stat` behind the program's name, which may contain blanks. */
const PARENT = 1;
/** User and system time, of the process and of the children it has waited for. */
const TICKS = [11, 12, 13, 14];

async function statOf(pid: number): Promise<string[] | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // The process ended between being found and being read.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** CPU time the processes have used so far, in ms. One that is gone counts for its parent. */
export async function cpuMs(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await statOf(pid);
    if (stat !== undefined) for (const field of TICKS) ticks += Number(stat[field]);
  }
  return ticks * MS_PER_TICK;
}

/** CPU time of everything that ran on this machine so far, in ms. */
export async function machineCpuMs(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  // user, nice, system, idle, waiting for a disk, interrupts, soft interrupts
  const [user = 0, nice = 0, system = 0, , , hard = 0, soft = 0] =
    line.match(/\d+/g)?.map(Number) ?? [];
  return (user + nice + system + hard + soft) * MS_PER_TICK;
}

export async function residentKiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]);
}

const QUIET_SHARE = 0.04;
const QUIET_WINDOW_MS = 250;
const QUIET_WITHIN_MS = 8_000;

/** Resolves once nobody does much: what servers put off from the last run must not fall into the next. */
export async function untilQuiet(): Promise<void> {
  const deadline = performance.now() + QUIET_WITHIN_MS;
  for (;;) {
    const before = await machineCpuMs();
    await delay(QUIET_WINDOW_MS);
    const share = ((await machineCpuMs()) - before) / QUIET_WINDOW_MS;
    // A machine with other work never gets quiet; the report says so.
    if (share < QUIET_SHARE || performance.now() > deadline) return;
  }
}
