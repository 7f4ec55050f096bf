import type { HelloMessage, TesseraError } from '@tessera/model';
import * as Y from 'yjs';
import { AckLedger } from './ack-ledger.ts';
import type { BoardSocket } from './board-socket.ts';
import { BoardConnection, type ConnectionOptions } from './connection.ts';

/** Who hears what happens to a session. */
export interface SessionOwner {
  readonly id: string;
  readonly socket: BoardSocket;
  readonly token: ConnectionOptions['token'];
  greeted(session: BoardSession, hello: HelloMessage): boolean;
  /** Whether what has this origin, and is not from the server, was made by somebody just now. */
  isEdit(origin: unknown): boolean;
  told: ConnectionOptions['told'];
  editsRefused(): void;
  changed(): void;
  stopped(error: TesseraError): void;
}

/** One document of a board, its way to the server, and what the server has of it. */
export class BoardSession {
  readonly doc = new Y.Doc();
  readonly ledger = new AckLedger();
  readonly #owner: SessionOwner;
  #connection: BoardConnection | undefined;

  constructor(owner: SessionOwner) {
    this.#owner = owner;
    // Before everybody else who listens, the provider too: they ask for the number of the edit.
    this.doc.on('update', (_update: Uint8Array, origin: unknown) => {
      if (!this.isFromServer(origin) && owner.isEdit(origin)) this.ledger.edited();
    });
  }

  /** Undefined until it is connected for the first time. */
  get connection(): BoardConnection | undefined {
    return this.#connection;
  }

  connect(): BoardConnection {
    const owner = this.#owner;
    const { id, socket, token } = owner;
    this.#connection = new BoardConnection({
      id,
      doc: this.doc,
      socket,
      token,
      ledger: this.ledger,
      greeted: (hello) => owner.greeted(this, hello),
      told: (message) => owner.told(message),
      editsRefused: () => owner.editsRefused(),
      changed: () => owner.changed(),
      stopped: (error) => owner.stopped(error),
    });
    return this.#connection;
  }

  isFromServer(origin: unknown): boolean {
    return this.#connection !== undefined && origin === this.#connection.provider;
  }

  /** Whether the document has all that the server has. */
  get isReady(): boolean {
    return this.#connection?.state === 'saved';
  }

  close(): void {
    this.#connection?.close();
    this.doc.destroy();
  }
}
