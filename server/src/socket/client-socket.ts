import { randomUUID } from 'node:crypto';
import { parseBoardId, TesseraError } from '@tessera/model';
import * as decoding from 'lib0/decoding';
import type { Logger } from 'pino';
import type { RawData, WebSocket } from 'ws';
import type { Seat } from '../limits/admission.ts';
import type { TimeSlices } from '../limits/time-slices.ts';
import type { Meter, MeteredSocket, Traffic } from '../limits/traffic.ts';
import { Turns, type TurnsOwner } from '../limits/turns.ts';
import type { Work } from '../limits/work.ts';
import { forgetWhatWeDo } from '../sync/board-host.ts';
import type { BoardConnection, BoardSocket, Boards } from '../sync/boards.ts';
import type { LiveBoard } from '../sync/live-board.ts';
import { readRefusal } from '../sync/refusal.ts';
import { BoardChannel, type ChannelOwner } from './board-channel.ts';
import {
  AuthType,
  awarenessFrame,
  closeFrame,
  type Frame,
  FrameType,
  permissionDeniedFrame,
  readFrame,
  readToken,
  tokenFrame,
} from './frames.ts';
import { Outgoing, type OutgoingOptions, type OutgoingOwner } from './outgoing.ts';
import type { Wire } from './wire.ts';

export interface SocketLimits {
  /** Frames and bytes that may wait for their board's token to be accepted, per socket. */
  maxJoiningFrames: number;
  maxJoiningBytes: number;
  /** Addresses whose token is being checked at once. */
  maxJoiningBoards: number;
  /** Addresses that are open or being opened. */
  maxBoards: number;
}

/** One address on the socket: waiting for its token and board, or open. */
type Slot =
  | { state: 'joining'; since: number; hasToken: boolean; waiting: Frame[] }
  | { state: 'open'; channel: BoardChannel };

/** The same for all sockets of a node. */
export interface ClientSocketOptions {
  readonly boards: Boards;
  readonly limits: SocketLimits;
  readonly traffic: Traffic;
  readonly outgoing: OutgoingOptions;
  /** What the clients send that cannot be handled at once. */
  readonly slices: TimeSlices;
  readonly log: Logger;
  /** The client has gone. */
  closed(socket: ClientSocket): void;
}

/**
 * Why a socket is not read from: too much waits for the database, its client sends too fast, or what it
 * sent waits for its turn.
 */
type PauseReason = 'pressure' | 'too-fast' | 'turn' | `pressure of ${string}`;

/** For hooks of Hocuspocus that ask for it; none of ours does, and one for each socket takes 3 KB. */
const NO_REQUEST = { url: '/', headers: new Headers() } as Request;
const OPEN = 1;
const CLOSED = 3;
const EMPTY_PRESENCE = new Uint8Array([0]);
/** Errors of one board; every other error concerns the whole connection. */
const BOARD_ERRORS = new Set([
  'token-missing',
  'token-invalid',
  'token-expired',
  'token-revoked',
  'not-granted',
  'no-such-board',
  'epoch-changed',
  'board-unavailable',
]);

/**
 * One WebSocket. Stands between `ws` and Hocuspocus: Hocuspocus sees tokens and closes only, and what
 * it sends passes through here. Frames that come before their board is open wait here, bounded.
 */
