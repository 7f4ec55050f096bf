import type { BoardPoint, Json } from '@tessera/client';

/** What somebody does with a widget. */
export type How = 'selects' | 'edits' | 'moves';

/** What every tab shows of itself to the others. */
export type Fields = {
  /** In columns and rows of the grid, so that it is the same place in a window of any width. */
  cursor: BoardPoint | null;
  holds?: { widget: string; how: How };
  /** Where they are in the text of a note, as positions relative to what is written there. */
  caret?: { widget: string; anchor: Json; head: Json };
};
