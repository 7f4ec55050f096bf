import { setTimeout as delay } from 'node:timers/promises';
import { createMemoryBoardStore } from '@tessera/persistence';
import { afterEach, describe, expect, it } from 'vitest';
import { CatchUp, type CatchUpOptions } from './catch-up.ts';

type Read = CatchUpOptions['read'];

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

describe('CatchUp', () => {
  const open: CatchUp[] = [];

  afterEach(() => {
    for (const catchUp of open.splice(0)) catchUp.close();
  });

  /** A board whose log has the letters a, b, c … as its updates, and what follows it. */
  async function setUp(
    letters: string,
    options: Partial<CatchUpOptions> = {},
    around: (read: Read) => Read = (read) => read,
  ) {
    const store = createMemoryBoardStore();
    const board = await store.open('acme/a', { create: true });
    if (board === undefined) throw new Error('the store made no board');
    const { epoch } = board;
    const commit = (more: string) =>
      store.append([...more].map((letter) => ({ ...board, actor: 'ann', bytes: bytes(letter) })));
    await commit(letters);
    const merged: string[] = [];
    const failures: string[] = [];
    const reads: number[] = [];
    let waiting: (() => void)[] = [];
    const catchUp = new CatchUp({
      head: 0,
      epoch,
      apply: (updates) => {
        merged.push(updates.map(text).join(''));
        for (const look of waiting) look();
      },
      read: around((after) => {
        reads.push(after);
        return store.loadTail('acme/a', after);
      }),
      failed: (error) => {
        failures.push(error.message);
        for (const look of waiting) look();
      },
      ...options,
    });
    open.push(catchUp);
    const receive = (firstSeq: number, updates: string) =>
      catchUp.received(firstSeq, firstSeq + updates.length - 1, [...updates].map(bytes));
    const until = (condition: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => condition() && resolve();
        waiting = [...waiting, look];
        look();
      });
    return { catchUp, merged, failures, reads, commit, receive, until };
  }

  it('merges what comes in order at once, and reads nothing', async () => {
    const { catchUp, merged, reads, receive } = await setUp('abc');
    receive(1, 'ab');
    receive(3, 'c');
    expect(merged).toEqual(['ab', 'c']);
    expect(catchUp.head).toBe(3);
    expect(reads).toEqual([]);
  });

  it('merges in the order of the log what arrives out of order', async () => {
    const { catchUp, merged, reads, receive } = await setUp('abcd');
    receive(4, 'd');
    receive(2, 'bc');
    expect(merged).toEqual([]);
    receive(1, 'a');
    expect(merged).toEqual(['a', 'bc', 'd']);
    expect(catchUp.head).toBe(4);
    expect(reads).toEqual([]);
  });

  it('takes nothing twice', async () => {
    const { merged, receive } = await setUp('abc');
    receive(1, 'ab');
    receive(1, 'ab');
    receive(1, 'a');
    receive(3, 'c');
    expect(merged).toEqual(['ab', 'c']);
  });

  it('does not merge own commits again, and counts them', async () => {
    const { catchUp, merged, receive } = await setUp('abc');
    catchUp.committed(2, 2);
    expect(catchUp.head).toBe(0);
    receive(1, 'a');
    expect(catchUp.head).toBe(2);
    receive(3, 'c');
    expect(merged).toEqual(['a', 'c']);
  });

  it('reads from the log what does not arrive', async () => {
    const { catchUp, merged, reads, receive, until } = await setUp('abcd');
    receive(1, 'a');
    receive(4, 'd');
    await until(() => catchUp.head === 4);
    expect(merged).toEqual(['a', 'bcd']);
    expect(reads).toEqual([1]);
  });

  it('does not put that off while more arrives', async () => {
    const { reads, receive } = await setUp('abcdefghijkl', { graceMs: 30 });
    for (let seq = 2; seq <= 12 && reads.length === 0; seq++) {
      receive(seq, 'x');
      await delay(10);
    }
    expect(reads).toEqual([0]);
  });

  it('reads at once what was too large to be sent', async () => {
    const { catchUp, merged, until } = await setUp('ab', { graceMs: 1e6 });
    catchUp.reaches(2, { soon: true });
    await until(() => merged.length > 0);
    expect(merged).toEqual(['ab']);
  });

  it('reads at once rather than keep more than its budget waiting', async () => {
    const { merged, receive, until } = await setUp('abcdef', { graceMs: 1e6, maxWaitingBytes: 3 });
    receive(3, 'cdef');
    await until(() => merged.length > 0);
    expect(merged).toEqual(['abcdef']);
  });

  it('keeps what arrives while it reads', async () => {
    const gate = Promise.withResolvers<void>();
    const { catchUp, merged, receive, commit, until } = await setUp(
      'ab',
      {},
      (read) => async (after) => {
        const tail = await read(after);
        await gate.promise;
        return tail;
      },
    );
    catchUp.reaches(2, { soon: true });
    await commit('cd');
    receive(4, 'd');
    receive(3, 'c');
    gate.resolve();
    await until(() => catchUp.head === 4);
    expect(merged).toEqual(['ab', 'c', 'd']);
  });

  it('reads again for what it is told of, without the updates, while it reads', async () => {
    const gate = Promise.withResolvers<void>();
    const { catchUp, merged, commit, until } = await setUp(
      'ab',
      { graceMs: 1 },
      (read) => async (after) => {
        const tail = await read(after);
        await gate.promise;
        return tail;
      },
    );
    catchUp.reaches(2, { soon: true });
    await commit('c');
    catchUp.reaches(3);
    gate.resolve();
    await until(() => catchUp.head === 3);
    expect(merged).toEqual(['ab', 'c']);
  });

  it('tries again while the log cannot be read', async () => {
    let failing = 2;
    const { merged, until, catchUp } = await setUp('ab', {}, (read) => async (after) => {
      if (failing-- > 0) throw new Error('away');
      return read(after);
    });
    catchUp.reaches(2, { soon: true });
    await until(() => merged.length > 0);
    expect(merged).toEqual(['ab']);
  });

  it('stops asking for what was announced and never committed', async () => {
    const { catchUp, merged, reads, receive, until, commit } = await setUp('a', { graceMs: 1 });
    receive(7, 'x');
    await until(() => merged.length === 1);
    await commit('b');
    receive(2, 'b');
    expect(merged).toEqual(['a', 'b']);
    expect(catchUp.head).toBe(2);
    expect(reads).toEqual([0]);
  });

  it('fails when the log is of another epoch', async () => {
    const { catchUp, failures, until } = await setUp('ab', { epoch: 'another' });
    catchUp.reaches(2, { soon: true });
    await until(() => failures.length > 0);
    expect(failures).toEqual([expect.stringMatching(/has been reset/)]);
  });

  it('fails when the log has a gap', async () => {
    const { catchUp, failures, until } = await setUp('abc', {}, (read) => async (after) => {
      const tail = await read(after);
      return tail && { ...tail, updates: tail.updates.filter(({ seq }) => seq !== 2) };
    });
    catchUp.reaches(3, { soon: true });
    await until(() => failures.length > 0);
    expect(failures).toEqual([expect.stringMatching(/gap after seq 0/)]);
  });

  it('fails when an update cannot be merged', async () => {
    const { failures, receive, merged } = await setUp('a', {
      apply: () => {
        throw new Error('garbage');
      },
    });
    receive(1, 'a');
    expect(failures).toEqual([expect.stringMatching(/corrupt at seq 1/)]);
    receive(2, 'b');
    expect(merged).toEqual([]);
  });
});
