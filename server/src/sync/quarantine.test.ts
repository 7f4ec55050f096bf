import { TesseraError } from '@tessera/model';
import { createMemoryBoardStore, createMemoryQuarantineStore } from '@tessera/persistence';
import { beforeEach, expect, it } from 'vitest';
import type { Permit } from '../auth/authorize.ts';
import { WriteGuard } from '../auth/write-guard.ts';
import { createTestLog } from '../test-log.ts';
import { Quarantine } from './quarantine.ts';

const BOARD = 'acme/x';
const corrupt = new TesseraError('board-unavailable', `board ${BOARD}: the update is corrupt`);

let told: string[];
let marked: number;

async function openStores() {
  const boards = createMemoryBoardStore();
  const head = await boards.open(BOARD, { create: true });
  if (head === undefined) throw new Error('the store did not make a board');
  return { head, store: createMemoryQuarantineStore(boards) };
}

const quarantineOn = (store: ReturnType<typeof createMemoryQuarantineStore>) =>
  new Quarantine({
    store,
    tellNodes: (board, reason) => told.push(`${board}: ${reason}`),
    counters: {
      quarantined: () => {
        marked += 1;
      },
    },
    log: createTestLog().log,
  });

const permit = (access: 'read' | 'write' | 'admin'): Permit => ({
  identity: {} as Permit['identity'],
  guard: new WriteGuard({ access }),
  isVisible: true,
});

beforeEach(() => {
  told = [];
  marked = 0;
});

it('marks a board and tells the other nodes why', async () => {
  const { head, store } = await openStores();
  const error = await quarantineOn(store).mark(head, corrupt);
  expect(error.message).toContain(`${BOARD} is quarantined`);
  expect(await store.find(BOARD)).toMatchObject({ reason: 'the update is corrupt' });
  expect([told, marked]).toEqual([[`${BOARD}: the update is corrupt`], 1]);
});

it('marks nothing of a board that has another epoch by now, or while the store is away', async () => {
  const { head, store } = await openStores();
  expect(await quarantineOn(store).mark({ ...head, epoch: 'another' }, corrupt)).toBe(corrupt);
  const away = { ...store, add: () => Promise.reject(new TesseraError('database-away')) };
  expect(await quarantineOn(away).mark(head, corrupt)).toBe(corrupt);
  expect([told, marked]).toEqual([[], 0]);
});

it('lets administrators look, and nobody else', async () => {
  const { head, store } = await openStores();
  const quarantine = quarantineOn(store);
  await quarantine.mark(head, corrupt);
  const mark = await quarantine.find(BOARD);
  if (mark === undefined) throw new Error('the board was not marked');
  for (const access of ['read', 'write'] as const) {
    expect(() => quarantine.admit(permit(access), mark)).toThrow('is quarantined');
  }
  expect(quarantine.admit(permit('admin'), mark).guard.scope).toBe('nothing');
});

it('never mixes permits for what can be read with those for the whole board', async () => {
  const { head, store } = await openStores();
  const quarantine = quarantineOn(store);
  await quarantine.mark(head, corrupt);
  const mark = await quarantine.find(BOARD);
  if (mark === undefined) throw new Error('the board was not marked');
  const [looker, admin] = [quarantine.admit(permit('admin'), mark), permit('admin')];
  expect(quarantine.refusalOf(BOARD, admin)).toBeUndefined();
  expect(quarantine.refusalOf(BOARD, looker)?.message).toContain('was in quarantine');
  quarantine.opened(mark);
  expect(quarantine.refusalOf(BOARD, admin)?.message).toContain('is quarantined');
  expect(quarantine.refusalOf(BOARD, looker)).toBeUndefined();
  quarantine.closed(BOARD);
  expect(quarantine.refusalOf(BOARD, admin)).toBeUndefined();
});
