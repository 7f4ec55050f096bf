import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Recorded editing sessions, read in place. See the format in `../shared/data/README.md`. */
export interface Trace {
  kind: string;
  endContent: string;
  numAgents?: number;
  txns: {
    parents: number[];
    agent: number;
    patches: [position: number, deleted: number, inserted: string][];
  }[];
}

const folder = new URL('../../../shared/data/', import.meta.url);

/** Whether the recorded data is beside the project. Tests that need it say loudly that they skip. */
export const hasSharedData = existsSync(folder);

if (!hasSharedData) {
  console.warn('SKIPPED: the tests on recorded traces and real dashboards need ../shared/data');
}

export function readTrace(name: string): Trace {
  return JSON.parse(gunzipSync(readFileSync(new URL(`traces/${name}.json.gz`, folder))).toString());
}

export function readDashboard(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`dashboards/${name}.json`, folder), 'utf8'));
}
