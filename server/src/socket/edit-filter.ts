import {
  type DecodedUpdate,
  type FilteredUpdate,
  filterUpdate,
  type Place,
  TesseraError,
} from '@tessera/model';
import type * as Y from 'yjs';
import { rejectionOf } from '../auth/write-guard.ts';
import { SyncType } from './frames.ts';

/** An update as it came, decoded, and the sync message it came in. */
export interface ArrivedUpdate {
  readonly syncType: number;
  readonly bytes: Uint8Array;
  readonly decoded: DecodedUpdate;
}

export interface EditFilterOptions {
  /** Whether the client can be told that an edit was refused. */
  readonly canBeTold: boolean;
  countRefused(parts: number): void;
}

/** Takes out of the updates of one connection what its token does not let it write. */
export class EditFilter {
  readonly #options: EditFilterOptions;
  readonly #ownClients = new Set<number>();

  constructor(options: EditFilterOptions) {
    this.#options = options;
  }

  /** The connection has shown presence with this client id, as nobody else may. */
  speaksFor(client: number): void {
    this.#ownClients.add(client);
  }

  /** @throws TesseraError `not-granted` when it would be refused something and cannot be told. */
  apply(
    update: ArrivedUpdate,
    document: Y.Doc,
    mayWrite: (place: Place) => boolean,
  ): FilteredUpdate {
    const isOwn = this.#isOwn(update);
    const filtered = filterUpdate(update.decoded, update.bytes, document, { mayWrite, isOwn });
    const { refused } = filtered;
    if (refused === undefined) return filtered;
    this.#options.countRefused(refused.parts);
    // It would go on as if the edit were saved. What others made is on its way here without it.
    if (refused.own && !this.#options.canBeTold) {
      throw new TesseraError('not-granted', rejectionOf(refused).reason);
    }
    return filtered;
  }

  /**
   * Which client ids the sender makes structs of. Its presence tells. Of a client that shows none,
   * only a lone author in an update sent as such is taken for itself: an answer to SyncStep1 may
   * bring edits of others that have not come here yet.
   */
  #isOwn({ syncType, decoded: { structs } }: ArrivedUpdate): (client: number) => boolean {
    if (this.#ownClients.size > 0) return (client) => this.#ownClients.has(client);
    const author = structs[0]?.id.client;
    const isAlone = structs.every(({ id }) => id.client === author);
    return () => isAlone && syncType === SyncType.update;
  }
}
