/**
 * The way of one person to the node, and a switch in it. The SDK needs none: it notices by itself
 * when a network goes. This is for showing what happens then, without pulling a cable.
 */
export class Network {
  readonly #sockets = new Set<SwitchedSocket>();
  readonly #listeners = new Set<() => void>();
  #isOn = true;

  get isOn(): boolean {
    return this.#isOn;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  turn(on: boolean): void {
    if (on === this.#isOn) return;
    this.#isOn = on;
    for (const socket of [...this.#sockets]) {
      if (on) socket.connect();
      else socket.cut();
    }
    for (const listener of [...this.#listeners]) listener();
  }

  /** Runs `make` in a world where sockets go through this network: a client keeps the kind it was made with. */
  around<T>(make: () => T): T {
    const world: { WebSocket: unknown } = globalThis;
    const { WebSocket } = globalThis;
    const network = this;
    world.WebSocket = class extends SwitchedSocket {
      constructor(url: string) {
        super(url, network);
      }
    };
    try {
      return make();
    } finally {
      world.WebSocket = WebSocket;
    }
  }

  add(socket: SwitchedSocket): void {
    this.#sockets.add(socket);
  }

  remove(socket: SwitchedSocket): void {
    this.#sockets.delete(socket);
  }
}

const forwarded = ['open', 'message', 'error'] as const;

/** As much of a WebSocket as the client uses. One that is made while the network is off connects when it is on. */
class SwitchedSocket extends EventTarget {
  readonly OPEN = WebSocket.OPEN;
  binaryType: BinaryType = 'blob';
  readonly #url: string;
  readonly #network: Network;
  #socket: WebSocket | undefined;
  #isClosed = false;

  constructor(url: string, network: Network) {
    super();
    this.#url = url;
    this.#network = network;
    network.add(this);
    // The client puts its listeners on right after it was made.
    if (network.isOn) this.connect();
  }

  get readyState(): number {
    if (this.#isClosed) return WebSocket.CLOSED;
    return this.#socket?.readyState ?? WebSocket.CONNECTING;
  }

  connect(): void {
    if (this.#socket !== undefined || this.#isClosed) return;
    const socket = new WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    for (const type of forwarded) {
      socket.addEventListener(type, (event) => {
        if (this.#isClosed) return;
        const data = event instanceof MessageEvent ? { data: event.data } : undefined;
        this.dispatchEvent(data === undefined ? new Event(type) : new MessageEvent(type, data));
      });
    }
    socket.addEventListener('close', ({ code, reason }) => this.#end(code, reason));
  }

  send(data: ArrayBuffer): void {
    this.#socket?.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#socket?.close(code, reason);
    this.#end(code ?? 1005, reason ?? '');
  }

  /** As if the network were gone: the client is not waited for. */
  cut(): void {
    if (this.#socket === undefined) return;
    this.#socket.close();
    this.#end(1006, '');
  }

  #end(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#network.remove(this);
    this.dispatchEvent(new CloseEvent('close', { code, reason }));
  }
}
