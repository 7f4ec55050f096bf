import * as Y from 'yjs';
import { z } from 'zod';
import { defineWidget } from '../../client-sdk/src/define-widget.ts';
import { WidgetStore } from '../../client-sdk/src/widget-store.ts';
import { Editor, largeBoard, WIDGETS } from './board.ts';
import type { MicroGroup } from './micro.ts';

const EDITS = 100;
const Chart = defineWidget({
  type: 'chart',
  version: 1,
  state: z.object({
    title: z.string(),
    value: z.number(),
    series: z.array(z.object({ color: z.string(), name: z.string() })),
  }),
});

/** A page with 1,000 typed widgets. */
export function sdkMicros(): MicroGroup {
  let heard = 0;
  let values = 0;
  const quiet = pageOn(largeBoard());
  const shown = pageOn(largeBoard());
  for (const chart of shown.charts) {
    chart.subscribe(
      (state) => state?.value,
      () => {
        heard += 1;
      },
    );
  }
  const editor = new Editor(shown.doc);
  let edits: Uint8Array[] = [];
  return {
    name: `client SDK, ${WIDGETS.toLocaleString('en-US')} typed widgets`,
    micros: [
      {
        name: 'set of a key, checked by zod',
        times: EDITS,
        run: () => {
          for (const chart of quiet.charts.slice(0, EDITS)) {
            values += 1;
            chart.set({ value: values });
          }
        },
      },
      {
        name: 'somebody’s edit, to the selector it concerns',
        times: EDITS,
        prepare: () => {
          edits = editor.take(EDITS);
          heard = 0;
        },
        run: () => {
          for (const edit of edits) Y.applyUpdate(shown.doc, edit);
        },
        cleanUp: () => {
          if (heard !== EDITS) throw new Error(`${heard} of ${EDITS} edits were heard of`);
        },
      },
    ],
  };
}

function pageOn(doc: Y.Doc) {
  const store = new WidgetStore();
  store.attach(doc, 'here');
  return { doc, charts: store.list(Chart) };
}
