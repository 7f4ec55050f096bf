import type { Document, Extension } from '@hocuspocus/server';
import { isTransactionOrigin } from '@hocuspocus/server';
import { canWrite, encodeMessage, TesseraError } from '@tessera/model';
import {
  applyStoredBoard,
  type BoardStore,
  type Commit,
  type Compactor,
  Journal,
} from '@tessera/persistence';
import type { Logger } from 'pino';
import type { Authorize, Permit } from '../auth/authorize.ts';
import { BoardHost } from './board-host.ts';
import { LiveBoard } from './live-board.ts';
import { Refusal } from './refusal.ts';

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

export interface BoardsOptions {
  store: BoardStore;
  compactor: Compactor;
  authorize: Authorize;
  nodeId: string;
  maxPendingBytes: number;
  log: Logger;
}

/** The boards of this node: loads, saves and unloads them, and opens them for connections. */
export class Boards {
  readonly host: BoardHost<SocketContext>;
  readonly journal: Journal;
  readonly #live = new Map<string, LiveBoard>();
  readonly #sockets = new Set<BoardSocket>();
  readonly #options: BoardsOptions;

  constructor(options: BoardsOptions) {
    this.#options = options;
    this.journal = new Journal(
      options.store,
      {
        committed: (commit) => this.#committed(commit),
        refused: (board, reason) => this.#refused(board, reason),
        health: (failure) => this.#health(failure),
        pressure: (full) => this.#pressure(full),
      },
      { maxPendingBytes: options.maxPendingBytes },
    );
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

  /** Resolves when every board is out of memory, which needs all connections to be closed. */
  async unloaded(): Promise<void> {
    await Promise.all([...this.host.documents.values()].map((document) => this.#unload(document)));
  }

  #extension(): Extension<SocketContext> {
    return {
      onAuthenticate: async ({ token, documentName, connectionConfig }) => {
        try {
          const permit = await this.#options.authorize(token, documentName);
          connectionConfig.readOnly = !canWrite(permit.access);
          await this.#makeSureItExists(documentName, !connectionConfig.readOnly);
          return { permit };
        } catch (error) {
          throw this.#refusal(error, documentName);
        }
      },
      onTokenSync: async ({ token, documentName, connection, context }) => {
        try {
          const permit = await this.#options.authorize(token, documentName);
          connection.readOnly = !canWrite(permit.access);
          connection.context.permit = permit;
        } catch (error) {
          context.socket.refuse(connection.messageAddress, this.#known(error, documentName));
        }
      },
      onLoadDocument: async ({ document, documentName }) => {
        try {
          await this.#load(document);
        } catch (error) {
          document.destroy();
          throw this.#refusal(error, documentName);
        }
      },
      afterLoadDocument: async ({ document }) => {
        // Takes the place of Hocuspocus' own handler, which runs onChange hooks and a store debounce
        // per update. Called before the update is sent to anybody.
        document.onUpdate((changed: Document, origin: unknown, bytes: Uint8Array) => {
          this.#journal(changed, origin, bytes);
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
        context.socket.opened(connection, board);
        const { id, epoch, head } = board;
        const node = this.#options.nodeId;
        connection.sendStateless(encodeMessage({ type: 'hello', board: id, epoch, head, node }));
        if (this.journal.failure) connection.sendStateless(durabilityMessage(true));
      },
      beforeUnloadDocument: async ({ documentName }) => {
        await new Promise((resolve) => setImmediate(resolve));
        // An Error without a message keeps the document, silently.
        if (this.journal.isPending(documentName)) throw new Error('');
      },
      afterUnloadDocument: async ({ documentName }) => {
        this.#live.get(documentName)?.presence.close();
        this.#live.delete(documentName);
        this.journal.forget(documentName);
        void this.#options.compactor.compactIfWorth(documentName);
        this.#options.compactor.forget(documentName);
      },
    };
  }

  /** Writers make a board by opening it; a reader of a board that is not there is told so. */
  async #makeSureItExists(board: string, create: boolean): Promise<void> {
    if (this.#live.has(board)) return;
    const head = await this.#options.store.open(board, { create });
    if (head === undefined) throw new TesseraError('no-such-board', board);
  }

  async #load(document: Document): Promise<void> {
    const stored = await this.#options.store.load(document.name);
    if (stored === undefined) throw new TesseraError('no-such-board', document.name);
    applyStoredBoard(document, stored);
    this.#live.set(document.name, new LiveBoard(document, stored.epoch, stored.head));
    this.#options.compactor.loaded(document.name, {
      snapshotBytes: stored.snapshot?.bytes.byteLength ?? 0,
      rows: stored.updates.length,
      bytes: stored.updates.reduce((sum, update) => sum + update.bytes.byteLength, 0),
    });
  }

  #journal(document: Document, origin: unknown, bytes: Uint8Array): void {
    const board = this.#live.get(document.name);
    if (board === undefined) return;
    const permit =
      isTransactionOrigin(origin) && origin.source === 'connection'
        ? origin.connection.context.permit
        : undefined;
    const actor = permit?.identity.actor ?? `node:${this.#options.nodeId}`;
    this.journal.append({ board: board.id, epoch: board.epoch, actor, bytes });
  }

  #committed(commit: Commit): void {
    this.#options.compactor.appended(commit.board, commit.rows, commit.bytes);
    const board = this.#live.get(commit.board);
    if (board === undefined) return;
    board.head = commit.lastSeq;
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
    this.#live.get(id)?.refuseAll(error);
  }

  #health(failure: Error | undefined): void {
    if (failure) this.#options.log.error({ err: failure }, 'the log cannot be written; retrying');
    else this.#options.log.warn('the log can be written again');
    const text = durabilityMessage(failure !== undefined);
    for (const board of this.#live.values()) board.sendToAll(text);
  }

  #pressure(full: boolean): void {
    this.#options.log.warn({ pendingBytes: this.journal.pendingBytes, full }, 'pending updates');
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
    if (known.httpStatus >= 500) this.#options.log.error({ err: known, board }, 'opening failed');
    else this.#options.log.info({ board, code: known.code, detail: known.message }, 'refused');
    return known;
  }
}

function durabilityMessage(delayed: boolean): string {
  return encodeMessage({ type: 'durability', state: delayed ? 'delayed' : 'ok' });
}
