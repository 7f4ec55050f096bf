import { HocuspocusProvider } from '@hocuspocus/provider';
import { readTitle, setTitle, TesseraError } from '@tessera/model';
import * as Y from 'yjs';
import { AckLedger } from './ack-ledger.ts';
import type { Board, BoardStatus } from './board.ts';
import type { BoardSocket } from './board-socket.ts';
import { type Frame, readFrame } from './frame.ts';
import { readRefusal } from './refusal.ts';
import { type Widgets, widgetsOn } from './widgets.ts';

export interface OpenBoardOptions {
  readonly id: string;
  readonly socket: BoardSocket;
  readonly token: string | (() => string | Promise<string>);
  readonly closed: () => void;
}

interface Waiter {
  readonly edit: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

type Stopped = Extract<BoardStatus, { state: 'stopped' }>;

/** A board that the server closed alone, or whose token it refused, is opened again after this. */
const firstRetryMs = 250;
const lastRetryMs = 30_000;

/** The board as its client sees it. */
export class OpenBoard implements Board {
  readonly id: string;
  readonly doc = new Y.Doc();
  readonly widgets: Widgets = widgetsOn(this.doc, this);
  readonly #socket: BoardSocket;
  readonly #provider: HocuspocusProvider;
  readonly #closed: () => void;
  readonly #getToken: OpenBoardOptions['token'];
  readonly #ledger = new AckLedger();
  readonly #listeners = new Set<(status: BoardStatus) => void>();
  #waiters: Waiter[] = [];
  #status: BoardStatus = { state: 'connecting' };
  #isClosed = false;
  #wasDisconnected = false;
  #lastToken: string | undefined;
  #tokenFailed = false;
  #triedFreshToken = false;
  #retries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor({ id, socket, token, closed }: OpenBoardOptions) {
    this.id = id;
    this.#socket = socket;
    this.#closed = closed;
    this.#getToken = token;
    // Before the provider, which sends an edit as soon as it hears of it.
    this.doc.on('update', (_update: Uint8Array, origin: unknown) => {
      if (origin === this.#provider) return;
      this.#ledger.edited();
      this.#refresh();
    });
    this.#provider = new HocuspocusProvider({
      name: id,
      document: this.doc,
      websocketProvider: socket,
      // A board that is opened again right after it was closed must not hear of that close.
      sessionAwareness: true,
      token: () => this.#token(),
      onStatus: () => this.#refresh(),
      onAuthenticated: () => {
        this.#triedFreshToken = false;
        this.#refresh();
      },
      onAuthenticationFailed: ({ reason }) => this.#notAuthenticated(reason),
      onSynced: () => this.#refresh(),
      onMessage: ({ event }) => this.#received(new Uint8Array(event.data as ArrayBuffer)),
      onClose: () => this.#disconnected(),
    });
    const gate = ({ kind }: Frame) => this.#retry === undefined && this.#ledger.sending(kind);
    socket.gates.set(this.#provider.effectiveName, gate);
    this.#provider.attach();
  }

  get title(): string {
    return readTitle(this.doc);
  }

  set title(title: string) {
    setTitle(this.doc, title, this);
  }

  get status(): BoardStatus {
    return this.#status;
  }

  get unsaved(): number {
    return this.#ledger.unsaved;
  }

