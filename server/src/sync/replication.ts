import type { BoardHead, BoardStore, Commit } from '@tessera/persistence';
import type { Logger } from 'pino';
import type { Fanout, FanoutEvents } from '../fanout/fanout.ts';
import type { ControlMessage, FanoutMessage, UpdatesMessage } from '../fanout/message.ts';
import { ALIVE_EVERY_MS, Peers } from '../fanout/peers.ts';
import { HeadsWatch } from './heads-watch.ts';
import type { LiveBoard } from './live-board.ts';
import { encodeNodeEntries } from './presence-codec.ts';

/** What is counted of the traffic between nodes, by the type of the message. */
export interface ReplicationCounters {
  published(type: FanoutMessage['type']): void;
  received(type: FanoutMessage['type']): void;
  unsent(type: FanoutMessage['type']): void;
}

export interface ReplicationOptions {
  connect(events: FanoutEvents): Fanout;
  store: Pick<BoardStore, 'findChanged'>;
  live: ReadonlyMap<string, LiveBoard>;
  /** An order of another node. */
  obey(message: ControlMessage): void;
  /** A board's epoch in the store is another one. */
  wasReset(board: LiveBoard): void;
  /** The store has fewer commits of a board than it confirmed: it failed over to a copy that was behind. */
  fellBack(board: LiveBoard): void;
  /** Whether other processes may write to the store. */
  storeIsShared: boolean;
  counters: ReplicationCounters;
  log: Logger;
}

const PULSE_MS = 500;
const LOOK_EVERY_MS = 5_000;
const LOOK_OFTEN_EVERY_MS = 500;
/** Every board's people are told again in this time, so that no lost message leaves a ghost for longer. */
const PRESENCE_ROUND_MS = 30_000;
/** Updates larger than this are not sent: receivers read them from the log. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** A node that does not answer a question about its people in this time has none. */
const ANSWER_WITHIN_MS = 2_000;
/** Boards that are greeted anew in one go, after the wire was away. */
const BOARDS_IN_ONE_GO = 500;

/**
 * Keeps the boards of this node in step with the other nodes: tells them what was committed here,
 * hands on what they tell, and compares with the log whenever something may have been missed.
 */
export class Replication {
  readonly #options: ReplicationOptions;
  readonly #fanout: Fanout;
  readonly #peers: Peers;
  readonly #watch: HeadsWatch;
  readonly #pulse: NodeJS.Timeout;
  /** Boards being loaded, with the furthest seq that was told of meanwhile. */
  readonly #loading = new Map<string, number>();
  /** What the others could not be told: the newest commit, and boards whose presence. */
  readonly #untoldCommits = new Map<string, UpdatesMessage>();
  readonly #untoldPresence = new Set<string>();
  #aliveAt = Number.NEGATIVE_INFINITY;
  #round: Iterator<LiveBoard> = [][Symbol.iterator]();
  /** When the presence of nodes that have not answered is dropped. */
  #dropUnconfirmedAt = Number.POSITIVE_INFINITY;
  #closing: Promise<void> | undefined;

