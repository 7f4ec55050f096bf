import { createWidget, readBoard } from '@tessera/model';
import type * as Y from 'yjs';
import { showBoard } from './board-view.ts';
import { connect } from './connection.ts';
import { showCursors } from './cursors.ts';
import { freePlace, UNIT_PX } from './geometry.ts';
import { showPeople } from './people.ts';
import { describeSaveState, type SaveState } from './save-state.ts';
import { fillEmptyBoard, newWidgets, sizes } from './starter.ts';

const board = new URLSearchParams(location.search).get('board') ?? 'demo/quickstart';
const surface = element('surface');
element('board-name').textContent = board;
element('second-window').setAttribute('href', location.href);

try {
  const connection = await connect(board, showSaveState);
  const { doc, awareness, me } = connection;
  showPeople(element('people'), awareness, me);
  showBoard(surface, connection);
  showCursors(surface, awareness);
  letAdd(doc);
  await connection.synced;
  fillEmptyBoard(doc);
} catch (error) {
  showSaveState({
    kind: 'refused',
    reason: error instanceof Error ? error.message : String(error),
  });
  throw error;
}

function showSaveState(state: SaveState): void {
  const mark = element('save-state');
  mark.textContent = describeSaveState(state);
  mark.dataset['kind'] = state.kind;
}

function letAdd(doc: Y.Doc): void {
  for (const button of document.querySelectorAll<HTMLElement>('[data-add]')) {
    const kind = button.dataset['add'] as keyof typeof newWidgets;
    button.addEventListener('click', () => {
      const taken = Object.values(readBoard(doc).widgets).flatMap(({ geom }) => geom ?? []);
      const { w, h } = sizes[kind];
      const geom = freePlace(taken, w, h, surface.clientWidth / UNIT_PX);
      const id = createWidget(doc, { ...newWidgets[kind], geom });
      requestAnimationFrame(() => {
        const added = document.querySelector(`[data-widget="${id}"]`);
        added?.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'smooth' });
      });
    });
  }
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element #${id}`);
  return found;
}
