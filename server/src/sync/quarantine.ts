import { errors, TesseraError } from '@tessera/model';
import type { BoardHead, QuarantinedBoard, QuarantineStore } from '@tessera/persistence';
import type { Logger } from 'pino';
import type { Permit } from '../auth/authorize.ts';
import { WriteGuard } from '../auth/write-guard.ts';
import { SingleFlight } from '../single-flight.ts';

export interface QuarantineOptions {
  store: QuarantineStore;
  /** Tells the other nodes of a board that has been marked. */
  tellNodes(board: string, reason: string): void;
  counters: { quarantined(): void };
  log: Logger;
}

/**
 * Boards whose stored content cannot be loaded. They are marked in the store, so that nobody tries again
 * until an operator has looked; whoever is granted `admin` on one sees what can be read of it.
 */
export class Quarantine {
  readonly #options: QuarantineOptions;
  readonly #finding = new SingleFlight<QuarantinedBoard | undefined>();
  /** Boards in memory of which only what can be read is there. */
  readonly #open = new Map<string, QuarantinedBoard>();
  /** Permits to look at such boards: all other permits are for boards that are whole. */
  readonly #lookers = new WeakSet<Permit>();

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  find(board: string): Promise<QuarantinedBoard | undefined> {
    return this.#finding.do(board, () => this.#options.store.find(board));
  }

  /** The mark of a board that is in memory for people to look at. */
  openMark(board: string): QuarantinedBoard | undefined {
    return this.#open.get(board);
  }

  opened(mark: QuarantinedBoard): void {
    this.#open.set(mark.board, mark);
  }

  closed(board: string): void {
    this.#open.delete(board);
  }

  /**
   * Makes of a permit one to look at a board that is marked.
   * @throws TesseraError `board-unavailable` unless it is an administrator's
   */
  admit(permit: Permit, mark: QuarantinedBoard): Permit {
    if (permit.guard.rights.access !== 'admin') throw refusal(mark);
    const looker = { ...permit, guard: new WriteGuard({ access: 'read' }) };
    this.#lookers.add(looker);
    return looker;
  }

  /** Why the board as it is in memory is not what this permit is for: marked or released meanwhile. */
  refusalOf(board: string, permit: Permit): TesseraError | undefined {
    const mark = this.#open.get(board);
    if ((mark !== undefined) === this.#lookers.has(permit)) return undefined;
    return mark === undefined ? released(board) : refusal(mark);
  }

  /**
   * The board cannot be loaded, for what is stored of it: marks it, once for its epoch.
   * @returns what whoever wants to open it is told
   */
  async mark({ board, epoch }: BoardHead, cause: TesseraError): Promise<TesseraError> {
    const { store, log, counters, tellNodes } = this.#options;
    const reason = reasonOf(cause, board);
    log.error({ err: cause, board }, 'a board cannot be loaded, and is quarantined');
    try {
      const mark = await store.add({ board, epoch, reason });
      if (mark === undefined) return cause;
      counters.quarantined();
      tellNodes(board, mark.reason);
      return refusal(mark);
    } catch (error) {
      // Whoever comes next tries to load it again, and to mark it.
      log.error({ err: error, board }, 'a board could not be marked as quarantined');
      return cause;
    }
  }
}

/** A board is refused for being in quarantine, which was logged when it was marked. */
export class InQuarantine extends TesseraError {}

/** What is told to whoever may not look at it. The reason comes last, where close frames are cut. */
export function refusal({
  board,
  reason,
}: Pick<QuarantinedBoard, 'board' | 'reason'>): TesseraError {
  const detail = `${board} is quarantined, an operator has to look (tessera verify): ${reason}`;
  return new InQuarantine('board-unavailable', detail);
}

/** The mark was lifted while what can be read of the board was open. */
export function released(board: string): TesseraError {
  return new InQuarantine('board-unavailable', `${board} was in quarantine; connect again`);
}

/** What is wrong with it, without what every message of this kind begins with. */
function reasonOf({ code, message }: TesseraError, board: string): string {
  const beginning = `${errors[code].message}: board ${board}: `;
  return message.startsWith(beginning) ? message.slice(beginning.length) : message;
}
