import { expectEqual } from './sdk-identity.ts';
import type { Peer } from './sdk-peer.ts';

/** Undoes all, which restores what nobody else touched, redoes it, and undoes it again. */
export function undoAll(peer: Peer): void {
  const { widgets, history, doc } = peer.board;
  const notOwn = () =>
    new Map(
      widgets
        .list()
        .filter(({ id }) => id.startsWith('own-') && !peer.owns(id))
        .map(({ id }) => [id, widgets.get(id)]),
    );
  const own = () => Object.fromEntries([...peer.begun.keys()].map((id) => [id, widgets.get(id)]));
  const others = notOwn();
  while (history.redo());
  const all = own();
  while (history.undo());
  expectEqual(own(), Object.fromEntries(peer.begun), `what ${peer.name} undid`);
  while (history.redo());
  expectEqual(own(), all, `what ${peer.name} did again`);
  while (history.undo());
  expectEqual(own(), Object.fromEntries(peer.begun), `what ${peer.name} undid a second time`);
  for (const [id, widget] of notOwn()) {
    if (widget !== others.get(id)) throw new Error(`undoing of ${peer.name} touched ${id}`);
  }
  if (history.canUndo) throw new Error(`${peer.name} can undo more: ${doc.guid}`);
}
