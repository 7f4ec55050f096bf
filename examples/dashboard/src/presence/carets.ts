import { Annotation, EditorSelection, type Extension } from '@codemirror/state';
import {
  EditorView,
  type LayerMarker,
  layer,
  RectangleMarker,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view';
import type { Board, Json } from '@tessera/client';
import * as Y from 'yjs';
import type { Fields } from './fields.ts';

const peersMoved = Annotation.define<true>();

/**
 * Shows where the others are in the text of a note, and tells them where we are. Drawn as a layer, in
 * elements: styles in the text itself would be `style` attributes, which the node's pages do not allow.
 */
export function carets(board: Board<Fields>, widget: string, text: Y.Text): Extension {
  const told = EditorView.updateListener.of((update) => {
    if (update.selectionSet || update.docChanged || update.focusChanged) tell(update);
  });
  const tell = ({ view, state }: ViewUpdate) => {
    if (!view.hasFocus) return;
    const { anchor, head } = state.selection.main;
    const at = (index: number): Json => {
      const position = Y.createRelativePositionFromTypeIndex(text, index);
      // With ids that are instances of a class of Yjs; presence takes plain JSON.
      return JSON.parse(JSON.stringify(Y.relativePositionToJSON(position)));
    };
    board.presence.set({ caret: { widget, anchor: at(anchor), head: at(head) } });
  };
  const peers = (view: EditorView) =>
    board.presence.others.flatMap(({ caret, user }) => {
      if (caret?.widget !== widget) return [];
      const anchor = indexOf(caret.anchor, text);
      const head = indexOf(caret.head, text);
      if (anchor === undefined || head === undefined) return [];
      const inside = (index: number) => Math.min(index, view.state.doc.length);
      return [{ anchor: inside(anchor), head: inside(head), user }];
    });
  const redraws = (update: ViewUpdate) =>
    update.docChanged ||
    update.geometryChanged ||
    update.transactions.some((transaction) => transaction.annotation(peersMoved));
  return [
    told,
    peerListener(board),
    layer({
      above: false,
      class: 'cm-peer-selections',
      update: redraws,
      markers: (view) =>
        peers(view).flatMap(({ anchor, head, user }) =>
          anchor === head
            ? []
            : RectangleMarker.forRange(view, '', EditorSelection.range(anchor, head)).map(
                (place) => new PeerMarker(place, 'cm-peer-selection', user.color, undefined),
              ),
        ),
    }),
    layer({
      above: true,
      class: 'cm-peer-carets',
      update: redraws,
      markers: (view) =>
        peers(view).flatMap(({ head, user }) =>
          RectangleMarker.forRange(view, '', EditorSelection.cursor(head)).map(
            (place) => new PeerMarker(place, 'cm-peer-caret', user.color, user.name ?? user.id),
          ),
        ),
    }),
  ];
}

/** Has the layers drawn again when somebody else moves. */
function peerListener(board: Board<Fields>): Extension {
  return ViewPlugin.define((view) => {
    const stop = board.presence.subscribe(
      ({ others }) => JSON.stringify(others.map(({ caret, user }) => [caret, user])),
      // Not in the middle of an update of the view, which presence may be told of.
      () => queueMicrotask(() => view.dispatch({ annotations: peersMoved.of(true) })),
    );
    return { destroy: stop };
  });
}

class PeerMarker implements LayerMarker {
  readonly #place: RectangleMarker;
  readonly #className: string;
  readonly #color: string;
  readonly #name: string | undefined;

  constructor(
    place: RectangleMarker,
    className: string,
    color: string | undefined,
    name: string | undefined,
  ) {
    this.#place = place;
    this.#className = className;
    this.#color = color ?? '#4f5bd5';
    this.#name = name;
  }

  eq(other: PeerMarker): boolean {
    return (
      this.#place.eq(other.#place) && this.#color === other.#color && this.#name === other.#name
    );
  }

  draw(): HTMLElement {
    const element = document.createElement('div');
    element.className = this.#className;
    const { left, top, width, height } = this.#place;
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
    element.style.height = `${height}px`;
    if (width !== null) element.style.width = `${width}px`;
    element.style.setProperty('--person', this.#color);
    if (this.#name !== undefined) {
      const name = document.createElement('span');
      name.textContent = this.#name;
      element.append(name);
    }
    return element;
  }
}

function indexOf(position: unknown, text: Y.Text): number | undefined {
  if (text.doc === null) return undefined;
  const absolute = Y.createAbsolutePositionFromRelativePosition(
    Y.createRelativePositionFromJSON(position),
    text.doc,
  );
  return absolute?.type === text ? absolute.index : undefined;
}
