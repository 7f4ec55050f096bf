import type { Board, Geom } from '@tessera/client';
import { bottomOf } from '../board/layout.ts';
import { Chart } from '../widgets/chart.tsx';
import { Gauge } from '../widgets/gauge.tsx';
import { Heading } from '../widgets/heading.tsx';
import { Note } from '../widgets/note.tsx';
import { Placeholder } from '../widgets/placeholder.tsx';
import { seriesOf } from '../widgets/series.ts';
import { Stat } from '../widgets/stat.tsx';
import { Table } from '../widgets/table.tsx';
import type { ImportedDashboard, ImportedWidget } from './grafana.ts';

/** Puts all of it below what is on the board: one edit, and one step to undo. */
export function addDashboard(board: Board, { title, widgets }: ImportedDashboard): void {
  const below = bottomOf(board);
  board.history.batch(() => {
    if (board.title === '' || widgetsOf(board) === 0) board.title = title;
    for (const widget of widgets) add(board, widget, below);
  }, 'import');
}

function widgetsOf(board: Board): number {
  return board.widgets.list().length;
}

function add(board: Board, imported: ImportedWidget, below: number): void {
  const { title, series, unit, look, text, thresholds, panelType } = imported;
  const geom: Geom = { ...imported.geom, y: imported.geom.y + below };
  const names = series.length > 0 ? series : [title];
  // Each panel has values of its own, also where two have series of the same name.
  const single = `${title} ${names[0] ?? ''}`;
  const { widgets } = board;
  if (imported.type === 'chart') {
    widgets.create(Chart, { title, unit, look, series: seriesOf(...names) }, { geom });
  } else if (imported.type === 'stat') {
    widgets.create(Stat, { title, unit, series: single }, { geom });
  } else if (imported.type === 'gauge') {
    const [warnAt = 70, badAt = 90] = thresholds;
    widgets.create(Gauge, { title, unit, series: single, warnAt, badAt }, { geom });
  } else if (imported.type === 'table') {
    widgets.create(Table, { title, unit, rows: seriesOf(...names) }, { geom });
  } else if (imported.type === 'note') {
    widgets.create(Note, { title, text }, { geom });
  } else if (imported.type === 'heading') {
    widgets.create(Heading, { title }, { geom });
  } else {
    widgets.create(Placeholder, { title, panelType }, { geom });
  }
}
