import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './postgres-cluster.ts';

/** A stretch of network that can fail: clients connect to it instead of to the server behind it. */
export interface TcpProxy {
  /** On 127.0.0.1, the same for as long as the proxy lives. */
  readonly port: number;
  /** Connections that are open through it. */
  readonly connections: number;
  /** The address of the server behind, led through the proxy: host and port replaced, the rest kept. */
  url(base: string): string;
  /** Resets every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Nothing passes any more, not even the end of a connection; new connections open, and hang. */
  blackHole(): void;
  /**
   * Works again. What a black hole held flows on, as after an outage that TCP outlived, or with
   * `{ held: 'reset' }` is lost with its connections.
   */
  restore(options?: { held: 'flow' | 'reset' }): Promise<void>;
  /** Ends it, and every connection. Idempotent. */
  close(): Promise<void>;
}

/** Starts a proxy in front of the TCP server at `port`. */
export async function startProxy(target: { host?: string; port: number }): Promise<TcpProxy> {
  // Not one the system may hand out meanwhile: the proxy lets go of it while it is cut.
  const port = await freePort();
  const pairs = new Set<Pair>();
  let holding = false;
  let server: Server | undefined = await listen();

  async function listen(): Promise<Server> {
    const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      const pair = new Pair(client, target, () => pairs.delete(pair));
      pairs.add(pair);
      if (!holding) pair.flow();
    });
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return listener;
  }
  function resetAll(): void {
    for (const pair of pairs) pair.reset();
  }
  async function cut(): Promise<void> {
    const listener = server;
    server = undefined;
    holding = false;
    const closed = new Promise((resolve) => (listener ? listener.close(resolve) : resolve(null)));
    resetAll();
    await closed;
  }
  return {
    port,
    get connections() {
      return pairs.size;
    },
    url(base) {
      const url = new URL(base);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      return url.href;
    },
    cut,
    blackHole() {
      if (server === undefined) throw new Error('the proxy is cut: restore it first');
      holding = true;
      for (const pair of pairs) pair.hold();
    },
    async restore({ held } = { held: 'flow' }) {
      if (holding && held === 'reset') resetAll();
      holding = false;
      server ??= await listen();
      for (const pair of pairs) pair.flow();
    },
    close: cut,
  };
}

/** A client's connection and the one to the server that continues it. */
class Pair {
  readonly #client: Socket;
  readonly #target: { host?: string; port: number };
  readonly #whenGone: () => void;
  #server: Socket | undefined;
  #holding = true;
  readonly #held: (() => void)[] = [];

  constructor(client: Socket, target: { host?: string; port: number }, whenGone: () => void) {
    this.#client = client;
    this.#target = target;
    this.#whenGone = whenGone;
    client.once('close', () => this.#closed());
  }

  hold(): void {
    this.#holding = true;
    // Leaves the rest in the buffers of the system, so that senders feel it.
    this.#client.pause();
    this.#server?.pause();
  }

  flow(): void {
    this.#holding = false;
    this.#server ??= this.#connect();
    for (const pass of this.#held.splice(0)) pass();
    this.#client.resume();
    this.#server.resume();
  }

  reset(): void {
    this.#held.length = 0;
    resetSocket(this.#client);
    if (this.#server !== undefined) resetSocket(this.#server);
  }

  #connect(): Socket {
    const server = connect({ host: '127.0.0.1', ...this.#target, allowHalfOpen: true });
    server.once('close', () => this.#closed());
    this.#join(this.#client, server);
    this.#join(server, this.#client);
    return server;
  }

  #join(from: Socket, to: Socket): void {
    from.setNoDelay();
    from.on('data', (bytes) => {
      this.#pass(() => {
        if (!to.write(bytes)) from.pause();
      });
    });
    to.on('drain', () => {
      if (!this.#holding) from.resume();
    });
    // A paused socket still tells that it ended or failed: that must not pass either.
    from.once('end', () => this.#pass(() => to.end()));
    from.on('error', () => this.#pass(() => resetSocket(to)));
  }

  #pass(action: () => void): void {
    if (this.#holding) this.#held.push(action);
    else action();
  }

  #closed(): void {
    if (this.#client.destroyed && (this.#server?.destroyed ?? true)) this.#whenGone();
  }
}

function resetSocket(socket: Socket): void {
  // Node 24 resets only after everything was sent, which may be never, and then only what is neither
  // being connected nor shut down.
  const isIdle = !socket.connecting && !socket.writableEnded && socket.writableLength === 0;
  if (isIdle) socket.resetAndDestroy();
  else socket.destroy();
}
