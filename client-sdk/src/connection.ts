import {
  type HelloMessage,
  parseServerMessage,
  type ServerMessage,
  type TesseraError,
} from '@tessera/model';
import type { Awareness } from 'y-protocols/awareness';
import type * as Y from 'yjs';
import type { AckLedger } from './ack-ledger.ts';
import { BoardProvider } from './board-provider.ts';
import type { BoardSocket } from './board-socket.ts';
import { type Frame, type FrameKind, readFrame, readReason } from './frame.ts';
import { readRefusal } from './refusal.ts';

export interface ConnectionOptions {
  readonly id: string;
  readonly doc: Y.Doc;
  readonly socket: BoardSocket;
  readonly token: string | ((board: string) => string | Promise<string>);
  readonly ledger: AckLedger;
  /**
   * The server's greeting, before anything is exchanged. False if the document is of another epoch:
   * then nothing is.
   */
  readonly greeted: (hello: HelloMessage) => boolean;
  readonly told: (message: Exclude<ServerMessage, HelloMessage>) => void;
  /** The server took only a part of what a frame carried, or nothing. */
  readonly editsRefused: () => void;
  /** Something of `state`, or of what the ledger knows, may have changed. */
  readonly changed: () => void;
  readonly stopped: (error: TesseraError) => void;
}

/** A board that the server closed alone, or whose token it refused, is opened again after this. */
const firstRetryMs = 250;
const lastRetryMs = 30_000;

/** The way of one document to the server and back. */
export class BoardConnection {
  readonly provider: BoardProvider;
  readonly #options: ConnectionOptions;
  #wasDisconnected = false;
  #lastToken: string | undefined;
  #tokenFailed = false;
  #triedFreshToken = false;
  #retries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isHeld = false;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { id, doc, socket, ledger, changed } = options;
    this.provider = new BoardProvider({
      name: id,
      document: doc,
      websocketProvider: socket,
      // A board that is opened again right after it was closed must not hear of that close.
      sessionAwareness: true,
      token: () => this.#token(),
      onStatus: changed,
      onAuthenticated: () => {
        this.#triedFreshToken = false;
        changed();
      },
      onAuthenticationFailed: ({ reason }) => this.#notAuthenticated(reason),
      onSynced: changed,
      onMessage: ({ event }) => this.#received(new Uint8Array(event.data as ArrayBuffer)),
      onStateless: ({ payload }) => this.#told(payload),
      onClose: () => this.#disconnected(),
    });
    const gate = ({ kind }: Frame) =>
      this.#retry === undefined && !(this.#isHeld && isOffered(kind)) && ledger.sending(kind);
    // An update that leans on others is answered when those are sent that the server asks for.
    const isOffered = (kind: FrameKind) =>
      kind === 'update' || (kind === 'step2' && !ledger.exchanged);
    socket.gates.set(this.provider.effectiveName, gate);
    this.provider.attach();
  }

  get awareness(): Awareness {
    const { awareness } = this.provider;
    if (awareness === null) throw new Error('this provider was made with presence');
    return awareness;
  }

  get state(): 'connecting' | 'offline' | 'syncing' | 'saving' | 'saved' {
    const { socket, ledger } = this.#options;
    if (socket.isAway) return 'offline';
    if (socket.status !== 'connected') return this.#wasDisconnected ? 'offline' : 'connecting';
    if (!this.provider.isAuthenticated || this.#retry !== undefined) return 'connecting';
    if (!this.provider.isSynced || !ledger.exchanged) return 'syncing';
    return ledger.unsaved > 0 ? 'saving' : 'saved';
  }

  /** The server refused the board or its token: once with a fresh token, then it stops. */
  refused(error: TesseraError): void {
    if (this.#retry !== undefined || this.#isClosed) return;
    const aboutTheToken = error.httpStatus === 401 || error.httpStatus === 403;
    const canTryFreshToken = typeof this.#options.token === 'function' && !this.#triedFreshToken;
    // The greeting then tells the epoch that the board has now.
    const wasReset = error.code === 'epoch-changed';
    if (error.retry || wasReset || (aboutTheToken && canTryFreshToken)) {
      this.#triedFreshToken ||= aboutTheToken;
      this.#openAgain();
    } else {
      this.#options.stopped(error);
    }
  }

  /** Sends no edits from now on, and still hears the answers to those that were sent. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Hears and says nothing from now on. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#options.ledger.closed();
    this.#options.socket.gates.delete(this.provider.effectiveName);
    this.provider.destroy();
  }

  async #token(): Promise<string> {
    const { id, token } = this.#options;
    if (typeof token === 'string') return token;
    try {
      this.#lastToken = await token(id);
      return this.#lastToken;
    } catch (error) {
      // The server asks some time before the old token expires, and will ask again.
      if (this.provider.isAuthenticated && this.#lastToken !== undefined) return this.#lastToken;
      this.#tokenFailed = true;
      throw error;
    }
  }

  /** Either the server refused, or there was no token to show it: offline, nobody hands out tokens. */
  #notAuthenticated(reason: string): void {
    const tokenFailed = this.#tokenFailed;
    this.#tokenFailed = false;
    if (!tokenFailed) this.refused(readRefusal(reason));
    else if (!this.#isClosed) this.#openAgain();
  }

  #received(bytes: Uint8Array): void {
    const frame = readFrame(bytes);
    // Before the ledger counts them as dealt with.
    if (frame?.kind === 'refused') this.#options.editsRefused();
    if (frame?.kind === 'saved' || frame?.kind === 'refused') this.#options.ledger.answered();
    if (frame?.kind === 'saved' && this.state === 'saved') this.#retries = 0;
    if (frame?.kind === 'closed') this.refused(readRefusal(readReason(frame), 4500));
    this.#options.changed();
  }

  #told(payload: string): void {
    const message = parseServerMessage(payload);
    if (message === undefined) return;
    if (message.type !== 'hello') this.#options.told(message);
    else if (!this.#options.greeted(message)) this.close();
  }

  /** The provider goes on sending to a board that was closed under it, so it has to start anew. */
  #openAgain(): void {
    const delay = Math.min(lastRetryMs, firstRetryMs * 2 ** this.#retries);
    this.#retries += 1;
    this.#options.ledger.closed();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.provider.detach();
        this.provider.attach();
      },
      delay * (0.5 + Math.random() / 2),
    );
    this.#options.changed();
  }

  #disconnected(): void {
    this.#wasDisconnected = true;
    this.#options.ledger.closed();
    this.#options.changed();
  }
}
