import { numberText } from '../report/figures.ts';
import type { Results } from '../report/results.ts';
import type { Finding } from './verdict.ts';

/** All there is to say about a soak. */
export interface SoakResult {
  readonly startedAt: string;
  readonly minutes: number;
  readonly machine: Results['machine'];
  readonly findings: readonly Finding[];
  /** What went wrong besides; empty if all was kept and equal. */
  readonly faults: readonly string[];
  readonly boardsChecked: number;
}

/** As Markdown: the verdict, and a row for each thing that was looked at. */
export function soakReport(result: SoakResult): string {
  const { startedAt, minutes, machine, findings, faults, boardsChecked } = result;
  const wrong = [
    ...findings.flatMap(({ title, leak }) => (leak === undefined ? [] : `${title}: ${leak}`)),
    ...faults,
  ];
  const rows = findings.map(({ title, before, median, most, after, slope, leak }) => [
    title,
    ...[before, median, most, after].map(text),
    slope === undefined ? '–' : `${text(slope.perHour)} ± ${text(slope.noise)}`,
    leak === undefined ? '' : '**leak**',
  ]);
  const head = ['', 'before', 'median', 'most', 'after', 'an hour, second half', ''];
  const table = [head, ['---', '--:', '--:', '--:', '--:', '--:', '---'], ...rows];
  return `${[
    `# Soak of ${startedAt.slice(0, 10)}: ${minutes} minutes`,
    `Two nodes with PostgreSQL and Redis, both together; ${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB.`,
    wrong.length === 0
      ? `**Nothing leaks.** ${boardsChecked} boards that people left hold what they saw there, and every board’s log is sound.`
      : `**It failed:**\n\n${wrong.map((each) => `- ${each}`).join('\n')}`,
    table.map((cells) => `| ${cells.join(' | ')} |`).join('\n'),
  ].join('\n\n')}\n`;
}

function text(value: number): string {
  return Number.isFinite(value) ? numberText(value, 1) : '–';
}
