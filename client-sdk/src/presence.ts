import { copyJson, TesseraError } from '@tessera/model';
import type { Awareness } from 'y-protocols/awareness';
import { atNextFrame, isPageHidden, onPageVisibility } from './presence-frame.ts';
import { type Other, Others, type PresenceFields, type PresentUser } from './presence-others.ts';
import { isEqual, share } from './structural-sharing.ts';

export type { Other, PresenceFields, PresenceUser, PresentUser } from './presence-others.ts';

/** This tab, as others see it within a frame. Who its user is, the server tells the others. */
export type Self<Fields extends PresenceFields = PresenceFields> = Readonly<Partial<Fields>> & {
  /** Undefined before the board is open. */
  readonly clientId: number | undefined;
  readonly idle: boolean;
};

/**
 * Who else is on the board, and what they show of themselves: cursors, selections, what is not
 * kept. `Fields` is a type, not an interface: `type Fields = { cursor: BoardPoint | null }`.
 */
export interface Presence<Fields extends PresenceFields = PresenceFields> {
  /** What this tab shows. The same object until it changes. */
  readonly self: Self<Fields>;
  /** Every other tab. What has not changed stays the same object, and so does the array. */
  readonly others: readonly Other<Fields>[];
  /** The others by user, with all their tabs. */
  readonly users: readonly PresentUser<Fields>[];
  /** Without a connection `others` is empty because nobody knows; then this is false. */
  readonly isKnown: boolean;
  /**
   * Sets fields of this tab and leaves the others alone; undefined takes one away. Sent at the next
   * animation frame, once for all calls until then, and only what differs from what was sent.
   * @throws TesseraError `malformed` if a value is no JSON or a name is taken
   */
  set(partial: { readonly [Key in keyof Fields]?: Fields[Key] | undefined }): void;
  /** As `set`, with what the function makes of the fields as they are. */
  update(change: (self: Self<Fields>) => Partial<Fields>): void;
  /** Says that the user is here: without this or `set` for 60 s, or in a hidden page, the tab is idle. */
  touch(): void;
  /** Calls the listener when anything of the above changes. Returns the way to stop. */
  subscribe(listener: () => void): () => void;
  /** Calls the listener when what the selector makes of it changes. */
  subscribe<T>(
    selector: (presence: Presence<Fields>) => T,
    listener: (selected: T, before: T) => void,
    isEqual?: (a: T, b: T) => boolean,
  ): () => void;
}

/** How a tab takes part in the presence of a board. */
export interface PresenceOptions<Fields extends PresenceFields = PresenceFields> {
  /** What the tab shows from the start. */
  readonly initial?: Fields;
  /** The tab is idle after this time without an edit, `set`, `update` or `touch`. Default 60,000. */
  readonly idleAfterMs?: number;
}

const takenNames = ['clientId', 'user', 'idle'];