  constructor(options: ReplicationOptions) {
    this.#options = options;
    this.#peers = new Peers({
      gone: (node) => this.#gone(node),
      returned: () => this.#resume(),
    });
    this.#watch = new HeadsWatch({
      store: options.store,
      loaded: () => this.#loadedHeads(),
      changed: (head, known) => this.#changed(head, known),
      failed: (error) => options.log.debug({ err: error }, 'the heads of boards cannot be read'),
    });
    this.#fanout = options.connect({
      received: (message, from) => this.#received(message, from),
      unsent: (message) => this.#unsent(message),
      away: (failure) => this.#away(failure),
      restored: () => this.#restored(),
    });
    this.#pulse = setInterval(() => this.#onPulse(), PULSE_MS);
  }

  /** Why other nodes are reached through the store only; undefined while the wire works. */
  get failure(): Error | undefined {
    return this.#fanout.failure;
  }

  get subscriptions(): number {
    return this.#fanout.subscriptions;
  }

  /** How many other nodes are there, as far as is known. */
  get peers(): number {
    return this.#peers.count;
  }

  /** To be awaited before a board is read from the store: what is committed after that is heard of. */
  async loading(board: string): Promise<void> {
    this.#loading.set(board, 0);
    await this.#fanout.subscribe(board);
  }

  /** The board is loaded and live. */
  loaded(board: LiveBoard): void {
    const furthest = this.#loading.get(board.id) ?? 0;
    this.#loading.delete(board.id);
    board.catchUp.reaches(furthest, { soon: true });
    this.#publish({ type: 'presence-query', board: board.id });
  }

  /** The board was unloaded, or could not be loaded. */
  unloaded(board: string): void {
    this.#loading.delete(board);
    this.#fanout.unsubscribe(board);
  }

  committed({ board, epoch, firstSeq, lastSeq, updates }: Commit): void {
    const bytes = updates.reduce((sum, update) => sum + update.byteLength, 0);
    this.#publish({
      type: 'updates',
      board,
      epoch,
      firstSeq,
      lastSeq,
      updates: bytes <= MAX_MESSAGE_BYTES ? updates : undefined,
    });
  }

  tellPresence(board: string, whole: boolean, entries: Uint8Array): void {
    this.#publish({ type: 'presence', board, whole, entries });
  }

  /** Gives the other nodes an order. */
  tell(order: Omit<ControlMessage, 'type'>): void {
    this.#publish({ type: 'control', ...order });
  }

  /** Compares all loaded boards with the store. */
  look(): void {
    if (this.#options.storeIsShared) this.#watch.look();
  }

  /** Says goodbye to the other nodes. All callers share one promise. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#pulse);
    this.#publish({ type: 'alive', leaving: true });
    await this.#watch.close();
    await this.#fanout.close();
  }

  #publish(message: FanoutMessage): void {
    this.#options.counters.published(message.type);
    this.#fanout.publish(message);
  }

  #onPulse(): void {
    const now = performance.now();
    if (now - this.#aliveAt >= ALIVE_EVERY_MS - PULSE_MS / 2) {
      this.#aliveAt = now;
      this.#publish({ type: 'alive', leaving: false });
    }
    this.#peers.check(now);
    const isSlow = this.failure !== undefined || this.#peers.anySilent(now);
    if (this.#options.storeIsShared) {
      this.#watch.pulse(now, isSlow ? LOOK_OFTEN_EVERY_MS : LOOK_EVERY_MS);
    }
    this.#tellSomePresence();
    if (now < this.#dropUnconfirmedAt) return;
    this.#dropUnconfirmedAt = Number.POSITIVE_INFINITY;
    for (const { presence } of this.#options.live.values()) presence.dropUnconfirmed();
  }

  /** As many boards at each pulse as it takes to be through with all of them in a round. */
  #tellSomePresence(): void {
    const { live } = this.#options;
    for (let left = Math.ceil((live.size * PULSE_MS) / PRESENCE_ROUND_MS); left > 0; left--) {
      let next = this.#round.next();
      if (next.done === true) {
        this.#round = live.values();
        next = this.#round.next();
      }
      if (next.done !== true && next.value.presence.hasOwn) next.value.presence.tellWhole();
    }
  }

  #received(message: FanoutMessage, from: string): void {
    this.#options.counters.received(message.type);
    if (message.type === 'alive' && message.leaving) {
      this.#peers.left(from);
      return;
    }
    this.#peers.heard(from, performance.now());
    try {
      this.#handle(message, from);
    } catch (error) {
      this.#options.log.error(
        { err: error, type: message.type, from },
        'a message of a node failed',
      );
    }
  }

  #handle(message: FanoutMessage, from: string): void {
    switch (message.type) {
      case 'updates':
        this.#updates(message);
        return;
      case 'presence': {
        const { board, whole, entries } = message;
        this.#options.live.get(board)?.presence.receiveFromNode(from, whole, entries);
        return;
      }
      case 'presence-query':
        this.#options.live.get(message.board)?.presence.tellWhole();
        return;
      case 'control':
        this.#options.obey(message);
        return;
      case 'alive':
        return; // being heard is all it is for
    }
  }

  #updates({ board: id, epoch, firstSeq, lastSeq, updates }: UpdatesMessage): void {
    const board = this.#options.live.get(id);
    if (board === undefined) {
      const furthest = this.#loading.get(id);
      if (furthest !== undefined) this.#loading.set(id, Math.max(furthest, lastSeq));
    } else if (board.epoch !== epoch) {
      // One of the two nodes is behind; the store knows which.
      this.look();
    } else if (updates === undefined) {
      board.catchUp.reaches(lastSeq, { soon: true });
    } else {
      board.catchUp.received(firstSeq, lastSeq, updates);
    }
  }

  #unsent(message: FanoutMessage): void {
    this.#options.counters.unsent(message.type);
    if (message.type === 'updates') {
      this.#untoldCommits.set(message.board, { ...message, updates: undefined });
    } else if (message.type === 'presence') this.#untoldPresence.add(message.board);
  }

  #away(failure: Error): void {
    this.#options.log.error(
      { err: failure },
      'the wire to other nodes is away; reading the log instead',
    );
    this.look();
  }

  #restored(): void {
    this.#options.log.info('the wire to other nodes works');
    const untold = [...this.#untoldCommits.values()];
    this.#untoldCommits.clear();
    for (const message of untold) this.#publish(message);
    this.#resume();
  }

  /** Messages may have been missed, or have missed others. */
  #resume(): void {
    this.look();
    void this.#exchangePresence([...this.#options.live.values()]);
  }

  async #exchangePresence(boards: LiveBoard[]): Promise<void> {
    for (const [index, { id, presence }] of boards.entries()) {
      if (index % BOARDS_IN_ONE_GO === 0) await new Promise((resolve) => setImmediate(resolve));
      if (!this.#options.live.has(id) || this.#closing !== undefined) continue;
      presence.expectAnswers();
      this.#publish({ type: 'presence-query', board: id });
      if (presence.hasOwn || this.#untoldPresence.has(id)) presence.tellWhole();
    }
    // Of boards that were unloaded meanwhile, too: who left them is still shown elsewhere.
    for (const board of this.#untoldPresence) {
      if (!this.#options.live.has(board)) this.tellPresence(board, true, encodeNodeEntries([]));
    }
    this.#untoldPresence.clear();
    this.#dropUnconfirmedAt = performance.now() + ANSWER_WITHIN_MS;
  }

  #gone(node: string): void {
    for (const { presence } of this.#options.live.values()) presence.removeNode(node);
    // Its last commits may have been told to nobody.
    this.look();
  }

  *#loadedHeads(): Iterable<BoardHead> {
    for (const { id, epoch, head } of this.#options.live.values()) yield { board: id, epoch, head };
  }

  #changed({ board: id, epoch, head }: BoardHead, known: BoardHead): void {
    const board = this.#options.live.get(id);
    if (board === undefined) return;
    if (board.epoch !== epoch) this.#options.wasReset(board);
    else if (known.head > head) this.#options.fellBack(board);
    else board.catchUp.reaches(head);
  }
}
