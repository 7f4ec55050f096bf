import {
  type DecodedUpdate,
  decodeUpdate,
  encodeMessage,
  type FilteredUpdate,
  type RejectedMessage,
  TesseraError,
} from '@tessera/model';
import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import { decodeOr } from '../decode.ts';
import type { BoardConnection } from '../sync/boards.ts';
import { applyUpdate } from '../sync/door.ts';
import type { UpdateVersion } from '../sync/joins.ts';
import type { BoardMember, LiveBoard } from '../sync/live-board.ts';
import type { PresenceMember } from '../sync/presence.ts';
import type { SharedUpdate } from '../sync/shared-update.ts';
import { Backlog } from './backlog.ts';
import { EditFilter } from './edit-filter.ts';
import {
  awarenessFrame,
  type Frame,
  FrameType,
  SyncType,
  syncFrame,
  syncHead,
  syncStatusFrame,
} from './frames.ts';

/** What a channel needs of its socket and node. */
export interface ChannelOwner {
  readonly protocol: 'hocuspocus' | 'y-websocket';
  /** `rest` is the end of a frame that others are sent as well: its bytes are not copied. */
  sendFrame(frame: Uint8Array, rest?: Uint8Array): void;
  /** Makes a frame what stands on a socket of this protocol. */
  pack(frame: Uint8Array): Uint8Array;
  sendPacked(packed: Uint8Array): void;
  refuse(address: string, error: TesseraError): void;
  /** Whether so much is waiting to be sent that the rest is put off (see `Backlog`). */
  readonly isSlow: boolean;
  whenSaved(board: string, saved: () => void): void;
  countRefused(parts: number): void;
  pause(reason: `pressure of ${string}`): void;
  resume(reason: `pressure of ${string}`): void;
}

const MAX_HELD_BYTES = 1024 * 1024;

/** An update that leans on others which are not here yet. */
interface HeldUpdate {
  readonly syncType: number;
  readonly bytes: Uint8Array;
  /** A later frame that brought it once more was not taken as a whole. */
  refused: boolean;
}

/**
 * One board open on one socket. It takes the frames that edit or show presence, so that Hocuspocus
 * never applies, acks or relays anything by itself: its acks come before the commit.
 */
export class BoardChannel implements BoardMember, PresenceMember {
  readonly address: string;
  readonly connection: BoardConnection;
  readonly board: LiveBoard;
  readonly #owner: ChannelOwner;
  /** Members with the same are sent the same bytes. */
  readonly #packedFor: string;
  #held: HeldUpdate[] = [];
  /** SyncStep1s sent and not answered yet: whether the answer is acked. Clients count no ack for the extra ones. */
  readonly #asked: { ack: boolean }[] = [];
  readonly #filter: EditFilter;
  /** Of a slow reader. */
  #backlog: Backlog | undefined;
  #open = true;

  constructor(owner: ChannelOwner, connection: BoardConnection, board: LiveBoard) {
    this.#owner = owner;
    this.address = connection.messageAddress;
    this.#packedFor = `${owner.protocol} ${this.address}`;
    this.connection = connection;
    this.board = board;
    this.#filter = new EditFilter(owner);
    board.members.add(this);
    board.presence.join(this);
  }

  get identity() {
    return this.#permit.identity;
  }

  get isVisible(): boolean {
    return this.#permit.isVisible;
  }

  get #permit() {
    const permit = this.connection.context.permit;
    if (permit === undefined) throw new Error('a channel is open only with a permit');
    return permit;
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

  /** Whether something was put off that the reader has to be sent. */
  get isBehind(): boolean {
    return this.#backlog !== undefined;
  }

