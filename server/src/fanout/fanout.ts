import type { FanoutMessage } from './message.ts';

/**
 * The wire between the nodes. It makes convergence fast and is never what makes it right: messages are
 * delivered at most once, and the log is read whenever some may be missing.
 *
 * Every implementation passes `fanout.contract.ts`.
 */
export interface Fanout {
  /**
   * From the moment this resolves, messages about the board arrive. It also resolves, soon, when the
   * wire is away; they arrive once it is back, which `restored` tells. Never rejects. Idempotent.
   */
  subscribe(board: string): Promise<void>;
  /** Messages about the board are no longer wanted. */
  unsubscribe(board: string): void;
  /**
   * Sends the message to every other node that is subscribed to its board, or to every other node if
   * it names none. Never waits and never throws; what could not be sent is told by `unsent`.
   */
  publish(message: FanoutMessage): void;
  /** Why messages may not arrive, or may not be sent; undefined while all is well. */
  readonly failure: Error | undefined;
  /** How many boards messages are arriving for; the boards subscribed to while the wire works, else fewer. */
  readonly subscriptions: number;
  /** Idempotent. Nothing is called back afterwards. */
  close(): Promise<void>;
}

/** What a fan-out calls. All but `received` may be called at any time after it was made. */
export interface FanoutEvents {
  /** A message of another node; `from` names it, uniquely for each start of its process. */
  received(message: FanoutMessage, from: string): void;
  /** The message was not sent, or perhaps not. `restored` follows when it can be sent again. */
  unsent(message: FanoutMessage): void;
  /** The wire, or a part of it, is away. May be called again when the reason changes. */
  away(failure: Error): void;
  /** Everything subscribed to arrives again; anything may have been missed until now. Also called after the first connect. */
  restored(): void;
}
