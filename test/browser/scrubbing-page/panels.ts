import { type Board, type CreatedWidget, defineWidget, type Geom } from '@tessera/client';
import { z } from 'zod';

const titled = { title: z.string(), description: z.string().optional() };
const defaults = z.looseObject({
  color: z.looseObject({ mode: z.string() }).optional(),
  custom: z.looseObject({ fillOpacity: z.number().min(0).max(100).optional() }).optional(),
  mappings: z.array(z.looseObject({ type: z.string() })).optional(),
  thresholds: z
    .looseObject({
      mode: z.string(),
      steps: z.array(z.looseObject({ color: z.string(), value: z.number().nullable().optional() })),
    })
    .optional(),
  unit: z.string().optional(),
});
const panel = {
  ...titled,
  datasource: z.looseObject({ type: z.string(), uid: z.string() }),
  fieldConfig: z.looseObject({
    defaults,
    overrides: z.array(
      z.looseObject({
        matcher: z.looseObject({ id: z.string() }),
        properties: z.array(z.looseObject({ id: z.string() })),
      }),
    ),
  }),
  options: z.looseObject({}),
  pluginVersion: z.string().optional(),
  targets: z.array(z.looseObject({ expr: z.string(), refId: z.string() })),
};
const merge = { fieldConfig: 'map', options: 'map', targets: 'list' } as const;

const TimeSeries = defineWidget({
  type: 'timeseries',
  version: 1,
  state: z.object(panel),
  merge,
});
const Gauge = defineWidget({ type: 'gauge', version: 1, state: z.object(panel), merge });
const BarGauge = defineWidget({ type: 'bargauge', version: 1, state: z.object(panel), merge });
const Stat = defineWidget({
  type: 'stat',
  version: 1,
  state: z.object({ ...panel, maxDataPoints: z.number() }),
  merge,
});
const Row = defineWidget({
  type: 'row',
  version: 1,
  state: z.object({ ...titled, collapsed: z.boolean() }),
});

/** By type of panel. */
const definitions = [TimeSeries, Gauge, BarGauge, Stat, Row] as const;

/** A panel as `widgetsFromDashboard` makes it. */
export interface NewPanel {
  readonly id: string;
  readonly type: string;
  readonly geom: Geom;
  readonly state: unknown;
}

/** Puts a panel on the board through the definition of its type. @throws ZodError if it does not fit */
export function createPanel({ widgets }: Board, { id, type, geom, state }: NewPanel): void {
  const place = { id, geom };
  switch (type) {
    case 'stat':
      widgets.create(Stat, Stat.state.parse(state), place);
      return;
    case 'row':
      widgets.create(Row, Row.state.parse(state), place);
      return;
    default: {
      const kind = [TimeSeries, Gauge, BarGauge].find((one) => one.type === type);
      if (kind === undefined) throw new Error(`panel ${id} is a ${type}, which has no definition`);
      widgets.create(kind, kind.state.parse(state), place);
    }
  }
}

type Panel = Pick<CreatedWidget<typeof Row>, 'id' | 'status'> & {
  readonly state: { readonly title: string } | undefined;
  subscribe(listener: () => void): () => void;
};

/** All panels on the board, each through the definition of its type. */
export function panelsOn({ widgets }: Board): readonly Panel[] {
  return definitions.flatMap((definition): readonly Panel[] => widgets.list(definition));
}

/** What a board holds, the same text for everybody who holds the same. @throws if a panel does not fit */
export function textOf(board: Board): string {
  const panels = panelsOn(board).map(({ id, status, state }) => {
    if (status.kind !== 'ok') throw new Error(`panel ${id} is ${status.kind}`);
    return [id, board.widgets.get(id)?.geom, state];
  });
  return JSON.stringify(panels, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The slider: how much of a chart is filled, in percent. */
export function setFill(board: Board, id: string, percent: number): void {
  board.widgets.handle(TimeSeries, id).update(({ fieldConfig: { defaults } }) => {
    defaults.custom = { ...defaults.custom, fillOpacity: percent };
  });
}
