import * as Y from 'yjs';
import { WriteGuard } from '../../server/src/auth/write-guard.ts';
import { ContentRules } from '../../server/src/content/board-content.ts';
import { EditFilter } from '../../server/src/socket/edit-filter.ts';
import { SyncType } from '../../server/src/socket/frames.ts';
import { applyUpdate } from '../../server/src/sync/door.ts';
import { Editor, largeBoard, WIDGETS } from './board.ts';
import type { Micro, MicroGroup } from './micro.ts';

const EDITS = 200;
const limits = { maxBytes: 64 * 1024 * 1024, maxWidgets: 10_000, refused: () => undefined };

/** An edit of one key, taken into a board of 1,000 widgets. */
export function doorMicros(): MicroGroup {
  const board = largeBoard();
  return {
    name: `an edit of a board of ${WIDGETS.toLocaleString('en-US')} widgets`,
    micros: [
      micro('Yjs alone', board, (document, bytes) => Y.applyUpdate(document, bytes)),
      micro('through the door', board, applyUpdate),
      micro('with the limits of a board', board, guarded(new WriteGuard({ access: 'write' }))),
      micro(
        'with a grant for some widgets',
        board,
        guarded(new WriteGuard({ access: 'read', widgets: { 'w-*': 'write' } })),
      ),
    ],
  };
}

type Take = (document: Y.Doc, bytes: Uint8Array, origin: unknown) => unknown;

function micro(name: string, board: Y.Doc, take: Take): Micro {
  const document = new Y.Doc();
  Y.applyUpdate(document, Y.encodeStateAsUpdate(board));
  // As every board on a node has: the journal.
  document.on('update', () => undefined);
  const editor = new Editor(board);
  let edits: Uint8Array[] = [];
  return {
    name,
    times: EDITS,
    prepare: () => {
      edits = editor.take(EDITS);
    },
    run: () => {
      for (const bytes of edits) take(document, bytes, undefined);
    },
  };
}

/** As a socket does: its token and the limits of the board have a say. */
function guarded(guard: WriteGuard): Take {
  const filter = new EditFilter({ protocol: 'hocuspocus', countRefused: () => undefined });
  const rules = new ContentRules({ ...limits, schemas: undefined });
  const contents = new WeakMap<Y.Doc, ReturnType<ContentRules['of']>>();
  return (document, bytes, origin) => {
    const content = contents.get(document) ?? rules.of(document);
    contents.set(document, content);
    applyUpdate(document, bytes, origin, (decoded) => {
      const update = { syncType: SyncType.update, bytes, decoded };
      const { taken, rejection } = filter.judge(update, { document, content }, { guard });
      if (rejection !== undefined) throw new Error('an edit that is allowed was refused');
      return taken;
    });
  };
}
