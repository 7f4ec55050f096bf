import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness';
import * as Y from 'yjs';
import { BoardPresence, type PresenceOptions } from './presence.ts';

type Fields = { cursor: { x: number; y: number } | null; tool?: string };

interface Tab {
  readonly presence: BoardPresence<Fields>;
  readonly awareness: Awareness;
  readonly user: unknown;
  /** The states it sent, one for each frame. */
  readonly sent: unknown[];
}

let tabs: Tab[];
let clock = 0;

beforeEach(() => {
  vi.useFakeTimers();
  tabs = [];
});
afterEach(() => {
  for (const { presence, awareness } of tabs) {
    presence.close();
    awareness.destroy();
  }
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A tab of this user, which hears of all others at once, and they of it. */
function open(user: unknown, options?: PresenceOptions<Fields>): Tab {
  const doc = new Y.Doc();
  doc.clientID = tabs.length + 1;
  const awareness = new Awareness(doc);
  const presence = new BoardPresence<Fields>(options);
  const sent: unknown[] = [];
  const tab = { presence, awareness, user, sent };
  awareness.on('update', (_changes: unknown, origin: unknown) => {
    if (origin !== 'local') return;
    sent.push(awareness.getLocalState());
    for (const other of tabs) if (other !== tab) forward(tab, other);
  });
  presence.attach(awareness);
  presence.setConnected(true);
  for (const other of tabs) {
    forward(other, tab);
    forward(tab, other);
  }
  tabs.push(tab);
  return tab;
}

/** What the server makes of a tab's state: with the user it knows, and a clock of its own. */
function forward({ awareness, user }: Tab, { awareness: to }: Tab): void {
  const id = awareness.clientID;
  const state = awareness.getLocalState();
  clock += 1;
  const meta = new Map([[id, { clock, lastUpdated: 0 }]]);
  const states = new Map(state === null ? [] : [[id, { ...state, user }]]);
  const update = encodeAwarenessUpdate({ meta } as Awareness, [id], states);
  applyAwarenessUpdate(to, update, 'the server');
}

/** A browser's page, as far as presence looks at it. */
function stubPage() {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  let frames: (() => void)[] = [];
  vi.stubGlobal('document', page);
  vi.stubGlobal('requestAnimationFrame', (frame: () => void) => frames.push(frame));
  vi.stubGlobal('cancelAnimationFrame', (id: number) => frames.splice(id - 1, 1));
  return {
    paint() {
      const due = frames;
      frames = [];
      for (const frame of due) frame();
    },
    get frames() {
      return frames.length;
    },
    show(visibilityState: 'visible' | 'hidden') {
      page.visibilityState = visibilityState;
      page.dispatchEvent(new Event('visibilitychange'));
    },
  };
}

const ada = { id: 'ada', name: 'Ada', color: 'red' };
const bob = { id: 'bob' };

describe('what is sent', () => {
  test('is announced at once, and then the last of what was set, every 16 ms at most', () => {
    const one = open(ada, { initial: { cursor: null } });
    const two = open(bob);
    expect(one.sent).toEqual([{ cursor: null }]);
    for (let x = 0; x < 160; x += 1) {
      one.presence.set({ cursor: { x, y: 0 } });
      expect(one.presence.self.cursor).toEqual({ x, y: 0 });
      vi.advanceTimersByTime(1);
    }
    vi.advanceTimersByTime(100);
    expect(one.sent.length).toBeLessThanOrEqual(11);
    expect(one.sent.at(-1)).toEqual({ cursor: { x: 159, y: 0 } });
    expect(two.presence.others[0]).toMatchObject({ cursor: { x: 159, y: 0 } });
  });

  test('is sent with the frames of a page that is painted, and in a hidden one without', () => {
    const page = stubPage();
    const { presence, sent } = open(ada, { initial: { cursor: null } });
    for (const tool of ['pen', 'eraser', 'hand']) presence.set({ tool });
    vi.advanceTimersByTime(1000);
    expect([page.frames, sent.length]).toEqual([1, 1]);
    page.paint();
    expect(sent.slice(1)).toEqual([{ cursor: null, tool: 'hand' }]);

    presence.set({ tool: 'pen' });
    page.show('hidden');
    expect(page.frames).toBe(0);
    expect(sent.slice(2)).toEqual([{ cursor: null, tool: 'pen', idle: true }]);
    presence.set({ tool: 'hand' });
    vi.advanceTimersByTime(16);
    expect(sent.slice(3)).toEqual([{ cursor: null, tool: 'hand', idle: true }]);
  });

  test('is nothing where nothing differs from what was sent', () => {
    const { presence, sent } = open(ada, { initial: { cursor: { x: 1, y: 2 } } });
    const { self } = presence;
    presence.set({ cursor: { x: 1, y: 2 } });
    expect(presence.self).toBe(self);
    presence.set({ tool: 'pen' });
    presence.set({ tool: undefined });
    presence.update(({ cursor = null }) => ({ cursor }));
    vi.advanceTimersByTime(100);
    expect(sent).toHaveLength(1);
  });

  test('leaves alone what an editor keeps in the same awareness', () => {
    const { presence, awareness } = open(ada, { initial: { cursor: null } });
    awareness.setLocalStateField('selection', [1, 2]);
    presence.set({ tool: 'pen' });
    vi.advanceTimersByTime(16);
    presence.set({ tool: undefined });
    vi.advanceTimersByTime(16);
    expect(awareness.getLocalState()).toEqual({ cursor: null, selection: [1, 2] });
  });

  test('is no longer the object that was given, and is JSON under a free name', () => {
    const { presence, sent } = open(ada);
    const cursor = { x: 1, y: 1 };
    presence.set({ cursor });
    cursor.x = 2;
    vi.advanceTimersByTime(16);
    expect(sent.at(-1)).toEqual({ cursor: { x: 1, y: 1 } });
    expect(() => presence.set({ cursor: { x: Number.NaN, y: 0 } })).toThrow(/presence\.cursor\.x/);
    const taken: object = { user: 'somebody else' };
    expect(() => presence.set(taken)).toThrow(/field user of its own/);
  });

  test('is announced again over the next connection', () => {
    const { presence, awareness, sent } = open(ada);
    presence.set({ tool: 'pen' });
    awareness.destroy();
    expect(presence.self.clientId).toBeUndefined();
    presence.set({ tool: 'hand' });
    const next = new Awareness(new Y.Doc());
    presence.attach(next);
    expect(next.getLocalState()).toEqual({ tool: 'hand' });
    expect(sent.at(-1)).toBeNull();
    next.destroy();
  });
});

describe('the others', () => {
  test('are all tabs but this one, with the user the server knows', () => {
    const one = open(ada, { initial: { cursor: null } });
    expect(one.presence.others).toEqual([]);
    const two = open(bob, { initial: { cursor: { x: 1, y: 2 } } });
    open({ id: 'eve', name: { toString: null }, team: 'x' });
    two.presence.set({ tool: 'pen' });
    vi.advanceTimersByTime(16);
    expect(one.presence.others).toEqual([
      { clientId: 2, user: bob, idle: false, cursor: { x: 1, y: 2 }, tool: 'pen' },
      { clientId: 3, user: { id: 'eve', team: 'x' }, idle: false },
    ]);
  });

  test('stay the same objects where nothing changed', () => {
    const one = open(ada);
    const two = open(bob, { initial: { cursor: { x: 1, y: 2 } } });
    open(bob);
    const four = open({ id: 'eve' });
    const [others, users] = [one.presence.others, one.presence.users];
    expect(users.map(({ user, tabs: { length } }) => [user.id, length])).toEqual([
      ['bob', 2],
      ['eve', 1],
    ]);
    two.awareness.setLocalState({ ...two.awareness.getLocalState() });
    expect(one.presence.others).toBe(others);
    expect(one.presence.users).toBe(users);

    four.presence.set({ tool: 'pen' });
    vi.advanceTimersByTime(16);
    expect(one.presence.others).not.toBe(others);
    expect(one.presence.others[0]).toBe(others[0]);
    expect(one.presence.others[1]).toBe(others[1]);
    expect(one.presence.users[0]).toBe(users[0]);
    expect(one.presence.users[1]).not.toBe(users[1]);

    const { cursor } = one.presence.others[0] ?? {};
    two.presence.set({ tool: 'pen' });
    vi.advanceTimersByTime(16);
    expect(one.presence.others[0]?.cursor).toBe(cursor);
    expect(one.presence.others[0]?.tool).toBe('pen');

    const last = one.presence.others[2];
    removeAwarenessStates(one.awareness, [2], 'the server');
    expect(one.presence.others.map(({ clientId }) => clientId)).toEqual([3, 4]);
    expect(one.presence.others[1]).toBe(last);
    expect(Object.isFrozen(one.presence.others)).toBe(true);
  });

  test('are gone when the server says so, and not when this clock says so', () => {
    const one = open(ada);
    open(bob);
    removeAwarenessStates(one.awareness, [2], 'timeout');
    expect(one.presence.others).toHaveLength(1);
    tabs[1]?.awareness.setLocalState(null);
    expect(one.presence.others).toHaveLength(0);
  });

  test('are unknown while there is no connection', () => {
    const one = open(ada);
    const two = open(bob);
    removeAwarenessStates(one.awareness, [2], 'timeout');
    let told = 0;
    one.presence.subscribe(() => {
      told += 1;
    });
    one.presence.setConnected(false);
    one.presence.setConnected(false);
    expect([one.presence.isKnown, one.presence.others.length, told]).toEqual([false, 0, 1]);
    one.presence.setConnected(true);
    two.presence.set({ tool: 'pen' });
    vi.advanceTimersByTime(16);
    expect([one.presence.isKnown, one.presence.others.length, told]).toEqual([true, 1, 3]);
    one.presence.detach();
    expect([one.presence.isKnown, one.presence.others.length]).toEqual([false, 0]);
  });
});

describe('idle', () => {
  test('is a tab in which nothing was done for a minute, until something is', () => {
    const one = open(ada);
    const { presence } = open(bob);
    const seen = () => one.presence.others[0]?.idle;
    vi.advanceTimersByTime(50_000);
    presence.touch();
    vi.advanceTimersByTime(59_999);
    expect([presence.self.idle, seen()]).toEqual([false, false]);
    vi.advanceTimersByTime(1 + 16);
    expect([presence.self.idle, seen()]).toEqual([true, true]);
    presence.touch();
    vi.advanceTimersByTime(16);
    expect([presence.self.idle, seen()]).toEqual([false, false]);
    vi.advanceTimersByTime(60_016);
    expect(seen()).toBe(true);
    presence.set({ tool: 'pen' });
    vi.advanceTimersByTime(16);
    expect(one.presence.others[0]).toMatchObject({ idle: false, tool: 'pen' });
  });

  test('is a hidden page, whatever is done in it, until it is shown', () => {
    const page = stubPage();
    const one = open(ada);
    const two = open(ada);
    page.show('hidden');
    two.presence.touch();
    two.presence.set({ tool: 'pen' });
    vi.advanceTimersByTime(16);
    expect(one.presence.users).toMatchObject([{ idle: true, tabs: [{ tool: 'pen' }] }]);
    page.show('visible');
    page.paint();
    expect(one.presence.users).toMatchObject([{ idle: false }]);
  });

  test('a user is only in all tabs', () => {
    const one = open(ada);
    const two = open(bob, { idleAfterMs: 1000 });
    const three = open(bob, { idleAfterMs: 2000 });
    vi.advanceTimersByTime(1016);
    expect(one.presence.users).toMatchObject([{ idle: false, tabs: [{ idle: true }, {}] }]);
    vi.advanceTimersByTime(1000);
    expect(one.presence.users).toMatchObject([{ idle: true }]);
    expect([two.presence.self.idle, three.presence.self.idle]).toEqual([true, true]);
  });
});

describe('listeners', () => {
  test('hear of what their selector picks, and of nothing else', () => {
    const one = open(ada);
    const two = open(bob, { initial: { cursor: null } });
    const counts: number[][] = [];
    const tools: unknown[] = [];
    one.presence.subscribe(
      ({ others }) => others.length,
      (now, before) => counts.push([before, now]),
    );
    const stop = one.presence.subscribe(
      ({ others }) => others.map(({ tool }) => tool),
      (now) => tools.push(now),
      (a, b) => a.length === b.length && a.every((tool, index) => tool === b[index]),
    );
    two.presence.set({ cursor: { x: 1, y: 1 } });
    vi.advanceTimersByTime(16);
    expect([counts, tools]).toEqual([[], []]);
    two.presence.set({ tool: 'pen' });
    vi.advanceTimersByTime(16);
    stop();
    open({ id: 'eve' });
    expect([counts, tools]).toEqual([[[1, 2]], [['pen']]]);
  });
});
