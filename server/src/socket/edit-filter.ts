import {
  type DecodedUpdate,
  type FilteredUpdate,
  filterUpdate,
  type Place,
  type RejectedMessage,
  TesseraError,
} from '@tessera/model';
import type * as Y from 'yjs';
import type { Permit } from '../auth/authorize.ts';
import type { BoardContent } from '../content/board-content.ts';
import { SyncType } from './frames.ts';
import { Obstacles } from './obstacles.ts';

/** An update as it came, decoded, and the sync message it came in. */
export interface ArrivedUpdate {
  readonly syncType: number;
  readonly bytes: Uint8Array;
  readonly decoded: DecodedUpdate;
}

export interface EditFilterOptions {
  /** y-websocket has no word for an edit that was refused. */
  readonly protocol: 'hocuspocus' | 'y-websocket';
  countRefused(parts: number): void;
}

/** What an update would be applied to. */
export interface EditedBoard {
  readonly document: Y.Doc;
  readonly content: Pick<BoardContent, 'objectionsTo' | 'count'>;
}

/** What becomes of an update: the part that is taken, and what its sender is told of the rest. */
export interface Judgement {
  readonly taken: FilteredUpdate;
  readonly rejection: RejectedMessage | undefined;
}

/** Each time it is looked at again, all of the board is copied. */
const MAX_ROUNDS = 3;

/** Takes out of the updates of one connection what its token does not let it write, or the board may not hold. */
export class EditFilter {
  readonly #options: EditFilterOptions;
  #ownClients: Set<number> | undefined;

  constructor(options: EditFilterOptions) {
    this.#options = options;
  }

  /** The connection has shown presence with this client id, as nobody else may. */
  speaksFor(client: number): void {
    this.#ownClients ??= new Set();
    this.#ownClients.add(client);
  }

  /**
   * What is left without the part that is objected to is looked at again, as it may be another edit
   * then. What is taken is to be applied to the document at once.
   * @throws TesseraError `not-granted` or `edit-refused` when it would be refused something and cannot
   * be told; `malformed` when it leans on itself in a circle; others when the board cannot take it
   */
  judge(
    update: ArrivedUpdate,
    { document, content }: EditedBoard,
    { guard }: Pick<Permit, 'guard'>,
  ): Judgement {
    const obstacles = new Obstacles(guard);
    const mayWrite = (place: Place) => obstacles.leaveFree(place);
    let taken = this.#filter(update, document, mayWrite);
    if (taken.isCircular) {
      throw new TesseraError('malformed', 'the update refers to itself in a circle');
    }
    for (let round = 1; !this.#endsFor(taken); round += 1) {
      const found = content.objectionsTo(taken);
      if (found.length === 0) break;
      obstacles.add(found, { isLastRound: round === MAX_ROUNDS });
      taken = this.#filter(update, document, mayWrite);
    }
    content.count(obstacles.rules);
    return { taken, rejection: this.#rejectionOf(taken, obstacles) };
  }

  /** What a reader sends. Undefined if it is no edit. @throws TesseraError as `judge` */
  refuse(
    update: ArrivedUpdate,
    document: Y.Doc,
    { guard }: Pick<Permit, 'guard'>,
  ): RejectedMessage | undefined {
    return this.#rejectionOf(
      this.#filter(update, document, () => false),
      new Obstacles(guard),
    );
  }

  #rejectionOf({ refused }: FilteredUpdate, obstacles: Obstacles): RejectedMessage | undefined {
    if (refused === undefined) return undefined;
    this.#options.countRefused(refused.parts);
    const rejection = obstacles.rejectionOf(refused);
    if (!this.#endsFor({ refused })) return rejection;
    // It would go on as if the edit were saved. What others made is on its way here without it.
    const code = obstacles.rules.size > 0 ? 'edit-refused' : 'not-granted';
    throw new TesseraError(code, rejection.reason);
  }

  #endsFor({ refused }: Pick<FilteredUpdate, 'refused'>): boolean {
    return refused?.own === true && this.#options.protocol === 'y-websocket';
  }

  #filter(
    update: ArrivedUpdate,
    document: Y.Doc,
    mayWrite: (place: Place) => boolean,
  ): FilteredUpdate {
    const isOwn = this.#isOwn(update);
    return filterUpdate(update.decoded, update.bytes, document, { mayWrite, isOwn });
  }

  /**
   * Which client ids the sender makes structs of. Its presence tells. Of a client that shows none,
   * only a lone author in an update sent as such is taken for itself: an answer to SyncStep1 may
   * bring edits of others that have not come here yet.
   */
  #isOwn({ syncType, decoded: { structs } }: ArrivedUpdate): (client: number) => boolean {
    const own = this.#ownClients;
    if (own !== undefined) return (client) => own.has(client);
    const author = structs[0]?.id.client;
    const isAlone = structs.every(({ id }) => id.client === author);
    return () => isAlone && syncType === SyncType.update;
  }
}
