/**
 * Boards that are kept on the device: they can be read and edited with no network, and edits survive
 * the end of the page.
 *
 * @module @tessera/client/offline
 */
export type { AsideEdits, LocalCopy, LocalStore } from '../src/local-copy.ts';
export { localStore } from './local-store.ts';
export { memoryStore } from './memory-store.ts';
export type {
  BoardStorage,
  CopyChange,
  EditsUpTo,
  StorageBackend,
  StoredCopy,
  StoredRow,
  UnsavedEdits,
} from './storage.ts';
export { type IndexedDbOptions, indexedDbStore } from './storage-indexeddb.ts';
