import type { LocalStore } from '../src/local-copy.ts';
import { KeptCopy } from './kept-copy.ts';
import type { StorageBackend } from './storage.ts';

/** A store for a client, with the copies of its boards in `backend`. */
export function localStore(backend: StorageBackend): LocalStore {
  return {
    copyOf: (board) => new KeptCopy(board, backend),
    close: () => backend.close(),
  };
}