  subscribe(listener: (status: BoardStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  saved(): Promise<void> {
    const edit = this.#ledger.edits;
    if (this.#ledger.saved >= edit) return Promise.resolve();
    if (this.#status.state === 'stopped') return Promise.reject(stopError(this.id, this.#status));
    return new Promise((resolve, reject) => {
      this.#waiters.push({ edit, resolve, reject });
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop({ state: 'stopped', code: 'closed', reason: 'closed here' });
    this.#listeners.clear();
    this.#provider.destroy();
    this.doc.destroy();
    this.#closed();
  }

  /** The server refused the board or its token: once with a fresh token, then it stops. */
  refused(error: TesseraError): void {
    if (this.#retry !== undefined || this.#status.state === 'stopped') return;
    const aboutTheToken = error.httpStatus === 401 || error.httpStatus === 403;
    const canTryFreshToken = typeof this.#getToken === 'function' && !this.#triedFreshToken;
    if (error.retry || (aboutTheToken && canTryFreshToken)) {
      this.#triedFreshToken ||= aboutTheToken;
      this.#openAgain();
    } else {
      this.#stop(stoppedBy(error));
    }
  }

  async #token(): Promise<string> {
    if (typeof this.#getToken === 'string') return this.#getToken;
    try {
      this.#lastToken = await this.#getToken();
      return this.#lastToken;
    } catch (error) {
      // The server asks some time before the old token expires, and will ask again.
      if (this.#provider.isAuthenticated && this.#lastToken !== undefined) return this.#lastToken;
      this.#tokenFailed = true;
      throw error;
    }
  }

  /** Either the server refused, or there was no token to show it: offline, nobody hands out tokens. */
  #notAuthenticated(reason: string): void {
    const tokenFailed = this.#tokenFailed;
    this.#tokenFailed = false;
    if (!tokenFailed) this.refused(readRefusal(reason));
    else if (this.#status.state !== 'stopped') this.#openAgain();
  }

  #received(bytes: Uint8Array): void {
    const frame = readFrame(bytes);
    if (frame?.kind === 'saved') this.#ledger.answered();
    if (frame?.kind === 'refused') {
      this.#stop(stoppedBy(new TesseraError('not-granted', `an edit of ${this.id} was refused`)));
    }
    if (frame?.kind === 'closed') this.refused(readRefusal(frame.reason, 4500));
    this.#refresh();
  }

  /** The provider goes on sending to a board that was closed under it, so it has to start anew. */
  #openAgain(): void {
    const delay = Math.min(lastRetryMs, firstRetryMs * 2 ** this.#retries);
    this.#retries += 1;
    this.#ledger.closed();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.#provider.detach();
        this.#provider.attach();
      },
      delay * (0.5 + Math.random() / 2),
    );
    this.#refresh();
  }

  #disconnected(): void {
    this.#wasDisconnected = true;
    this.#ledger.closed();
    this.#refresh();
  }

  #stop(status: Stopped): void {
    if (this.#status.state === 'stopped') return;
    clearTimeout(this.#retry);
    this.#ledger.closed();
    this.#provider.detach();
    this.#socket.gates.delete(this.#provider.effectiveName);
    for (const waiter of this.#waiters) waiter.reject(stopError(this.id, status));
    this.#waiters = [];
    this.#tell(status);
  }

  #refresh(): void {
    if (this.#status.state === 'stopped') return;
    const done = this.#waiters.filter(({ edit }) => edit <= this.#ledger.saved);
    this.#waiters = this.#waiters.filter(({ edit }) => edit > this.#ledger.saved);
    for (const { resolve } of done) resolve();
    const state = this.#state();
    if (state === 'saved') this.#retries = 0;
    if (state !== this.#status.state) this.#tell({ state });
  }

  #state(): Exclude<BoardStatus['state'], 'stopped'> {
    if (this.#socket.status !== 'connected') {
      return this.#wasDisconnected ? 'offline' : 'connecting';
    }
    if (!this.#provider.isAuthenticated || this.#retry !== undefined) return 'connecting';
    if (!this.#provider.isSynced || !this.#ledger.exchanged) return 'syncing';
    return this.#ledger.unsaved > 0 ? 'saving' : 'saved';
  }

  #tell(status: BoardStatus): void {
    this.#status = status;
    for (const listener of [...this.#listeners]) listener(status);
  }
}

function stoppedBy(error: TesseraError): Stopped {
  return { state: 'stopped', code: error.code, reason: error.message };
}

function stopError(board: string, status: Stopped): Error {
  if (status.code === 'closed') {
    return new Error(`board ${board} was closed before its edits were saved`);
  }
  return new TesseraError(status.code, `board ${board} stopped: ${status.reason}`);
}