export class ClientSocket
  implements BoardSocket, ChannelOwner, MeteredSocket, OutgoingOwner, TurnsOwner<Uint8Array>
{
  /** Flat: as Node makes it, it is a rope of 17 pieces that takes 600 bytes. */
  readonly id = Buffer.from(randomUUID()).toString('latin1');
  readonly openedAt = Date.now();
  /** Set at each ping, cleared by its pong or whatever else comes. */
  awaitsPong = false;
  wasHeard = false;
  #hasSentToken = false;
  /** Closed by this node, so that nothing more of the client is wanted. */
  #isEnded = false;
  #pausedFor: readonly PauseReason[] = [];
  readonly #ws: WebSocket;
  readonly #wire: Wire;
  readonly #outgoing: Outgoing;
  readonly #boards: Boards;
  readonly #limits: SocketLimits;
  readonly #log: Logger;
  readonly #hocuspocus: ReturnType<Boards['host']['handleConnection']>;
  readonly #slots = new Map<string, Slot>();
  readonly #meter: Meter;
  readonly #turns: Turns<Uint8Array>;
  readonly #work: Work;
  readonly #seat: Seat;
  readonly #closed: (socket: ClientSocket) => void;
  #actor: string | undefined;

  constructor(
    ws: WebSocket,
    wire: Wire,
    seat: Seat,
    { boards, limits, traffic, outgoing, slices, log, closed }: ClientSocketOptions,
  ) {
    this.#ws = ws;
    this.#wire = wire;
    this.#outgoing = new Outgoing(ws, wire, outgoing, this);
    this.#seat = seat;
    this.#closed = closed;
    this.#boards = boards;
    this.#limits = limits;
    this.#log = log;
    this.#meter = traffic.meter(this);
    this.#work = traffic.work;
    this.#turns = new Turns(this, slices);
    this.#hocuspocus = boards.host.handleConnection(this, NO_REQUEST, { socket: this });
    forgetWhatWeDo(this.#hocuspocus, this.id);
    boards.addSocket(this);
    ws.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    ws.on('pong', () => {
      this.awaitsPong = false;
    });
    ws.on('close', () => this.#onClose());
    ws.on('error', (error) => this.#log.info({ socket: this.id, err: error }, 'socket error'));
  }

  get protocol(): Wire['protocol'] {
    return this.#wire.protocol;
  }

  get channels(): BoardChannel[] {
    return [...this.#slots.values()].flatMap((slot) => (slot.state === 'open' ? slot.channel : []));
  }

  // --- what Hocuspocus calls

  get readyState(): number {
    return this.#ws.readyState;
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    const bytes = data as Uint8Array;
    const refusal = this.#joining > 0 ? readPermissionDenied(bytes) : undefined;
    if (refusal !== undefined) this.refuse(refusal.address, readRefusal(refusal.reason));
    else this.sendFrame(bytes);
  }

  /** Hocuspocus closes sockets only over frames it cannot read. */
  close(_code?: number, reason?: string): void {
    this.end(new TesseraError('malformed', reason));
  }

  // --- what hooks and channels call

  opened(connection: BoardConnection, board: LiveBoard): void {
    const slot = this.#slots.get(connection.messageAddress);
    if (slot?.state !== 'joining') {
      connection.close({ code: 1000, reason: 'closed by the client while it was being opened' });
      return;
    }
    const channel = new BoardChannel(this, connection, board);
    this.#actor = channel.identity.actor;
    if (!this.#seat.identified(this.#actor)) {
      this.end(new TesseraError('too-fast', `${this.#actor} has too many connections`));
    }
    this.#slots.set(connection.messageAddress, { state: 'open', channel });
    if (this.#boards.journal.isFull(board.id)) channel.holdEdits(true);
    this.#log.debug({ socket: this.id, board: board.id, actor: this.#actor }, 'board opened');
    this.#guarded(() => {
      for (const frame of slot.waiting) channel.receive(frame);
    });
  }

  sendFrame(frame: Uint8Array, rest?: Uint8Array): void {
    this.#outgoing.sendFrame(frame, rest);
  }

  pack(frame: Uint8Array): Uint8Array {
    return this.#outgoing.pack(frame);
  }

  sendPacked(packed: Uint8Array): void {
    this.#outgoing.sendPacked(packed);
  }

  get isSlow(): boolean {
    return this.#outgoing.isSlow;
  }

  whenSaved(board: string, saved: () => void): void {
    this.#boards.journal.whenSaved(board, saved);
  }

  countRefused(parts: number): void {
    this.#boards.countRefused(parts);
  }

  refuse(address: string, error: TesseraError): void {
    const slot = this.#slots.get(address);
    if (slot === undefined) return;
    const concernsOthers = !BOARD_ERRORS.has(error.code);
    if (error.httpStatus === 401 || error.httpStatus === 403) {
      this.sendFrame(permissionDeniedFrame(address, error.message));
    } else if (!concernsOthers && slot.state === 'joining') {
      this.sendFrame(closeFrame(address, error.message));
    }
    this.#leave(address, slot, error.message);
    if (concernsOthers || this.#slots.size === 0) this.end(error);
    else this.#boards.countClosed(error.code);
  }

  /** Closes the socket with the error's code and reason. */
  end(error: TesseraError): void {
    if (this.#ws.readyState !== OPEN) return;
    this.#isEnded = true;
    this.#boards.countClosed(error.code);
    this.#log.info(
      { socket: this.id, code: error.code, detail: error.message },
      'closing a socket',
    );
    // Reads on, so that the client's answer to the close frame arrives.
    this.#ws.resume();
    this.#ws.close(error.closeCode, error.closeReason);
  }

  /** Like `end`, and resolves when the socket is closed: by the client's answer, or by force after `withinMs`. */
  endAndWait(error: TesseraError, withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ws.readyState === CLOSED) return resolve();
      const timer = setTimeout(() => this.#ws.terminate(), withinMs);
      this.#ws.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.end(error);
    });
  }

  pause(reason: PauseReason = 'pressure'): void {
    if (!this.#pausedFor.includes(reason)) this.#pausedFor = [...this.#pausedFor, reason];
    // One that is being closed has to hear the client's answer.
    if (this.#ws.readyState === OPEN) this.#ws.pause();
  }

  resume(reason: PauseReason = 'pressure'): void {
    this.#pausedFor = this.#pausedFor.filter((other) => other !== reason);
    if (this.#pausedFor.length === 0) this.#ws.resume();
  }

  // --- what the meter of its traffic asks and calls

  get actor(): string | undefined {
    return this.#actor;
  }

  holdBack(isHeld: boolean): void {
    if (isHeld) this.pause('too-fast');
    else this.resume('too-fast');
  }

  // --- what its turns ask and call

  /** Those who are about to open a board come last: they may be thousands at once, and wait anyway. */
  get comesLast(): boolean {
    return this.#actor === undefined;
  }

  waitMs(): number {
    return this.#actor === undefined ? 0 : this.#work.waitMs(this.#actor);
  }

  crowded(isCrowded: boolean): void {
    if (isCrowded) this.pause('turn');
    else this.resume('turn');
  }

  handle(message: Uint8Array): void {
    if (this.#isEnded) return;
    const from = performance.now();
    this.#guarded(() => this.receive(this.#wire.read(message)));
    if (this.#actor !== undefined) this.#work.add(this.#actor, performance.now() - from);
  }

  // --- what the heartbeat asks and calls

  get isPaused(): boolean {
    return this.#ws.isPaused;
  }

  /** Since when a token is missing: for the socket as a whole, or for a board it sent frames to. */
  get tokenlessSince(): number | undefined {
    if (!this.#hasSentToken) return this.openedAt;
    for (const slot of this.#slots.values()) {
      if (slot.state === 'joining' && !slot.hasToken) return slot.since;
    }
    return undefined;
  }

  get lastSentAt(): number {
    return this.#outgoing.lastSentAt;
  }

  ping(): void {
    this.awaitsPong = true;
    this.#outgoing.ping();
  }

  terminate(): void {
    this.#ws.terminate();
  }

  /** Stock clients reconnect after 30 s without a message. */
  keepAlive(): void {
    const [channel] = this.channels;
    if (channel) this.sendFrame(awarenessFrame(channel.address, EMPTY_PRESENCE));
  }

  // ---

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#ws.readyState !== OPEN) return;
    const message = data as Uint8Array;
    this.wasHeard = true;
    this.awaitsPong = false;
    this.#meter.count(message.byteLength);
    if (isBinary) this.#turns.take(message);
    else this.end(new TesseraError('malformed', 'a text message; this protocol is binary'));
  }

  /** Takes one frame from the client; bridges put in frames of their own. */
  receive(frame: Frame): void {
    const slot = this.#slots.get(frame.address) ?? this.#join(frame);
    if (frame.type === FrameType.close) this.#leave(frame.address, slot, 'closed by the client');
    else if (slot.state === 'joining') this.#wait(slot, frame);
    else if (frame.type === FrameType.auth) this.#passToken(frame);
    else slot.channel.receive(frame);
  }

  #join(frame: Frame): Slot {
    parseBoardId(frame.board);
    if (this.#joining >= this.#limits.maxJoiningBoards) {
      throw new TesseraError('too-fast', `${this.#joining} boards are being opened already`);
    }
    if (this.#slots.size >= this.#limits.maxBoards) {
      throw new TesseraError('too-fast', `${this.#slots.size} boards are open on this connection`);
    }
    const slot: Slot = { state: 'joining', since: Date.now(), hasToken: false, waiting: [] };
    this.#slots.set(frame.address, slot);
    return slot;
  }

  #wait(slot: Extract<Slot, { state: 'joining' }>, frame: Frame): void {
    if (frame.type === FrameType.auth && !slot.hasToken) {
      slot.hasToken = true;
      this.#hasSentToken = true;
      this.#passToken(frame);
      return;
    }
    slot.waiting.push(frame);
    let frames = 0;
    let bytes = 0;
    for (const other of this.#slots.values()) {
      if (other.state !== 'joining') continue;
      frames += other.waiting.length;
      for (const waiting of other.waiting) bytes += waiting.bytes.byteLength;
    }
    if (frames > this.#limits.maxJoiningFrames || bytes > this.#limits.maxJoiningBytes) {
      throw new TesseraError('too-fast', `${frames} frames came before a token was accepted`);
    }
  }

  /** Written anew: Hocuspocus prints whatever it cannot read, stack and all. */
  #passToken(frame: Frame): void {
    this.#hocuspocus.handleMessage(tokenFrame(frame.address, readToken(frame)));
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof TesseraError)) {
        this.#log.error({ socket: this.id, err: error }, 'handling a frame failed');
      }
      this.end(
        error instanceof TesseraError
          ? error
          : new TesseraError('board-unavailable', 'the node failed on this message'),
      );
    }
  }

  get #joining(): number {
    let joining = 0;
    for (const slot of this.#slots.values()) if (slot.state === 'joining') joining += 1;
    return joining;
  }

  #leave(address: string, slot: Slot, reason: string): void {
    this.#slots.delete(address);
    if (slot.state === 'joining') return;
    slot.channel.close();
    slot.channel.connection.close({ code: 1000, reason });
  }

  /** What the client sent before it left counts. */
  #onClose(): void {
    this.#turns.finish(() => this.#close());
  }

  #close(): void {
    for (const slot of this.#slots.values()) if (slot.state === 'open') slot.channel.close();
    this.#slots.clear();
    this.#meter.close();
    this.#outgoing.close();
    this.#boards.removeSocket(this);
    this.#closed(this);
    this.#hocuspocus.handleClose({ code: 1000, reason: '' });
  }
}

function readPermissionDenied(bytes: Uint8Array): { address: string; reason: string } | undefined {
  const { address, type, body } = readFrame(bytes);
  if (type !== FrameType.auth || decoding.readVarUint(body) !== AuthType.permissionDenied) {
    return undefined;
  }
  return { address, reason: decoding.readVarString(body) };
}
