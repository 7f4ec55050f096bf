import { connect, type Socket } from 'node:net';

/** One message. Large ones come in parts, which are put together only when asked to be. */
export interface Message {
  /** Its beginning, a few bytes at least. */
  readonly start: Buffer;
  readonly bytes: number;
  whole(): Buffer;
}

export interface LightSocketEvents {
  opened(): void;
  message(message: Message): void;
  /** The connection ended, or there never was one. Once. */
  closed(reason: string): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const Opcode = { binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** Any but zeros, which servers do not bother to take off. */
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
/** With less of a message than this in the first part, more is waited for. */
const START_BYTES = 256;

/**
 * A WebSocket that costs the generator a fraction of what `ws` takes: thousands connect in a second, and
 * hundreds of megabytes arrive, of which only the number counts. Knows what servers of this suite send.
 */
export class LightSocket {
  readonly #events: LightSocketEvents;
  readonly #socket: Socket;
  #isOpen = false;
  #reason = '';
  /** What has come and is not a whole header yet. */
  #rest: Buffer = Buffer.alloc(0);
  /** Of the frame that is being received. */
  #opcode = 0;
  #isFinal = true;
  #missing = 0;
  /** Of the message that is being received. */
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(url: string, events: LightSocketEvents) {
    this.#events = events;
    const { hostname, port, pathname } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => {
      this.#socket.write(
        `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      );
    });
    this.#socket.on('data', (data) => this.#received(data));
    this.#socket.once('error', ({ message }) => this.#says(message));
    this.#socket.once('end', () => this.#says('the server ended the connection'));
    this.#socket.once('close', () => events.closed(this.#reason));
  }

  send(payload: Uint8Array): void {
    this.#write(Opcode.binary, payload);
  }

  /** As when a tab is closed. `closed` is called later, as ever. */
  terminate(): void {
    this.#says('ended by the client');
    this.#socket.destroy();
  }

  #write(opcode: number, payload: Uint8Array): void {
    const { byteLength } = payload;
    const lengthBytes = byteLength < 126 ? 0 : byteLength < 65_536 ? 2 : 8;
    const frame = Buffer.allocUnsafe(6 + lengthBytes + byteLength);
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | (lengthBytes === 0 ? byteLength : lengthBytes === 2 ? 126 : 127);
    if (lengthBytes === 2) frame.writeUInt16BE(byteLength, 2);
    if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(byteLength), 2);
    MASK.copy(frame, 2 + lengthBytes);
    const from = 6 + lengthBytes;
    for (let at = 0; at < byteLength; at++) {
      frame[from + at] = (payload[at] ?? 0) ^ (MASK[at & 3] ?? 0);
    }
    this.#socket.write(frame);
  }

  #received(data: Buffer): void {
    let bytes = data;
    if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, data]);
      this.#rest = Buffer.alloc(0);
    }
    while (bytes.length > 0 && !this.#socket.destroyed) {
      const taken = this.#isOpen
        ? this.#missing > 0
          ? this.#payload(bytes)
          : this.#header(bytes)
        : this.#answer(bytes);
      if (taken === 0) {
        this.#rest = bytes;
        return;
      }
      bytes = bytes.subarray(taken);
    }
  }

  /** The answer to the handshake. */
  #answer(bytes: Buffer): number {
    const end = bytes.indexOf(HEAD_END);
    if (end === -1) return 0;
    const status = bytes.toString('latin1', 0, bytes.indexOf('\r\n'));
    if (!status.startsWith('HTTP/1.1 101')) {
      this.#says(status);
      this.#socket.destroy();
    } else {
      this.#isOpen = true;
      this.#events.opened();
    }
    return end + HEAD_END.length;
  }

  #header(bytes: Buffer): number {
    const [first = 0, second = 0] = bytes;
    const headerBytes = second < 126 ? 2 : second === 126 ? 4 : 10;
    if (bytes.length < headerBytes) return 0;
    const length =
      second < 126
        ? second
        : second === 126
          ? bytes.readUInt16BE(2)
          : Number(bytes.readBigUInt64BE(2));
    this.#opcode = first & 0x0f;
    this.#isFinal = (first & 0x80) !== 0;
    const here = bytes.length - headerBytes;
    // A beginning that can be read at once, so that nobody has to put it together.
    if (this.#bytes === 0 && here < Math.min(length, START_BYTES)) return 0;
    this.#missing = length;
    if (length === 0) this.#ended();
    return headerBytes;
  }

  #payload(bytes: Buffer): number {
    const part = bytes.subarray(0, this.#missing);
    this.#missing -= part.length;
    if (this.#opcode === Opcode.close) {
      const code = part.length >= 2 ? part.readUInt16BE(0) : 1005;
      this.#says(`closed with ${code} ${part.toString('utf8', 2)}`.trim());
      this.#socket.destroy();
    } else if (this.#opcode === Opcode.ping) {
      this.#write(Opcode.pong, part);
    } else {
      this.#parts.push(part);
      this.#bytes += part.length;
      if (this.#missing === 0) this.#ended();
    }
    return part.length;
  }

  /** A frame, and with it maybe a message. The parts of one may have a ping between them. */
  #ended(): void {
    if (!this.#isFinal || this.#opcode > Opcode.binary) return;
    const [parts, bytes] = [this.#parts, this.#bytes];
    this.#parts = [];
    this.#bytes = 0;
    const [start] = parts;
    if (start === undefined) return;
    this.#events.message({
      start,
      bytes,
      whole: () => (parts.length === 1 ? start : Buffer.concat(parts, bytes)),
    });
  }

  /** What went wrong first is the reason. */
  #says(reason: string): void {
    this.#reason ||= reason;
  }
}
