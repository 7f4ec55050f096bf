import { type BoardHead, createMemoryBoardStore } from '@tessera/persistence';
import { describe, expect, it } from 'vitest';
import { HeadsWatch } from './heads-watch.ts';

async function setUp() {
  const store = createMemoryBoardStore();
  const head = await store.open('acme/a', { create: true });
  if (head === undefined) throw new Error('the store made no board');
  const log = { looks: 0, changed: [] as BoardHead[], failed: [] as unknown[] };
  let findChanged = store.findChanged;
  const watch = new HeadsWatch({
    store: {
      findChanged: (known) => {
        log.looks += 1;
        return findChanged(known);
      },
    },
    loaded: () => [head],
    changed: (board) => log.changed.push(board),
    failed: (error) => log.failed.push(error),
  });
  const append = () => store.append([{ ...head, actor: 'ann', bytes: new Uint8Array([0]) }]);
  const findWith = (next: typeof findChanged) => {
    findChanged = next;
  };
  return { watch, log, append, store, findWith };
}

describe('HeadsWatch', () => {
  it('tells of boards that went on', async () => {
    const { watch, log, append } = await setUp();
    watch.look();
    await settled();
    expect(log.changed).toEqual([]);
    await append();
    watch.look();
    await watch.close();
    expect(log.changed).toMatchObject([{ board: 'acme/a', head: 1 }]);
  });

  it('looks when the time has come, and not before', async () => {
    const { watch, log } = await setUp();
    watch.pulse(0, 5_000);
    await settled();
    watch.pulse(4_999, 5_000);
    await settled();
    expect(log.looks).toBe(1);
    watch.pulse(5_000, 5_000);
    await settled();
    expect(log.looks).toBe(2);
    await watch.close();
  });

  it('looks once more when told to while it looks', async () => {
    const { watch, log, findWith } = await setUp();
    const gate = Promise.withResolvers<BoardHead[]>();
    findWith(() => gate.promise);
    watch.look();
    watch.look();
    watch.look();
    expect(log.looks).toBe(1);
    gate.resolve([]);
    await settled();
    expect(log.looks).toBe(2);
    await watch.close();
  });

  it('says when it cannot look, and tries again at the next pulse', async () => {
    const { watch, log, findWith, store } = await setUp();
    findWith(() => Promise.reject(new Error('away')));
    watch.pulse(0, 5_000);
    await settled();
    expect(log.failed).toEqual([new Error('away')]);
    findWith(store.findChanged);
    watch.pulse(500, 5_000);
    await settled();
    expect(log.looks).toBe(2);
    await watch.close();
  });

  it('looks no more once it is closed', async () => {
    const { watch, log } = await setUp();
    await watch.close();
    watch.look();
    expect(log.looks).toBe(0);
  });
});

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
