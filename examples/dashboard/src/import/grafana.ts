import { z } from 'zod';
import type { Unit } from '../units.ts';

/** As much of a Grafana dashboard as is imported. Everything else is left aside. */
const panelSchema = z.looseObject({
  type: z.string(),
  title: z.string().optional(),
  gridPos: z
    .object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() })
    .default({ x: 0, y: 0, w: 12, h: 8 }),
  collapsed: z.boolean().optional(),
  targets: z
    .array(z.looseObject({ legendFormat: z.string().optional(), refId: z.string().optional() }))
    .default([]),
  options: z.looseObject({ content: z.string().optional() }).optional(),
  fieldConfig: z
    .looseObject({
      defaults: z.looseObject({
        unit: z.string().optional(),
        custom: z
          .looseObject({ drawStyle: z.string().optional(), fillOpacity: z.number().optional() })
          .optional(),
        thresholds: z
          .looseObject({ steps: z.array(z.looseObject({ value: z.number().nullish() })) })
          .optional(),
      }),
    })
    .optional(),
});

type Panel = z.infer<typeof panelSchema>;

const dashboardSchema = z.looseObject({
  title: z.string().default('Imported dashboard'),
  panels: z.array(z.looseObject({ panels: z.array(panelSchema).optional() }).and(panelSchema)),
});

/** What becomes one widget: its type is that of a widget here, and its state fits the definition of it. */
export interface ImportedWidget {
  readonly type: 'chart' | 'stat' | 'gauge' | 'table' | 'note' | 'heading' | 'placeholder';
  readonly panelType: string;
  readonly title: string;
  readonly geom: { x: number; y: number; w: number; h: number };
  readonly series: readonly string[];
  readonly unit: Unit;
  readonly look: 'line' | 'area' | 'bars';
  readonly text: string;
  /** In percent. */
  readonly thresholds: readonly number[];
}

export interface ImportedDashboard {
  readonly title: string;
  readonly widgets: readonly ImportedWidget[];
}

/**
 * Reads the JSON of a Grafana dashboard, as its "Export" gives it. Rows that are folded are opened.
 * @throws Error that says what is wrong with it
 */
export function readDashboard(text: string): ImportedDashboard {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error('This file is not JSON.', { cause: error });
  }
  // The API of Grafana wraps it.
  const wrapped = json as { dashboard?: unknown } | null;
  const parsed = dashboardSchema.safeParse(wrapped?.dashboard ?? json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') || 'the file';
    throw new Error(`This is not a Grafana dashboard: ${where}: ${issue?.message}.`);
  }
  const { title, panels } = parsed.data;
  return { title, widgets: opened(panels).map(widgetOf) };
}

type Row = Panel & { panels?: Panel[] | undefined };

/**
 * All panels in one list. Those of a folded row have the places they had when it was folded, which
 * others have taken since: opened, they push down what is below, as in Grafana.
 */
function opened(panels: readonly Row[]): Panel[] {
  let pushed = 0;
  const inOrder = panels.toSorted((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  return inOrder.flatMap((panel) => {
    const down = (moved: Panel, by: number): Panel => ({
      ...moved,
      gridPos: { ...moved.gridPos, y: moved.gridPos.y + by },
    });
    const own = down(panel, pushed);
    const inside = panel.type === 'row' ? (panel.panels ?? []) : [];
    if (inside.length === 0) return [own];
    const top = Math.min(...inside.map(({ gridPos }) => gridPos.y));
    const bottom = Math.max(...inside.map(({ gridPos }) => gridPos.y + gridPos.h));
    const start = own.gridPos.y + 1;
    pushed += bottom - top;
    return [own, ...inside.map((child) => down(child, start - top))];
  });
}

const types: Readonly<Record<string, ImportedWidget['type']>> = {
  timeseries: 'chart',
  graph: 'chart',
  barchart: 'chart',
  stat: 'stat',
  singlestat: 'stat',
  gauge: 'gauge',
  bargauge: 'gauge',
  table: 'table',
  'table-old': 'table',
  text: 'note',
  row: 'heading',
};

function widgetOf(panel: Panel): ImportedWidget {
  const { type: panelType, gridPos, options, fieldConfig, targets } = panel;
  const defaults = fieldConfig?.defaults;
  const title = (panel.title ?? '').slice(0, 200) || (panelType === 'row' ? 'Row' : 'Untitled');
  const names = targets.map(({ legendFormat, refId }, index) =>
    nameOf(legendFormat ?? '', refId ?? String(index + 1)),
  );
  const steps = defaults?.thresholds?.steps ?? [];
  return {
    type: types[panelType] ?? 'placeholder',
    panelType: panelType.slice(0, 200),
    title,
    geom: gridPos,
    series: [...new Set(names)].slice(0, 12),
    unit: unitOf(defaults?.unit ?? ''),
    look:
      defaults?.custom?.drawStyle === 'bars'
        ? 'bars'
        : (defaults?.custom?.fillOpacity ?? 0) > 0
          ? 'area'
          : 'line',
    text: options?.content ?? '',
    thresholds: steps.flatMap(({ value }) => value ?? []),
  };
}

/** "{{instance}} - reads" without the variables, as there is nothing to fill them with. */
function nameOf(legend: string, fallback: string): string {
  const text = legend.replace(/\{\{\s*([^}]*?)\s*\}\}/g, '$1').trim();
  return (text === '' || text === '__auto' ? `Series ${fallback}` : text).slice(0, 200);
}

function unitOf(unit: string): Unit {
  if (/percent/.test(unit)) return 'percent';
  if (/bytes|bits|kb|mb|gb/i.test(unit) && !/ps$|sec/i.test(unit)) return 'bytes';
  if (/ps$|\/s|per|hertz|iops/i.test(unit)) return 'per-second';
  if (unit === 'ms' || unit === 'µs') return 'ms';
  if (unit === 's' || unit === 'dtdurations') return 'seconds';
  if (/celsius/.test(unit)) return 'celsius';
  return 'count';
}
