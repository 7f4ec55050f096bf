import { createWidget, readBoard, setTitle } from '@tessera/model';
import type { TesseraNode } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stockHocuspocus } from '../support/providers.ts';
import { startNodeOnPostgres, tokenFor } from '../support/tessera.ts';
import { hasSharedData, readDashboard } from '../support/traces.ts';
import { eventually } from '../support/wait.ts';
import {
  type Dashboard,
  panelFromWidget,
  panelsOf,
  widgetsFromDashboard,
} from '../support/widgets-from-dashboard.ts';

describe.skipIf(!hasSharedData)('a real dashboard (skipped without ../shared/data)', () => {
  let node: TesseraNode;

  beforeAll(async () => {
    node = await startNodeOnPostgres();
  });

  afterAll(() => node.close());

  it('of 141 panels, imported as widgets, comes back deep-equal at a new client', async () => {
    const dashboard = readDashboard('node-exporter-full') as Dashboard;
    const importer = stockHocuspocus(node.url, 'acme/node-exporter', tokenFor('importer'));
    setTitle(importer.doc, dashboard.title);
    for (const widget of widgetsFromDashboard(dashboard)) createWidget(importer.doc, widget);
    await eventually(() => importer.provider.isSynced && !importer.provider.hasUnsyncedChanges, {
      what: 'the import is saved',
    });
    importer.destroy();
    await eventually(() => node.loadedBoards === 0, { what: 'the board is unloaded' });

    const reader = stockHocuspocus(node.url, 'acme/node-exporter', tokenFor('reader'));
    await eventually(() => reader.provider.isSynced, { what: 'the reader is synced' });
    const { title, widgets } = readBoard(reader.doc);
    expect(title).toBe(dashboard.title);
    const panels = panelsOf(dashboard);
    expect(panels.length).toBe(141);
    expect(Object.keys(widgets).length).toBe(panels.length);
    for (const panel of panels) {
      const widget = widgets[`panel-${panel.id}`];
      const { panels: _inside, ...own } = panel;
      expect(widget && panelFromWidget(widget)).toEqual(own);
    }
    reader.destroy();
  });
});
