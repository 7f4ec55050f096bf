import type { LocalStore } from '../src/local-copy.ts';
import { localStore } from './local-store.ts';
import { memoryBackend } from './storage-memory.ts';

/** A store that ends with the program: for tests, and for where nothing may be left behind. */
export function memoryStore(): LocalStore {
  return localStore(memoryBackend());
}
