import type pg from 'pg';
import * as Y from 'yjs';
import type { Report } from './reports.ts';

/** A status that claims more than was in the log at that time. */
export interface Lie {
  readonly state: string;
  readonly unsaved: number;
  /** How many edits made in that browser were not committed. */
  readonly lacking: number;
}

/**
 * Holds each status that the pages of one browser showed against the log as it was then: it may
 * call an edit unsaved that is committed, as the ack takes its time, and never the other way round.
 * The clocks of pages and database are the same machine's.
 */
export async function liesOf(
  reports: readonly Report[],
  database: pg.Client,
  board: string,
): Promise<Lie[]> {
  const { rows } = await database.query<{ at: number; bytes: Buffer }>(
    `SELECT floor(extract(epoch FROM created_at) * 1000)::float8 AS at, bytes
     FROM updates WHERE board = $1 ORDER BY seq`,
    [board],
  );
  const [log, lies] = [new Y.Doc(), [] as Lie[]];
  for (const report of reports.toSorted((a, b) => a.at - b.at)) {
    while (rows[0] !== undefined && rows[0].at <= report.at) {
      Y.applyUpdate(log, rows.shift()?.bytes ?? new Uint8Array());
    }
    // What the copy holds is not known before it was read.
    if (report.kind === 'edit' || report.status.storage.state === 'loading') continue;
    const committed = Y.snapshot(log);
    const lacking = editsKnownTo(report, reports).filter(
      (update) => !Y.snapshotContainsUpdate(committed, update),
    ).length;
    const { state, unsaved } = report.status;
    const isTrue = lacking <= unsaved && (state !== 'saved' || lacking === 0);
    if (!isTrue) lies.push({ state, unsaved, lacking });
  }
  log.destroy();
  return lies;
}

/** Those made on the page before, and those that other pages of the browser made before it was opened. */
function editsKnownTo(status: Report, reports: readonly Report[]): Uint8Array[] {
  return reports.slice(0, reports.indexOf(status)).flatMap((report) => {
    const isKnown = report.page === status.page || report.at < status.page;
    return report.kind === 'edit' && isKnown ? [Uint8Array.from(report.update)] : [];
  });
}
