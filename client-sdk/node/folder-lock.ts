import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Two stores of one program on one folder would not see it in the file, which names the program. */
const ownFolders = new Set<string>();

/**
 * Makes the folder, private to this user, and takes it for this program; returns the way to give it
 * back. @throws an Error if another program that runs has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(resolve(folder), 'lock');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const isFree = !ownFolders.has(path) && ((await taken(path)) || (await wasLeft(path)));
  if (!isFree) {
    throw new Error(`${folder} is in use by another store: give each its own folder, or close it`);
  }
  ownFolders.add(path);
  return async () => {
    await rm(path, { force: true });
    ownFolders.delete(path);
  };
}

async function taken(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A program that was killed leaves its lock behind. */
async function wasLeft(path: string): Promise<boolean> {
  const pid = Number(await readFile(path, 'utf8'));
  if (pid !== process.pid && isRunning(pid)) return false;
  await rm(path, { force: true });
  return taken(path);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs as somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
