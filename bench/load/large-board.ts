import * as Y from 'yjs';

export interface BoardSize {
  readonly widgets: number;
  /** Of each widget. */
  readonly textBytes: number;
}

/** Some 100 KB of a board in one update: no server's limit of a frame is near. */
const BYTES_A_PART = 100_000;

const WORDS =
  'the a board of notes for all who plan what to build next week and why it takes longer than anybody thought when we began with so little time left to ask each team about its part'.split(
    ' ',
  );

/** A document filled with widgets that have text, and the updates that fill it. The same each time, but for its client. */
export function largeBoard({ widgets, textBytes }: BoardSize): { doc: Y.Doc; parts: Uint8Array[] } {
  const doc = new Y.Doc();
  const parts: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => parts.push(update));
  const all = doc.getMap('widgets');
  const inPart = Math.ceil(BYTES_A_PART / textBytes);
  for (let from = 0; from < widgets; from += inPart) {
    doc.transact(() => {
      for (let n = from; n < Math.min(widgets, from + inPart); n++) {
        all.set(`widget-${n}`, widget(n, textBytes));
      }
    });
  }
  return { doc, parts };
}

function widget(n: number, textBytes: number): Y.Map<unknown> {
  const map = new Y.Map<unknown>();
  map.set('type', 'note');
  map.set('geom', { x: (n * 7) % 200, y: n * 3, w: 4, h: 3 });
  map.set('text', new Y.Text(text(n, textBytes)));
  return map;
}

/** Words in an order that is hard to compress; a database would do that. */
function text(n: number, bytes: number): string {
  let words = '';
  let state = n + 1;
  while (words.length < bytes) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    words += `${WORDS[(state >>> 16) % WORDS.length]} `;
  }
  return words.slice(0, bytes);
}

/** The widgets of a board, as text that is equal for equal boards. */
export function contentOf(doc: Y.Doc): string {
  const widgets: Record<string, Record<string, unknown>> = doc.getMap('widgets').toJSON();
  return JSON.stringify(byKey(widgets).map(([id, widget]) => [id, byKey(widget)]));
}

function byKey<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What an update makes of an empty board, as `contentOf` tells it. */
export function contentOfUpdate(update: Uint8Array): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, update);
  const content = contentOf(doc);
  doc.destroy();
  return content;
}
