import type { Geom, JsonObject, NewWidget, Widget } from '@tessera/model';

/** The part of a Grafana dashboard's JSON that matters here. */
export interface Dashboard {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A panel; one of type `row` contains others. */
export type Panel = JsonObject & {
  readonly id: number;
  readonly type: string;
  readonly gridPos: Geom;
  readonly panels?: readonly Panel[];
};

/** Every panel of a dashboard, rows and the panels inside them alike, in the order of the file. */
export function panelsOf(dashboard: Dashboard): Panel[] {
  return dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

/** One widget for each panel. A row's widget does not repeat the panels inside: they are widgets too. */
export function widgetsFromDashboard(dashboard: Dashboard): NewWidget[] {
  return panelsOf(dashboard).map(({ id, type, gridPos, ...state }) => {
    const { panels: _inside, ...own } = state;
    return { id: `panel-${id}`, type, version: 1, geom: gridPos, state: own as JsonObject };
  });
}

/** The panel a widget was made of, without the panels inside it. */
export function panelFromWidget({ id, type, geom, state }: Widget): JsonObject {
  return {
    ...state,
    id: Number(id.slice('panel-'.length)),
    type,
    ...(geom === undefined ? {} : { gridPos: geom }),
  };
}
