import type { Board } from '@tessera/client';
import { Chart } from '../widgets/chart.tsx';
import { Checklist } from '../widgets/checklist.tsx';
import { Counter } from '../widgets/counter.tsx';
import { Gauge } from '../widgets/gauge.tsx';
import { Heading } from '../widgets/heading.tsx';
import { Note } from '../widgets/note.tsx';
import { Stat } from '../widgets/stat.tsx';
import { Table } from '../widgets/table.tsx';

export const DEMO = 'demo/production';

/** Whether the board fills itself when it is opened for the first time: that one, of any tenant. */
export function isDemo(board: string): boolean {
  return board.endsWith('/production');
}

const NOTE = `### On call

**Ada** until Wednesday, then **Grace**.

- Deploys stop at 16:00 on Friday
- The [runbook](https://example.org/runbook) comes first

> Click this text: several people can write in it at once.`;

/** Fills the board with something of everything. One edit that cannot be undone: nobody here made it. */
export function fillDemo(board: Board): void {
  const { widgets, history } = board;
  if (widgets.list().length > 0) return;
  history.pause();
  try {
    widgets.batch(() => fill(board));
  } finally {
    history.resume();
  }
}

// With ids of their own: two who open the empty board at once must not both fill it.
const series = (...names: string[]) =>
  names.map((name) => ({ id: name.replace(/\W/g, '-'), name }));

function fill(board: Board): void {
  const { widgets } = board;
  if (board.title === '') board.title = 'Production overview';
  const at = (id: string, x: number, y: number, w: number, h: number) => ({
    id: `demo-${id}`,
    geom: { x, y, w, h },
  });
  widgets.create(
    Stat,
    { title: 'Active users', series: 'active users', unit: 'count' },
    at('users', 0, 0, 4, 4),
  );
  widgets.create(
    Stat,
    { title: 'Requests', series: 'requests', unit: 'per-second' },
    at('requests', 4, 0, 4, 4),
  );
  widgets.create(
    Stat,
    { title: 'Error rate', series: 'error rate', unit: 'percent' },
    at('errors', 8, 0, 4, 4),
  );
  widgets.create(
    Stat,
    { title: 'Median latency', series: 'median latency', unit: 'ms' },
    at('latency', 12, 0, 4, 4),
  );
  widgets.create(
    Chart,
    {
      title: 'Requests by region',
      look: 'area',
      unit: 'per-second',
      series: series('eu-central', 'us-east', 'ap-south'),
    },
    at('regions', 0, 4, 16, 8),
  );
  widgets.create(Note, { title: 'Handover', text: NOTE }, at('handover', 16, 0, 8, 6));
  widgets.create(Heading, { title: 'Capacity' }, at('capacity', 0, 12, 24, 1));
  widgets.create(Gauge, { title: 'CPU', series: 'cpu load' }, at('cpu', 0, 13, 4, 6));
  widgets.create(Gauge, { title: 'Memory', series: 'memory in use' }, at('memory', 4, 13, 4, 6));
  widgets.create(
    Chart,
    {
      title: 'Latency',
      look: 'line',
      unit: 'ms',
      series: series('p50', 'p95', 'p99'),
    },
    at('percentiles', 8, 13, 8, 6),
  );
  widgets.create(
    Table,
    {
      title: 'Slowest routes',
      unit: 'ms',
      rows: series('POST /checkout', 'GET /search', 'GET /cart', 'POST /login', 'GET /orders'),
    },
    at('routes', 16, 13, 8, 6),
  );
  widgets.create(
    Checklist,
    {
      title: 'Before the release',
      items: [
        { id: 'second', text: 'Open a second person beside you' },
        { id: 'drag', text: 'Drag a widget, and watch it move over there' },
        { id: 'offline', text: 'Go offline, edit on, come back' },
        { id: 'undo', text: 'Undo: only what you did' },
      ],
      done: { drag: true },
    },
    at('release', 16, 6, 8, 6),
  );
  widgets.create(
    Chart,
    { title: 'Jobs per minute', look: 'bars', unit: 'count', series: series('jobs') },
    at('jobs', 0, 19, 16, 6),
  );
  widgets.create(Counter, { title: 'Deploys today' }, at('deploys', 16, 19, 8, 6));
}
