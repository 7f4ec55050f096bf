import * as Y from 'yjs';

/**
 * Cuts an item that a step is about to delete down to what the step inserted. Undo and redo restore
 * things as copies; Yjs merges neighbouring copies into one item, also a copy of what somebody else
 * wrote, and then deletes the whole of it (measured with 13.6.33). Call it as `deleteFilter`, so
 * within the transaction that deletes.
 */
export function cutToStep(doc: Y.Doc, item: Y.Item, insertions: Y.Transaction['deleteSet']): void {
  doc.transact((transaction) => {
    const copies = Y.createDeleteSet();
    Y.iterateDeletedStructs(transaction, insertions, (struct) => {
      if (struct instanceof Y.Item) addCopies(doc.store, struct.id, struct.length, copies);
    });
    const merged = Y.mergeDeleteSets([copies]);
    const { client, clock } = item.id;
    const range = merged.clients
      .get(client)
      ?.find((ids) => ids.clock <= clock && clock < ids.clock + ids.len);
    const end = range === undefined ? clock : range.clock + range.len;
    // Splitting leaves the part before the cut in `item`.
    if (end > clock && end < clock + item.length) {
      Y.getItemCleanStart(transaction, Y.createID(client, end));
    }
  });
}

/** Adds where these ids are now: themselves, or their copies' copies. */
function addCopies(
  store: Y.Doc['store'],
  { client, clock }: Y.ID,
  length: number,
  copies: Y.Transaction['deleteSet'],
): void {
  const end = clock + length;
  for (let at = clock; at < end; ) {
    const item = Y.getItem(store, Y.createID(client, at));
    const within = at - item.id.clock;
    const len = Math.min(item.length - within, end - at);
    const { redone } = item;
    if (redone != null) {
      addCopies(store, Y.createID(redone.client, redone.clock + within), len, copies);
    } else {
      const ranges = copies.clients.get(client) ?? [];
      copies.clients.set(client, ranges);
      ranges.push({ clock: at, len });
    }
    at += len;
  }
}
