import { maxDepth } from './json.ts';

/**
 * How much one update may hold. Measured on Node 24: 10,000 edits of two keys made offline are 20,000
 * structs, twelve large dashboards (2.5 MB) 20,000 structs and 143,000 values, 200,000 moves of 1,000
 * widgets 207,000 structs, a text of 260,000 edits 11,000 structs and 2,600 deletions.
 */
export const updateBudget = Object.freeze({
  /** Items, collected ones and gaps. Yjs takes about 1 µs and 200 bytes of heap for each, twice. */
  maxStructs: 300_000,
  /** Clients that structs are of. Every page load is a new one, and stays in every state vector for good. */
  maxClients: 50_000,
  /** Ranges of deletions. Whoever answers SyncStep1 sends all there are on the board. */
  maxDeletions: 500_000,
  /** Ranges of deletions that do not come after the one before, as they always do; each may move all that follows. */
  maxUnorderedDeletions: 1_000,
  /** Values in plain values, each as short as a byte and some 60 bytes of heap. */
  maxValues: 2_000_000,
  /** Subdocuments, of some 2 KB of heap each as soon as they are decoded. */
  maxDocuments: 1_000,
  /** Of a key, or a name of a root type, a format or an element. They are copied into events and paths. */
  maxKeyBytes: 4_096,
  /** Of plain values in each other, and of shared types: as deep as `copyJson` lets applications write. */
  maxLevels: maxDepth,
  /** Root types of a board. Yjs goes through all of them to find the name of one. */
  maxRootTypes: 256,
});

export type UpdateBudget = typeof updateBudget;
