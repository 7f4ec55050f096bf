// biome-ignore lint/correctness/noNodejsModules: a test may read files, the package itself is pure
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import {
  type Dashboard,
  panelFromWidget,
  panelsOf,
  widgetsFromDashboard,
} from '../../test/support/widgets-from-dashboard.ts';
import { readBoard, setTitle } from './board.ts';
import { createWidget } from './widget.ts';

const file = new URL('../../../shared/data/dashboards/node-exporter-full.json', import.meta.url);
const present = existsSync(file);
if (!present) {
  console.warn('SKIPPED: the 141-panel dashboard, as ../shared/data is not beside the project');
}

const name = 'the 141 panels of a real dashboard come back as they went in';
test.skipIf(!present)(present ? name : `SKIPPED, ../shared/data is missing: ${name}`, () => {
  const dashboard = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
  const doc = new Y.Doc();
  doc.transact(() => {
    setTitle(doc, dashboard.title);
    for (const widget of widgetsFromDashboard(dashboard)) createWidget(doc, widget);
  });
  const copy = new Y.Doc();
  Y.applyUpdateV2(copy, Y.encodeStateAsUpdateV2(doc));

  const { title, widgets } = readBoard(copy);
  const panels = panelsOf(dashboard).map(({ panels: _inside, ...panel }) => panel);
  expect(panels).toHaveLength(141);
  expect(panels.filter((panel) => panel['type'] === 'row')).toHaveLength(16);
  expect(title).toBe(dashboard.title);
  expect(Object.keys(widgets)).toHaveLength(141);
  for (const panel of panels) {
    const widget = widgets[`panel-${panel['id']}`];
    expect(widget && panelFromWidget(widget)).toStrictEqual(panel);
  }
});
