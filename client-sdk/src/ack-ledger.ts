import type { FrameKind } from './frame.ts';

/**
 * Knows which edits of a board the server has committed. The stock provider counts answers, and
 * says "all saved" too early: after a reconnect it expects one answer and takes that to the first
 * of several queued updates for the one it waits for.
 *
 * Edits are numbered. Each frame that carries edits covers all made before it was sent; the
 * server answers such frames in order, after the commit. A connection starts with SyncStep1; the
 * server asks back, and the SyncStep2 that answers covers everything made until then, so updates
 * before it are not sent at all. When the server asks once more, for a part that it misses, it
 * answers the update that was incomplete, and not the SyncStep2.
 */
export class AckLedger {
  #edits = 0;
  #saved = 0;
  #phase: 'closed' | 'asked' | 'exchanged' = 'closed';
  /** For each unanswered frame of this connection: the newest edit it covers. */
  #inFlight: number[] = [];

  /** How many edits were made so far. The number of an edit is the count just after it. */
  get edits(): number {
    return this.#edits;
  }

  /** Every edit up to this number is in the server's log. */
  get saved(): number {
    return this.#saved;
  }

  get unsaved(): number {
    return this.#edits - this.#saved;
  }

  /** Whether this connection's SyncStep2 was sent: from here on edits leave at once. */
  get exchanged(): boolean {
    return this.#phase === 'exchanged';
  }

  /** Whether every frame that was sent on this connection is answered. */
  get isIdle(): boolean {
    return this.#inFlight.length === 0;
  }

  /** An edit was made here. */
  edited(): void {
    this.#edits += 1;
  }

  /** Edits of an earlier page, in the document and not known to be saved, that were not counted yet. */
  restored(count: number): void {
    this.#edits += count;
  }

  /** A frame is about to be sent; false if it must not be. */
  sending(kind: FrameKind): boolean {
    switch (kind) {
      case 'step1':
        this.#phase = 'asked';
        this.#inFlight = [];
        return true;
      case 'step2':
        if (this.#phase === 'asked') this.#inFlight.push(this.#edits);
        this.#phase = 'exchanged';
        return true;
      case 'update':
        if (!this.exchanged) return false;
        this.#inFlight.push(this.#edits);
        return true;
      default:
        return true;
    }
  }

  /** The server has committed what the oldest unanswered frame carried. */
  answered(): void {
    const covered = this.#inFlight.shift();
    if (covered !== undefined) this.#saved = covered;
  }

  /** The connection is gone; what it left unanswered stays unsaved until the next one. */
  closed(): void {
    this.#phase = 'closed';
    this.#inFlight = [];
  }
}
