export interface PeerEvents {
  /** Nothing was heard of the node for a while, or it said goodbye. */
  gone(node: string): void;
  /** A node that counted as gone speaks again. */
  returned(node: string): void;
}

interface Peer {
  heardAt: number;
  gone: boolean;
}

/** A node says that it is alive once in this time. */
export const ALIVE_EVERY_MS = 1_000;
const SILENT_AFTER_MS = 2_500;
const GONE_AFTER_MS = 3_500;
const FORGOTTEN_AFTER_MS = 60_000;

/** The other nodes, as far as they were heard of on the wire. Times in ms of a clock that never steps back. */
export class Peers {
  readonly #events: PeerEvents;
  readonly #peers = new Map<string, Peer>();

  constructor(events: PeerEvents) {
    this.#events = events;
  }

  /** How many other nodes are there. */
  get count(): number {
    let count = 0;
    for (const { gone } of this.#peers.values()) if (!gone) count += 1;
    return count;
  }

  /** Any message counts. */
  heard(node: string, now: number): void {
    const peer = this.#peers.get(node);
    if (peer === undefined) {
      this.#peers.set(node, { heardAt: now, gone: false });
      return;
    }
    peer.heardAt = now;
    if (!peer.gone) return;
    peer.gone = false;
    this.#events.returned(node);
  }

  /** It said so itself, and will not come back by this name. */
  left(node: string): void {
    const peer = this.#peers.get(node);
    this.#peers.delete(node);
    if (peer?.gone === false) this.#events.gone(node);
  }

  /** To be called a few times a second. */
  check(now: number): void {
    for (const [node, peer] of this.#peers) {
      const silentMs = now - peer.heardAt;
      if (silentMs > FORGOTTEN_AFTER_MS) this.#peers.delete(node);
      if (peer.gone || silentMs <= GONE_AFTER_MS) continue;
      peer.gone = true;
      this.#events.gone(node);
    }
  }

  /** Whether a node has been silent for longer than it should, or not long enough to be forgotten: it may be committing all the same. */
  anySilent(now: number): boolean {
    for (const { heardAt } of this.#peers.values())
      if (now - heardAt > SILENT_AFTER_MS) return true;
    return false;
  }
}
