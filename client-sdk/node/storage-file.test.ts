import { appendFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeFolder, temporaryFolder } from '../../test/support/tessera.ts';
import { describeStorageBackend } from '../offline/storage.contract.ts';
import type { BoardStorage, StorageBackend } from '../offline/storage.ts';
import { fileBackend } from './storage-file.ts';

let folder: string;
let store: StorageBackend;
beforeEach(async () => {
  folder = await temporaryFolder();
  store = fileBackend({ folder });
});
afterEach(async () => {
  await store.close();
  await removeFolder(folder);
});

describeStorageBackend('the file store', async (name) =>
  fileBackend({ folder: join(folder, name) }),
);

const open = (board = 'acme/x'): Promise<BoardStorage> => store.open(board, () => undefined);
const row = (key: string, bytes = 8) => ({ key, update: new Uint8Array(bytes).fill(7) });

async function boardFile(): Promise<string> {
  const [name] = (await readdir(folder)).filter((file) => file.endsWith('.board'));
  return join(folder, name ?? 'none');
}

test('touches nothing before a board is opened, and leaves no lock behind', async () => {
  expect(await readdir(folder)).toEqual([]);
  await open('../../etc/passwd');
  expect(await readdir(folder)).toHaveLength(2);
  await store.close();
  expect(await readdir(folder)).toEqual([expect.stringMatching(/^______etc_passwd-.*board$/)]);
});

test('forgets half a record, wherever a crash cut it, and nothing before it', async () => {
  const board = await open();
  await board.append([row('a')], 'e1');
  const kept = (await stat(await boardFile())).size;
  await board.append([row('b')], 'e1');
  const whole = await readFile(await boardFile());
  for (let size = kept; size < whole.length; size += 1) {
    await store.close();
    await writeFile(await boardFile(), whole.subarray(0, size));
    const again = await open();
    expect((await again.read()).rows).toEqual([row('a')]);
    await again.append([row('c')], 'e1');
    await store.close();
    expect((await (await open()).read()).rows).toEqual([row('a'), row('c')]);
  }
  await store.close();
  await truncate(await boardFile(), kept);
  await appendFile(await boardFile(), new Uint8Array(64));
  expect((await (await open()).read()).rows).toEqual([row('a')]);
});

test('keeps a damaged file aside, and says so', async () => {
  const board = await open();
  await board.append([row('a')], 'e1');
  const kept = (await stat(await boardFile())).size;
  await board.append([row('b')], 'e1');
  await board.append([row('c')], 'e1');
  await store.close();
  const path = await boardFile();
  const bytes = await readFile(path);
  bytes[kept + 10] = 255 - (bytes[kept + 10] ?? 0);
  await writeFile(path, bytes);
  await expect(open()).rejects.toThrow(`${path} is damaged: it was kept as ${path}.damaged`);
  expect(await readFile(`${path}.damaged`)).toEqual(bytes);
  expect((await (await open()).read()).rows).toEqual([row('a')]);
});

test('writes the file anew when changes outweigh what they amount to', async () => {
  const board = await open();
  for (let i = 0; i < 40; i += 1) {
    const remove = [`${i - 1}`];
    await board.change(() => ({ put: [row(`${i}`, 30_000)], remove }), { withBase: false });
  }
  expect((await board.read()).rows).toEqual([row('39', 30_000)]);
  expect((await stat(await boardFile())).size).toBeLessThan(400_000);
  await store.close();
  expect((await (await open()).read()).rows).toEqual([row('39', 30_000)]);
});

test('is for one program at a time, until that is gone', async () => {
  await open();
  const other = fileBackend({ folder });
  await expect(other.open('acme/y', () => undefined)).rejects.toThrow('is in use by another store');
  await store.close();
  await other.open('acme/y', () => undefined);
  await other.close();
  // 2^22 is the largest number Linux gives to a process.
  await writeFile(join(folder, 'lock'), '4194305');
  await open();
});
