import type { Board, BoardStatus } from '@tessera/client';

/** What a page tells the test, in order: each edit made on it, and each status it shows. */
export type Report = {
  /** When the page was opened: a reload makes another one of it. */
  readonly page: number;
  readonly at: number;
} & (
  | { readonly kind: 'edit'; readonly update: readonly number[] }
  | { readonly kind: 'status'; readonly status: BoardStatus }
);

declare global {
  /** Put there by the test. */
  var report: ((report: Report) => Promise<void>) | undefined;
}

/** Tells the test of every edit and every status of the board, from the first one on. */
export function reportAll(board: Board): void {
  const page = performance.timeOrigin;
  const tell = (report: Report) => void globalThis.report?.(report);
  let shown: BoardStatus | undefined;
  const look = () => {
    if (board.status === shown) return;
    shown = board.status;
    tell({ page, at: Date.now(), kind: 'status', status: shown });
  };
  board.doc.on('update', (update: Uint8Array, _origin, _doc, { local }) => {
    if (local) tell({ page, at: Date.now(), kind: 'edit', update: [...update] });
  });
  board.subscribe(look);
  look();
}
