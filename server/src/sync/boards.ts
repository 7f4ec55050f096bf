import { isDeepStrictEqual } from 'node:util';
import type { Document, Extension } from '@hocuspocus/server';
import { isTransactionOrigin } from '@hocuspocus/server';
import { canWrite, type ErrorCode, encodeMessage, TesseraError } from '@tessera/model';
import {
  type BoardHead,
  type BoardStore,
  type Commit,
  type Compactor,
  Journal,
  type JournalOptions,
  type QuarantineStore,
} from '@tessera/persistence';
import type { Logger } from 'pino';
import type { Authorize, Permit } from '../auth/authorize.ts';
import type { Revocations } from '../auth/revocations.ts';
import type { ContentRules } from '../content/board-content.ts';
import type { Fanout, FanoutEvents } from '../fanout/fanout.ts';
import type { ControlMessage } from '../fanout/message.ts';
import { SingleFlight } from '../single-flight.ts';
import { BoardHost } from './board-host.ts';
import { BoardLoader } from './board-loader.ts';
import { damageOf } from './door.ts';
import { fromLog, type LiveBoard } from './live-board.ts';
import { InQuarantine, Quarantine, refusal, released } from './quarantine.ts';
import { Refusal } from './refusal.ts';
import { Replication, type ReplicationCounters } from './replication.ts';

/** What a connection has to offer to Hocuspocus' hooks; `ClientSocket` is the implementation. */
export interface BoardSocket {
  /** Hocuspocus made the document and the connection for this address. */
  opened(connection: BoardConnection, board: LiveBoard): void;
  /** Ends this address on the connection, with the reason. */
  refuse(address: string, error: TesseraError): void;
  pause(): void;
  resume(): void;
}

/** The part of Hocuspocus' `Connection` we use. */
export interface BoardConnection {
  readonly messageAddress: string;
  context: SocketContext;
  readOnly: boolean;
  close(event?: { code: number; reason: string }): void;
  sendStateless(payload: string): void;
  requestToken(): void;
}

export interface SocketContext {
  socket: BoardSocket;
  permit?: Permit;
}

/** Whom to send away: `board` undefined means from all boards. */
export interface Kick {
  actor: string;
  board: string | undefined;
  reason: string;
}

export interface BoardsOptions {
  store: BoardStore;
  quarantine: QuarantineStore;
  /** Whether other processes may write to the store. */
  storeIsShared: boolean;
  connect(events: FanoutEvents): Fanout;
  counters: ReplicationCounters & {
    logRead(): void;
    refused(parts: number): void;
    slowReader(): void;
    closed(code: ErrorCode): void;
    quarantined(): void;
  };
  compactor: Compactor;
  authorize: Authorize;
  revocations: Pick<Revocations, 'refusalOf' | 'told'>;
  nodeId: string;
  maxPending: JournalOptions;
  /** Of one board. */
  maxJoinsPerSecond: number;
  rules: ContentRules;
  log: Logger;
}

/** The order by which nodes are told to look for new revocations. */
export const revokedOrder = { name: 'revoked', detail: {} } as const;

/** The boards of this node: loads, saves and unloads them, and opens them for connections. */
export class Boards {
  readonly host: BoardHost<SocketContext>;
  readonly journal: Journal;
  readonly replication: Replication;
  readonly #live = new Map<string, LiveBoard>();
  readonly #sockets = new Set<BoardSocket>();
  readonly #quarantine: Quarantine;
  /** Heads of boards that clients are waiting to open. */
  readonly #openings = new SingleFlight<BoardHead | undefined>();
  readonly #loader: BoardLoader;
  readonly #options: BoardsOptions;