  /** Sends what was put off. */
  catchUp(): void {
    if (this.#backlog === undefined) return;
    const { update, presence } = this.#backlog.take();
    this.#backlog = undefined;
    if (update !== undefined) {
      this.#owner.sendFrame(syncFrame(this.address, FrameType.sync, SyncType.update, update));
    }
    if (presence !== undefined) this.#owner.sendFrame(awarenessFrame(this.address, presence));
  }

  sendUpdate(update: SharedUpdate): void {
    if (this.#owner.isSlow) this.#putOff().addUpdate(update.bytes);
    else {
      this.#sendShared(update, (bytes) =>
        syncFrame(this.address, FrameType.sync, SyncType.update, bytes),
      );
    }
  }

  sendPresence(update: SharedUpdate): void {
    if (this.#owner.isSlow) this.#putOff().addPresence(update.bytes);
    else this.#sendShared(update, (bytes) => awarenessFrame(this.address, bytes));
  }

  #putOff(): Backlog {
    this.#backlog ??= new Backlog(this.board.document);
    return this.#backlog;
  }

  #sendShared({ bytes, frames }: SharedUpdate, frameOf: (bytes: Uint8Array) => Uint8Array): void {
    let packed = frames.get(this.#packedFor);
    if (packed === undefined) {
      packed = this.#owner.pack(frameOf(bytes));
      frames.set(this.#packedFor, packed);
    }
    this.#owner.sendPacked(packed);
  }

  announced(client: number): void {
    this.#filter.speaksFor(client);
  }

  sendMessage(text: string): void {
    this.connection.sendStateless(text);
  }

  refuse(error: TesseraError): void {
    this.#owner.refuse(this.address, error);
  }

  holdEdits(isHeld: boolean): void {
    const reason = `pressure of ${this.address}` as const;
    if (!isHeld) this.#owner.resume(reason);
    else if (this.#permit.guard.scope !== 'nothing') this.#owner.pause(reason);
  }

  retryHeld(): boolean {
    const held = this.#held;
    this.#held = [];
    this.board.holding.delete(this);
    let taken = false;
    try {
      for (const update of held) taken = this.#edit(update, true) || taken;
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
    this.holdEdits(false);
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
        this.#answerStep1(payload, frame);
        return;
      case SyncType.step2: {
        const ack = this.#asked.shift()?.ack ?? true;
        this.#edit({ syncType, bytes: payload, refused: false }, ack);
        return;
      }
      case SyncType.update:
        this.#edit({ syncType, bytes: payload, refused: false }, true);
        return;
      default:
        throw new TesseraError('malformed', `there is no sync message type ${syncType}`);
    }
  }

  #answerStep1(stateVector: Uint8Array, { type, body }: Frame): void {
    decodeOr('the state vector cannot be decoded', () => Y.decodeStateVector(stateVector));
    const version = readUpdateVersion(body);
    this.board.joins.answer(this, { stateVector, version }, ({ update, since }) => {
      if (!this.#open) return;
      if (since !== undefined) {
        this.#owner.sendFrame(syncFrame(this.address, FrameType.sync, SyncType.update, since));
      }
      const syncType = version === 2 ? SyncType.step2V2 : SyncType.step2;
      this.#owner.sendFrame(syncHead(this.address, syncType, update), update);
      if (type === FrameType.sync) this.#ask(true);
    });
  }

  /** Asks the client for everything the board does not have. */
  #ask(ack: boolean): void {
    this.#asked.push({ ack });
    const stateVector = Y.encodeStateVector(this.board.document);
    this.#owner.sendFrame(syncFrame(this.address, FrameType.sync, SyncType.step1, stateVector));
  }

  /** True if the board took the update, or the part of it that may be taken. */
  #edit(update: HeldUpdate, ack: boolean): boolean {
    const { syncType, bytes } = update;
    const { document } = this.board;
    if (document.isDestroyed) throw new TesseraError('board-unavailable', this.board.id);
    if (this.#permit.guard.scope === 'nothing') {
      this.#refuseEdit(update, ack);
      return false;
    }
    let rejection: RejectedMessage | undefined;
    const filter = (decoded: DecodedUpdate): FilteredUpdate => {
      const judged = this.#filter.judge({ syncType, bytes, decoded }, this.board, this.#permit);
      rejection = judged.rejection;
      return judged.taken;
    };
    if (
      !applyUpdate(document, bytes, { source: 'connection', connection: this.connection }, filter)
    ) {
      this.#hold(update);
      return false;
    }
    if (rejection !== undefined) {
      this.sendMessage(encodeMessage(rejection));
      // The answer to our question brings what is held once more, and that is then no news.
      if (!ack) for (const held of this.#held) held.refused = true;
    }
    if (ack) this.#answerWhenSaved(rejection === undefined && !update.refused);
    this.board.retryHeld();
    return true;
  }

  /** Everything committed for the board so far covers also what changed nothing, being there already. */
  #answerWhenSaved(takenAsWhole: boolean): void {
    this.#owner.whenSaved(this.board.id, () => {
      if (this.#open) this.#owner.sendFrame(syncStatusFrame(this.address, takenAsWhole));
    });
  }

  /** The update leans on others that are not here: kept unacked, and its sender asked for them. */
  #hold(update: HeldUpdate): void {
    this.#held.push(update);
    this.board.holding.add(this);
    const heldBytes = this.#held.reduce((sum, held) => sum + held.bytes.byteLength, 0);
    if (heldBytes > MAX_HELD_BYTES) {
      throw new TesseraError('malformed', 'updates came without the ones they depend on');
    }
    if (!this.#asked.some((asked) => !asked.ack)) this.#ask(false);
  }

  #refuseEdit({ syncType, bytes }: HeldUpdate, ack: boolean): void {
    const arrived = { syncType, bytes, decoded: decodeUpdate(bytes) };
    const rejection = this.#filter.refuse(arrived, this.board.document, this.#permit);
    if (rejection === undefined) {
      // A client that is up to date answers SyncStep1 with its delete set, which is no edit.
      if (ack) this.#answerWhenSaved(true);
      return;
    }
    this.sendMessage(encodeMessage(rejection));
    if (ack) this.#owner.sendFrame(syncStatusFrame(this.address, false));
  }
}

/** Stock clients end their SyncStep1 with the state vector, and so say nothing of a version. */
function readUpdateVersion(body: decoding.Decoder): UpdateVersion {
  if (!decoding.hasContent(body)) return 1;
  const newest = decodeOr('SyncStep1 has no number behind its state vector', () =>
    decoding.readVarUint(body),
  );
  return newest >= 2 ? 2 : 1;
}

function readPayload(frame: Frame): Uint8Array {
  return decodeOr('the message has no payload', () => decoding.readVarUint8Array(frame.body));
}
