import { defaultKeymap } from '@codemirror/commands';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import type { Board } from '@tessera/client';
import { YSyncConfig, ySync, ySyncFacet } from 'y-codemirror.next';
import type * as Y from 'yjs';
import { carets } from '../presence/carets.ts';
import type { Fields } from '../presence/fields.ts';
import { noteMarks } from './note-marks.ts';

export interface NoteEditorOptions {
  /** Where to draw: in a shadow tree, as a document takes no new style sheets from scripts. */
  readonly root: ShadowRoot;
  readonly board: Board<Fields>;
  readonly widget: string;
  readonly text: Y.Text;
  readonly onLeave: () => void;
}

/** An editor on the shared text of a note. Returns the way to end it. */
export function openNoteEditor({
  root,
  board,
  widget,
  text,
  onLeave,
}: NoteEditorOptions): () => void {
  const sync = new YSyncConfig(text, undefined);
  // The board's own history, so that Ctrl+Z takes back the last thing done, wherever that was.
  const stopTracking = board.history.track(sync);
  const history = (step: 'undo' | 'redo') => () => {
    board.history[step]();
    return true;
  };
  const leave = () => {
    onLeave();
    return true;
  };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text.toString(),
      extensions: [
        keymap.of([
          { key: 'Escape', run: leave },
          { key: 'Mod-z', run: history('undo'), preventDefault: true },
          { key: 'Mod-Shift-z', run: history('redo'), preventDefault: true },
          { key: 'Mod-y', run: history('redo'), preventDefault: true },
          ...defaultKeymap,
        ]),
        noteMarks,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({
          'aria-label': 'Text of the note, in Markdown',
          tabindex: '0',
        }),
        placeholder('Write in Markdown'),
        look,
        ySyncFacet.of(sync),
        ySync,
        carets(board, widget, text),
      ],
    }),
  });
  view.dispatch({ selection: { anchor: view.state.doc.length } });
  view.focus();
  return () => {
    stopTracking();
    view.destroy();
    board.presence.set({ caret: undefined });
  };
}

const look = EditorView.theme({
  '&': { height: '100%', fontSize: 'var(--text-md)', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font)', lineHeight: '1.55', overflow: 'auto' },
  '.cm-content': { padding: '18px 0 12px', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 14px' },
  '.cm-placeholder': { color: 'var(--text-quiet)' },
  '.cm-md-heading, .cm-md-strong': { fontWeight: '650' },
  '.cm-md-code': { fontFamily: 'var(--font-mono)', fontSize: '0.92em' },
  '.cm-md-mark': { color: 'var(--text-quiet)' },
  '.cm-peer-selection': {
    position: 'absolute',
    background: 'var(--person)',
    opacity: '0.22',
  },
  '.cm-peer-caret': {
    position: 'absolute',
    width: '0',
    borderLeft: '2px solid var(--person)',
    marginLeft: '-1px',
  },
  '.cm-peer-caret > span': {
    position: 'absolute',
    left: '-2px',
    bottom: '100%',
    padding: '1px 5px',
    borderRadius: '4px 4px 4px 0',
    background: 'color-mix(in oklab, var(--person) 72%, #10131a)',
    color: '#fff',
    font: '560 10px/1.35 var(--font)',
    whiteSpace: 'nowrap',
    pointerEvents: 'none',
  },
});