/** The presence of one tab on one board, over one connection after the other. */
export class BoardPresence<Fields extends PresenceFields = PresenceFields>
  implements Presence<Fields>
{
  readonly #idleAfterMs: number;
  readonly #listeners = new Set<() => void>();
  readonly #others = new Others<Fields>();
  #fields: PresenceFields = {};
  #self: Self<Fields>;
  #awareness: Awareness | undefined;
  #release: () => void = () => undefined;
  /** Names that were set once: other fields in the awareness belong to somebody else, an editor maybe. */
  readonly #names = new Set<string>();
  #isKnown = false;
  #isIdle = false;
  #activeAt = Date.now();
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #cancelFrame: (() => void) | undefined;

  constructor({ initial, idleAfterMs = 60_000 }: PresenceOptions<Fields> = {}) {
    this.#idleAfterMs = idleAfterMs;
    this.#self = this.#selfNow();
    if (initial !== undefined) this.#assign(initial);
  }

  get self(): Self<Fields> {
    return this.#self;
  }

  get others(): readonly Other<Fields>[] {
    return this.#others.all;
  }

  get users(): readonly PresentUser<Fields>[] {
    return this.#others.users;
  }

  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Takes part by this awareness, in place of the one before, and announces itself at once. */
  attach(awareness: Awareness): void {
    this.detach();
    const changed = (changes: Changes, origin: unknown) => this.#changed(changes, origin);
    const destroyed = () => this.detach();
    awareness.on('change', changed);
    awareness.on('destroy', destroyed);
    const stopVisibility = onPageVisibility(() => this.#visibilityChanged());
    this.#release = () => {
      awareness.off('change', changed);
      awareness.off('destroy', destroyed);
      stopVisibility();
    };
    this.#awareness = awareness;
    this.#activeAt = Date.now();
    this.#isIdle = isPageHidden();
    this.#watchIdle();
    this.#changed(
      { added: [...awareness.getStates().keys()], updated: [], removed: [] },
      undefined,
    );
    this.#selfChanged();
    this.#send();
  }

  /** Takes part no more. What was announced is left to whoever owns the awareness. */
  detach(): void {
    if (this.#awareness === undefined) return;
    this.#release();
    this.#release = () => undefined;
    this.#awareness = undefined;
    clearTimeout(this.#idleTimer);
    this.#cancelFrame?.();
    this.#cancelFrame = undefined;
    this.setConnected(false);
    this.#selfChanged();
  }

  /** To be told when the board's connection is up, and when it is lost: others are unknown then. */
  setConnected(isConnected: boolean): void {
    const wasKnown = this.#isKnown;
    this.#isKnown = isConnected && this.#awareness !== undefined;
    if (!isConnected) this.#others.clear();
    if (this.#others.refresh() || wasKnown !== this.#isKnown) this.#tell();
  }

  close(): void {
    this.detach();
    this.#listeners.clear();
  }

  set(partial: { readonly [Key in keyof Fields]?: Fields[Key] | undefined }): void {
    this.#assign(partial);
    this.touch();
    this.#sendSoon();
  }

  update(change: (self: Self<Fields>) => Partial<Fields>): void {
    this.set(change(this.#self));
  }

  touch(): void {
    this.#activeAt = Date.now();
    if (this.#isIdle && !isPageHidden()) this.#watchIdle();
  }

  subscribe(listener: () => void): () => void;
  subscribe<T>(
    selector: (presence: Presence<Fields>) => T,
    listener: (selected: T, before: T) => void,
    isSame?: (a: T, b: T) => boolean,
  ): () => void;
  subscribe<T>(
    first: (presence: Presence<Fields>) => T,
    listener?: (selected: T, before: T) => void,
    isSame: (a: T, b: T) => boolean = Object.is,
  ): () => void {
    let selected = listener && first(this);
    const listen = (): void => {
      if (listener === undefined) {
        first(this);
        return;
      }
      const before = selected as T;
      const now = first(this);
      if (isSame(before, now)) return;
      selected = now;
      listener(now, before);
    };
    this.#listeners.add(listen);
    return () => this.#listeners.delete(listen);
  }

  #assign(partial: PresenceFields): void {
    const fields = new Map(Object.entries(this.#fields));
    for (const [name, value] of Object.entries(partial)) {
      if (takenNames.includes(name)) {
        throw new TesseraError(
          'malformed',
          `presence has a field ${name} of its own: give yours another name`,
        );
      }
      if (value === undefined) fields.delete(name);
      else fields.set(name, copyJson(value, `presence.${name}`));
    }
    for (const name of fields.keys()) this.#names.add(name);
    this.#fields = share(this.#fields, Object.fromEntries(fields));
    this.#selfChanged();
  }

  #selfNow(): Self<Fields> {
    const idle = this.#isIdle;
    // The fields are what `set` was given.
    const self = { ...this.#fields, clientId: this.#awareness?.clientID, idle };
    return share(this.#self, self) as unknown as Self<Fields>;
  }

  #selfChanged(): void {
    const before = this.#self;
    this.#self = this.#selfNow();
    if (this.#self !== before) this.#tell();
  }

  #changed({ added, updated, removed }: Changes, origin: unknown): void {
    const awareness = this.#awareness;
    if (awareness === undefined) return;
    for (const clientId of [...added, ...updated]) {
      const state = awareness.getStates().get(clientId);
      if (state !== undefined && clientId !== awareness.clientID) this.#others.set(clientId, state);
    }
    // Browsers slow down the timers of hidden pages, so that these renew themselves too late for the
    // awareness's own clock. They are gone when the server says so, or the connection is.
    if (origin !== 'timeout') for (const clientId of removed) this.#others.delete(clientId);
    if (this.#others.refresh()) this.#tell();
  }

  #visibilityChanged(): void {
    if (!isPageHidden()) {
      this.touch();
      return;
    }
    this.#watchIdle();
    // The frame that was asked for is not painted any more.
    this.#send();
  }

  /** Looks now whether the user is idle, and again when they may have become so. */
  #watchIdle(): void {
    clearTimeout(this.#idleTimer);
    if (this.#awareness === undefined) return;
    const restMs = this.#activeAt + this.#idleAfterMs - Date.now();
    const isIdle = isPageHidden() || restMs <= 0;
    if (!isIdle) this.#idleTimer = setTimeout(() => this.#watchIdle(), restMs);
    if (isIdle === this.#isIdle) return;
    this.#isIdle = isIdle;
    this.#selfChanged();
    this.#sendSoon();
  }

  #sendSoon(): void {
    if (this.#awareness === undefined) return;
    this.#cancelFrame ??= atNextFrame(() => this.#send());
  }

  #send(): void {
    this.#cancelFrame?.();
    this.#cancelFrame = undefined;
    if (this.#awareness === undefined) return;
    const before = this.#awareness.getLocalState() ?? {};
    const theirs = Object.entries(before).filter(
      ([name]) => name !== 'idle' && !this.#names.has(name),
    );
    const idle = this.#isIdle ? { idle: true } : {};
    const now = { ...Object.fromEntries(theirs), ...this.#fields, ...idle };
    if (!isEqual(before, now)) this.#awareness.setLocalState(now);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

interface Changes {
  readonly added: readonly number[];
  readonly updated: readonly number[];
  readonly removed: readonly number[];
}
