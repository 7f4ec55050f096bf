export type {
  Appended,
  BoardHead,
  BoardStore,
  LogTail,
  NewUpdate,
  Snapshot,
  StoredBoard,
  StoredUpdate,
} from './board-store.ts';
export { createMemoryBoardStore } from './board-store-memory.ts';
export { createSqlBoardStore } from './board-store-sql.ts';
export {
  Compactor,
  type CompactorOptions,
  createCompactor,
  type LoadedSize,
} from './compaction.ts';
export type { Database, Param, Queryable } from './database.ts';
export { type Commit, Journal, type JournalEvents, type JournalOptions } from './journal.ts';
export { applyStoredBoard } from './load-board.ts';
export { migrate } from './migrate.ts';
export { type DatabasePlace, openDatabase } from './open-database.ts';
export type { QuarantinedBoard, QuarantineStore } from './quarantine-store.ts';
export { createMemoryQuarantineStore } from './quarantine-store-memory.ts';
export { createSqlQuarantineStore } from './quarantine-store-sql.ts';
export type { Revocation, RevocationStore, StoredRevocation } from './revocation-store.ts';
export { createMemoryRevocationStore } from './revocation-store-memory.ts';
export { createSqlRevocationStore } from './revocation-store-sql.ts';
export { type SalvagedBoard, salvageBoard } from './salvage-board.ts';
export { type BoardReport, verifyAll, verifyBoard } from './verify.ts';
