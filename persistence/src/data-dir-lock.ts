import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TesseraError } from '@tessera/model';

/** Folders that this process holds: its own pid in a lock file means nothing else. */
const held = new Set<string>();

/**
 * Makes this process the only one that uses the folder, until the returned function is called.
 * The lock of a process that no longer runs is taken over.
 * @throws TesseraError `bad-setting` when another process uses the folder.
 */
export async function lockDataDir(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'lock');
  const own = join(folder, `lock.${randomUUID()}`);
  await writeFile(own, await describe(process.pid));
  try {
    // A link appears with its content, unlike a file that is made first and written second.
    while (!(await tryLink(own, path))) await removeStale(folder, path);
  } finally {
    await rm(own);
  }
  held.add(path);
  return async () => {
    if (held.delete(path)) await rm(path, { force: true });
  };
}

async function removeStale(folder: string, path: string): Promise<void> {
  const holder = await readIfThere(path);
  if (holder === undefined) return;
  if (held.has(path) || (await isRunning(holder))) throw inUse(folder, holder);
  const aside = join(folder, `lock.${randomUUID()}`);
  try {
    await rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return; // Somebody else took it over first.
    throw error;
  }
  const moved = await readIfThere(aside);
  try {
    // Between our look and our move another process may have taken over: then it has the lock.
    if (moved !== holder) {
      await tryLink(aside, path);
      throw inUse(folder, moved ?? holder);
    }
  } finally {
    await rm(aside);
  }
}

/** A pid alone returns after a reboot or in a new container; with its start it does not (Linux only). */
async function describe(pid: number): Promise<string> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  // The command in parentheses may hold spaces; the start time is the 20th field after it.
  const started = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return `${pid} ${started ?? 'unknown'}\n`;
}

async function isRunning(holder: string): Promise<boolean> {
  const pid = Number.parseInt(holder, 10);
  if (!Number.isInteger(pid) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as somebody else. ESRCH: it is gone.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return (await describe(pid)) === holder;
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function inUse(folder: string, holder: string): TesseraError {
  const pid = Number.parseInt(holder, 10);
  const detail = `the data folder ${folder} is in use by process ${pid}: stop that, or choose another with TESSERA_DATA_DIR`;
  return new TesseraError('bad-setting', detail);
}
