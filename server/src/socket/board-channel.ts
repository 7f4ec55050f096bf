import { TesseraError } from '@tessera/model';
import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import { decodeOr } from '../decode.ts';
import type { BoardConnection } from '../sync/boards.ts';
import { applyUpdate } from '../sync/door.ts';
import type { BoardMember, LiveBoard } from '../sync/live-board.ts';
import type { PresenceMember, SharedUpdate } from '../sync/presence.ts';
import {
  awarenessFrame,
  type Frame,
  FrameType,
  SyncType,
  syncFrame,
  syncStatusFrame,
} from './frames.ts';

/** What a channel needs of its socket and node. */
export interface ChannelOwner {
  readonly protocol: 'hocuspocus' | 'y-websocket';
  sendFrame(frame: Uint8Array): void;
  refuse(address: string, error: TesseraError): void;
  whenSaved(board: string, saved: () => void): void;
}

const MAX_HELD_BYTES = 1024 * 1024;

/**
 * One board open on one socket. It takes the frames that edit or show presence, so that Hocuspocus
 * never applies, acks or relays anything by itself: its acks come before the commit.
 */
export class BoardChannel implements BoardMember, PresenceMember {
  readonly address: string;
  readonly connection: BoardConnection;
  readonly board: LiveBoard;
  readonly #owner: ChannelOwner;
  #held: { syncType: number; bytes: Uint8Array }[] = [];
  /** SyncStep1s sent and not answered yet: whether the answer is acked. Clients count no ack for the extra ones. */
  readonly #asked: { ack: boolean }[] = [];
  #open = true;

  constructor(owner: ChannelOwner, connection: BoardConnection, board: LiveBoard) {
    this.#owner = owner;
    this.address = connection.messageAddress;
    this.connection = connection;
    this.board = board;
    board.members.add(this);
    board.presence.join(this);
  }

  get identity() {
    const permit = this.connection.context.permit;
    if (permit === undefined) throw new Error('a channel is open only with a permit');
    return permit.identity;
  }

  /** @throws TesseraError when the frame is bad; the socket closes with it. */
  receive(frame: Frame): void {
    switch (frame.type) {
      case FrameType.sync:
      case FrameType.syncReply:
        this.#sync(frame);
        return;
      case FrameType.awareness:
        this.board.presence.receive(this, readPayload(frame));
        return;
      case FrameType.queryAwareness:
        this.board.presence.query(this);
        return;
      case FrameType.stateless:
      case FrameType.ping:
      case FrameType.pong:
        return; // of newer clients; nothing is expected of this server
      default:
        throw new TesseraError('malformed', `there is no message type ${frame.type}`);
    }
  }

  sendPresence({ bytes, frames }: SharedUpdate): void {
    let frame = frames.get(this.address);
    if (frame === undefined) {
      frame = awarenessFrame(this.address, bytes);
      frames.set(this.address, frame);
    }
    this.#owner.sendFrame(frame);
  }

  sendMessage(text: string): void {
    this.connection.sendStateless(text);
  }

  refuse(error: TesseraError): void {
    this.#owner.refuse(this.address, error);
  }

  retryHeld(): boolean {
    const held = this.#held;
    this.#held = [];
    this.board.holding.delete(this);
    let taken = false;
    try {
      for (const { syncType, bytes } of held) taken = this.#edit(syncType, bytes, true) || taken;
    } catch (error) {
      // Somebody else's update set this off: what is wrong with ours must not reach their socket.
      if (!(error instanceof TesseraError)) throw error;
      this.refuse(error);
    }
    return taken;
  }

  /** Leaves the board. Acks still to come are dropped: the client's next sync makes new ones. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#held = [];
    this.board.holding.delete(this);
    this.board.members.delete(this);
    this.board.presence.leave(this);
  }

  #sync(frame: Frame): void {
    const syncType = decodeOr('a sync message without a type', () =>
      decoding.readVarUint(frame.body),
    );
    const payload = readPayload(frame);
    switch (syncType) {
      case SyncType.step1:
        this.#answerStep1(payload, frame.type === FrameType.sync);
        return;
      case SyncType.step2: {
        const ack = this.#asked.shift()?.ack ?? true;
        this.#edit(syncType, payload, ack);
        return;
      }
      case SyncType.update:
        this.#edit(syncType, payload, true);
        return;
      default:
        throw new TesseraError('malformed', `there is no sync message type ${syncType}`);
    }
  }

  #answerStep1(stateVector: Uint8Array, askBack: boolean): void {
    const update = decodeOr('the state vector cannot be decoded', () =>
      Y.encodeStateAsUpdate(this.board.document, stateVector),
    );
    this.#owner.sendFrame(syncFrame(this.address, FrameType.sync, SyncType.step2, update));
    if (askBack) this.#ask(true);
  }

  /** Asks the client for everything the board does not have. */
  #ask(ack: boolean): void {
    this.#asked.push({ ack });
    const stateVector = Y.encodeStateVector(this.board.document);
    this.#owner.sendFrame(syncFrame(this.address, FrameType.sync, SyncType.step1, stateVector));
  }

  /** True if the board took the update. */
  #edit(syncType: number, bytes: Uint8Array, ack: boolean): boolean {
    if (this.connection.readOnly) {
      this.#refuseEdit(syncType, bytes);
      return false;
    }
    const { document } = this.board;
    if (document.isDestroyed) throw new TesseraError('board-unavailable', this.board.id);
    if (!applyUpdate(document, bytes, { source: 'connection', connection: this.connection })) {
      this.#hold(syncType, bytes);
      return false;
    }
    if (ack) this.#ackWhenSaved();
    this.board.retryHeld();
    return true;
  }

  /** Everything committed for the board so far covers also what changed nothing, being there already. */
  #ackWhenSaved(): void {
    this.#owner.whenSaved(this.board.id, () => {
      if (this.#open) this.#owner.sendFrame(syncStatusFrame(this.address, true));
    });
  }

  /** The update leans on others that are not here: kept unacked, and its sender asked for them. */
  #hold(syncType: number, bytes: Uint8Array): void {
    this.#held.push({ syncType, bytes });
    this.board.holding.add(this);
    const heldBytes = this.#held.reduce((sum, held) => sum + held.bytes.byteLength, 0);
    if (heldBytes > MAX_HELD_BYTES) {
      throw new TesseraError('malformed', 'updates came without the ones they depend on');
    }
    if (!this.#asked.some((asked) => !asked.ack)) this.#ask(false);
  }

  #refuseEdit(syncType: number, bytes: Uint8Array): void {
    // A client that is up to date answers SyncStep1 with its delete set, which is no edit.
    const isEdit =
      syncType === SyncType.update ||
      !decodeOr('the bytes are not a Yjs update', () =>
        Y.snapshotContainsUpdate(Y.snapshot(this.board.document), bytes),
      );
    if (isEdit && this.#owner.protocol === 'y-websocket') {
      // This protocol has no word for a refused edit, and the client would go on as if it were saved.
      throw new TesseraError('not-granted', `${this.board.id} may be read but not edited`);
    }
    this.#owner.sendFrame(syncStatusFrame(this.address, !isEdit));
  }
}

function readPayload(frame: Frame): Uint8Array {
  return decodeOr('the message has no payload', () => decoding.readVarUint8Array(frame.body));
}