  constructor(options: BoardsOptions) {
    this.#options = options;
    this.journal = new Journal(
      options.store,
      {
        committed: (commit) => this.#committed(commit),
        refused: (board, reason) => this.#refused(board, reason),
        health: (failure) => this.#health(failure),
        pressure: (full, board) => this.#pressure(full, board),
      },
      options.maxPending,
    );
    this.replication = new Replication({
      ...options,
      live: this.#live,
      obey: (order) => this.#obey(order),
      wasReset: (board) => this.#letGo(board),
      fellBack: (board) => this.#loadAgain(board),
    });
    this.#quarantine = new Quarantine({
      ...options,
      store: options.quarantine,
      tellNodes: (board, reason) =>
        this.replication.tell({ board, name: 'quarantined', detail: { reason } }),
    });
    this.#loader = new BoardLoader({
      ...options,
      quarantine: this.#quarantine,
      tellPresence: (...change) => this.replication.tellPresence(...change),
    });
    this.host = new BoardHost<SocketContext>({
      quiet: true,
      // The sockets' own heartbeat ends dead and silent connections.
      timeout: 2 ** 31 - 1,
      extensions: [this.#extension()],
    });
  }

  get count(): number {
    return this.#live.size;
  }

  addSocket(socket: BoardSocket): void {
    this.#sockets.add(socket);
  }

  removeSocket(socket: BoardSocket): void {
    this.#sockets.delete(socket);
  }

  /** A connection, or a board on one, was closed for an error. */
  countClosed(code: ErrorCode): void {
    this.#options.counters.closed(code);
  }

  countSlowReader(): void {
    this.#options.counters.slowReader();
  }

  /** Parts of an update were refused to their sender. */
  countRefused(parts: number): void {
    this.#options.counters.refused(parts);
  }

  /** Resolves when every board is out of memory, which needs all connections to be closed. */
  async unloaded(): Promise<void> {
    await Promise.all([...this.host.documents.values()].map((document) => this.#unload(document)));
  }

  #extension(): Extension<SocketContext> {
    return {
      onAuthenticate: async ({ token, documentName, connectionConfig }) => {
        try {
          const permit = await this.#admit(token, documentName);
          connectionConfig.readOnly = permit.guard.scope === 'nothing';
          await this.#makeSureItExists(documentName, canWrite(permit.guard.rights.access));
          return { permit };
        } catch (error) {
          throw this.#refusal(error, documentName);
        }
      },
      onTokenSync: async ({ token, documentName, connection, context }) => {
        try {
          const permit = await this.#admit(token, documentName);
          const before = connection.context.permit?.guard.rights;
          connection.readOnly = permit.guard.scope === 'nothing';
          connection.context.permit = permit;
          const { rights } = permit.guard;
          if (isDeepStrictEqual(before, rights)) return;
          connection.sendStateless(encodeMessage({ type: 'access', ...rights }));
        } catch (error) {
          const known = this.#known(error, documentName);
          // Nothing is wrong with the new token so far, and the old one is still good: asked for once more.
          if (!known.retry) context.socket.refuse(connection.messageAddress, known);
        }
      },
      onLoadDocument: async ({ document, documentName }) => {
        try {
          await this.#load(document);
        } catch (error) {
          document.destroy();
          this.replication.unloaded(documentName);
          throw this.#refusal(error, documentName);
        }
      },
      afterLoadDocument: async ({ document }) => {
        // Takes the place of Hocuspocus' own handler, which runs onChange hooks and a store debounce
        // per update.
        document.onUpdate((changed: Document, origin: unknown, bytes: Uint8Array) => {
          this.#updated(changed, origin, bytes);
        });
      },
      connected: async ({ connection, context }) => {
        const board = this.#live.get(connection.document.name);
        if (board === undefined || context.permit === undefined) {
          throw this.#refusal(
            new Error('connected before it was loaded'),
            connection.document.name,
          );
        }
        if (board.failure !== undefined) throw this.#refusal(board.failure, board.id);
        // May have come while the board was being loaded.
        const unfit = this.#quarantine.refusalOf(board.id, context.permit);
        if (unfit !== undefined) throw this.#refusal(unfit, board.id);
        const revoked = this.#options.revocations.refusalOf(context.permit.identity, board.id);
        if (revoked !== undefined) throw this.#refusal(revoked, board.id);
        // First of all, so that a client with a copy of another epoch neither shows us its own nor
        // merges ours.
        const { id, epoch, head } = board;
        const node = this.#options.nodeId;
        const { rights } = context.permit.guard;
        const mark = this.#quarantine.openMark(id);
        connection.sendStateless(
          encodeMessage({
            type: 'hello',
            board: id,
            epoch,
            head,
            node,
            ...(board.content.mayRefuse && { mayRefuse: true }),
            ...(mark && { quarantined: mark.reason }),
            ...rights,
          }),
        );
        context.socket.opened(connection, board);
        if (this.journal.failure) connection.sendStateless(durabilityMessage(true));
      },
      beforeUnloadDocument: async ({ documentName }) => {
        await new Promise((resolve) => setImmediate(resolve));
        // An Error without a message keeps the document, silently.
        if (this.journal.isPending(documentName)) throw new Error('');
      },
      afterUnloadDocument: async ({ documentName }) => {
        this.#live.get(documentName)?.close();
        this.#live.delete(documentName);
        this.#quarantine.closed(documentName);
        this.replication.unloaded(documentName);
        this.journal.forget(documentName);
        void this.#options.compactor.compactIfWorth(documentName);
        this.#options.compactor.forget(documentName);
      },
    };
  }

  /** What the token allows on the board as it is: of one in quarantine, administrators may look at what is left. */
  async #admit(token: string, board: string): Promise<Permit> {
    const permit = await this.#options.authorize(token, board);
    const live = this.#live.get(board);
    if (live !== undefined && this.#quarantine.openMark(board) === undefined) return permit;
    const mark = await this.#quarantine.find(board);
    if (mark !== undefined) return this.#quarantine.admit(permit, mark);
    if (live === undefined) return permit;
    // Released while somebody looked at what can be read of it: there is more to load now.
    live.fail(released(board));
    await this.#unload(live.document);
    if (this.#live.has(board)) throw released(board);
    return permit;
  }

  /** Writers make a board by opening it; a reader of a board that is not there is told so. */
  async #makeSureItExists(board: string, create: boolean): Promise<void> {
    if (this.#live.has(board)) return;
    const head = await this.#openings.do(`${board} ${create}`, () =>
      this.#options.store.open(board, { create }),
    );
    if (head === undefined) throw new TesseraError('no-such-board', board);
  }

  async #load(document: Document): Promise<void> {
    await this.replication.loading(document.name);
    const board = await this.#loader.load(document);
    document.on('destroy', () => this.#destroyed(board));
    this.#live.set(board.id, board);
    this.replication.loaded(board);
  }

  /** Sends the update to everybody else on this node, and to the log unless it comes from there. */
  #updated(document: Document, origin: unknown, bytes: Uint8Array): void {
    const board = this.#live.get(document.name);
    if (board === undefined) return;
    const writer =
      isTransactionOrigin(origin) && origin.source === 'connection' ? origin.connection : undefined;
    board.broadcast.add(bytes, writer);
    if (origin === fromLog || this.#quarantine.openMark(board.id) !== undefined) return;
    const actor = writer?.context.permit?.identity.actor ?? `node:${this.#options.nodeId}`;
    this.journal.append({ board: board.id, epoch: board.epoch, actor, bytes });
  }

  #committed(commit: Commit): void {
    this.replication.committed(commit);
    const bytes = commit.updates.reduce((sum, update) => sum + update.byteLength, 0);
    this.#options.compactor.appended(commit.board, commit.updates.length, bytes);
    const board = this.#live.get(commit.board);
    if (board === undefined) return;
    board.catchUp.committed(commit.firstSeq, commit.lastSeq);
    // The last client may have left while this was being written.
    if (this.host.shouldUnloadDocument(board.document)) {
      setImmediate(() => void this.#unload(board.document));
    }
  }

  async #unload(document: Document): Promise<void> {
    try {
      await this.host.unloadDocument(document);
    } catch (error) {
      this.#options.log.error({ err: error, board: document.name }, 'unloading a board failed');
    }
  }

  #refused(id: string, reason: 'epoch-changed' | 'unacceptable'): void {
    this.#options.log.error({ board: id, reason }, 'updates of a board can not be saved');
    const error =
      reason === 'epoch-changed'
        ? new TesseraError('epoch-changed', id)
        : new TesseraError('board-unavailable', `${id}: its newest edits cannot be stored`);
    this.#live.get(id)?.fail(error);
  }

  #letGo(board: LiveBoard): void {
    this.#options.log.warn({ board: board.id }, 'the board was reset; sending its clients away');
    board.fail(new TesseraError('epoch-changed', board.id));
  }

  /** The clients still have what the store has lost, and send it again as soon as they are back. */
  #loadAgain(board: LiveBoard): void {
    if (this.#quarantine.openMark(board.id) !== undefined) {
      board.fail(released(board.id));
      return;
    }
    this.#options.log.fatal({ board: board.id }, 'the database has lost commits that it confirmed');
    const detail = `${board.id}: its log has lost its newest edits; connect again to restore them`;
    board.fail(new TesseraError('board-unavailable', detail));
  }

  /** An update has left half of itself in memory, and nothing in the log: it is loaded anew from there. */
  #destroyed(board: LiveBoard): void {
    const damage = damageOf(board.document);
    if (damage === undefined) return;
    this.#options.log.warn({ err: damage, board: board.id }, 'an update failed halfway');
    const detail = `${board.id}: an update to it failed halfway; connect again`;
    // Not at once: its sender is told what was wrong with it.
    queueMicrotask(() => board.fail(new TesseraError('board-unavailable', detail)));
  }

  /** Another node has found that it cannot be loaded. This one may still have it in memory. */
  #quarantined(id: string, reason: string): void {
    if (this.#quarantine.openMark(id) !== undefined) return;
    this.#live.get(id)?.fail(refusal({ board: id, reason }));
  }

  /** Ends the connections of an actor, to one board or to all, on this and every other node. */
  kick(kick: Kick): void {
    const { board, actor, reason } = kick;
    this.#kick(kick);
    this.replication.tell({ board, name: 'kick', detail: { actor, reason } });
  }

  /** Tells every node that a board has a new epoch in the store. */
  wasReset(board: string): void {
    this.replication.look();
    this.replication.tell({ board, name: 'board-reset', detail: {} });
  }

  /** Ends what is open with tokens that have been revoked. */
  sendRevokedAway(): void {
    const { revocations } = this.#options;
    for (const board of this.#live.values()) {
      board.sift((identity) => revocations.refusalOf(identity, board.id));
    }
  }

  /** Tells the other nodes that there are new revocations in the store. */
  tellRevoked(): void {
    this.replication.tell({ board: undefined, ...revokedOrder });
  }

  #kick({ board: id, actor, reason }: Kick): void {
    const error = new TesseraError('not-granted', reason);
    for (const board of this.#live.values()) {
      if (id === undefined || board.id === id) board.kick(actor, error);
    }
  }

  #obey({ name, board, detail }: ControlMessage): void {
    const { actor, reason = '' } = detail;
    if (name === 'kick' && actor !== undefined) this.#kick({ board, actor, reason });
    else if (name === 'quarantined' && board !== undefined) this.#quarantined(board, reason);
    else if (name === 'board-reset') this.replication.look();
    else if (name === revokedOrder.name) this.#options.revocations.told();
  }

  #health(failure: Error | undefined): void {
    if (failure) this.#options.log.error({ err: failure }, 'the log cannot be written; retrying');
    else this.#options.log.warn('the log can be written again');
    const text = durabilityMessage(failure !== undefined);
    for (const board of this.#live.values()) board.sendToAll(text);
  }

  #pressure(full: boolean, board?: string): void {
    const { pendingBytes } = this.journal;
    this.#options.log.warn({ pendingBytes, full, board }, 'pending updates');
    if (board !== undefined) {
      for (const member of this.#live.get(board)?.members ?? []) member.holdEdits(full);
      return;
    }
    for (const socket of this.#sockets) full ? socket.pause() : socket.resume();
  }

  #refusal(error: unknown, board: string): Refusal {
    return new Refusal(this.#known(error, board));
  }

  #known(error: unknown, board: string): TesseraError {
    const known =
      error instanceof TesseraError
        ? error
        : new TesseraError('database-away', `${board} cannot be opened`, { cause: error });
    const isNews = known.httpStatus >= 500 && !(known instanceof InQuarantine);
    if (isNews) this.#options.log.error({ err: known, board }, 'opening failed');
    else this.#options.log.info({ board, code: known.code, detail: known.message }, 'refused');
    return known;
  }
}

function durabilityMessage(delayed: boolean): string {
  return encodeMessage({ type: 'durability', state: delayed ? 'delayed' : 'ok' });
}
