import type { Figure } from '../scenarios/scenario.ts';
import { figureOf, fullTitleOf, numberText, ratioOf, ratioText, titleOf } from './figures.ts';
import { judge } from './judge.ts';
import { notesOn } from './notes.ts';
import { floorFor, peerNames, peerOf, type Run, stockFor } from './peers.ts';
import type { Results, ScenarioResult } from './results.ts';
import { briefFigures, mainViews, measured, type View, viewTitle } from './views.ts';

/** The results as Markdown: the goals, everything in short, and two tables a scenario. */
export function markdownOf(results: Results): string {
  const { machine, versions, startedAt, minutes, command } = results;
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${[
    `# ${startedAt.slice(0, 10)}: ${command}`,
    `${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB; it took ${minutes.toFixed(0)} minutes. ${named.join(', ')}.`,
    'Medians over the rounds; less is better. In parentheses the ratio to stock Hocuspocus with as many nodes, in the same round.',
    goalsOf(results),
    shortOf(results),
    ...results.scenarios.map(scenarioPart),
  ].join('\n\n')}\n`;
}

/** The goals, and whether they are met. */
export function goalsOf(results: Results): string {
  const rows = judge(results).map(({ goal, verdict, limit, measured, doubt }) => [
    goal.title,
    doubt === undefined ? measured : `${measured} (${doubt})`,
    limit,
    verdict === 'missed' ? '**missed**' : verdict,
  ]);
  return `## Goals\n\n${table(['', 'measured', 'goal', ''], rows, 'left')}`;
}

/** One table for all scenarios, with one or two figures each: as it stands in the project's README. */
export function shortOf({ scenarios }: Results): string {
  const there = new Set(scenarios.flatMap(({ runs }) => runs.map(({ name }) => name)));
  const names = [...new Set([...peerNames, ...there])].filter((name) => there.has(name));
  const rows = scenarios.map((scenario) => {
    const figures = briefFigures(scenario);
    return [
      `${scenario.name}: ${figures.map((figure) => fullTitleOf(figure, scenario.figures)).join(' · ')}`,
      ...names.map((name) => shortCell(name, figures, scenario)),
    ];
  });
  return `## In short\n\n${table(['', ...names.map((name) => peerOf(name).short)], rows)}`;
}

function shortCell(name: string, figures: readonly Figure[], { runs }: ScenarioResult): string {
  const run = runs.find((one) => one.name === name);
  const texts = figures.map((figure) => run && withRatio(figure, run, runs, isOurs(name)));
  return texts.every((text) => text === undefined)
    ? ''
    : texts.map((text) => text ?? '–').join(' · ');
}

function isOurs(name: string): boolean {
  return peerOf(name).part === 'tessera';
}

function scenarioPart(scenario: ScenarioResult): string {
  const { name, about, runs } = scenario;
  const notes = notesOn(runs).map((note) => `- ${note}`);
  return [
    `## ${name}\n\n${about}`,
    mainTable(scenario),
    ...(notes.length > 0 ? [notes.join('\n')] : []),
    `<details><summary>All figures, with the lowest and highest round</summary>\n\n${fullTable(scenario)}\n\n</details>`,
  ].join('\n\n');
}

function mainTable(scenario: ScenarioResult): string {
  const { runs } = scenario;
  const views = mainViews(scenario);
  const floorKey = views[0]?.[0].key ?? '';
  const hasFloor = floorKey.startsWith('cpu') && floorFor('', floorKey, runs) !== undefined;
  const rows = runs.map((run) => {
    const [first = '–', ...others] = views.map((view) => viewCell(view, run, runs));
    return [run.title, first, ...(hasFloor ? [floorCell(floorKey, run, runs)] : []), ...others];
  });
  const [first = '', ...others] = views.map((view) =>
    titleOf({ title: viewTitle(view, scenario.figures), unit: view[0].unit }),
  );
  return table(['', first, ...(hasFloor ? ['to the floor'] : []), ...others], rows);
}

function viewCell([first, second]: View, run: Run, runs: readonly Run[]): string {
  const text = withRatio(second ?? first, run, runs, true) ?? '–';
  if (second === undefined) return text;
  const { median } = figureOf(first.key, run.outcomes);
  return Number.isFinite(median) ? `${numberText(median, first.digits)} / ${text}` : text;
}

function floorCell(key: string, run: Run, runs: readonly Run[]): string {
  const ratio = ratioOf(key, run.outcomes, floorFor(run.name, key, runs)?.outcomes);
  return Number.isFinite(ratio) ? ratioText(ratio) : '–';
}

/** `1,373 (1.43 ×)`; undefined when the contestant has no such figure. */
function withRatio(
  { key, digits }: Figure,
  run: Run,
  runs: readonly Run[],
  wanted: boolean,
): string | undefined {
  const { median } = figureOf(key, run.outcomes);
  if (!Number.isFinite(median)) return undefined;
  const stock = stockFor(run.name, key, runs);
  const ratio = stock === run ? Number.NaN : ratioOf(key, run.outcomes, stock?.outcomes);
  const text = numberText(median, digits);
  return wanted && Number.isFinite(ratio) ? `${text} (${ratioText(ratio)})` : text;
}

function fullTable(scenario: ScenarioResult): string {
  const { runs } = scenario;
  const figures = measured(scenario);
  const rows = runs.map((run) => [run.title, ...figures.map((figure) => fullCell(figure, run))]);
  return table(['', ...figures.map((figure) => fullTitleOf(figure, figures))], rows);
}

function fullCell({ key, digits }: Figure, { outcomes }: Run): string {
  const { median, low, high } = figureOf(key, outcomes);
  if (!Number.isFinite(median)) return '–';
  const spread = low === high ? '' : ` (${numberText(low, digits)}–${numberText(high, digits)})`;
  return `${numberText(median, digits)}${spread}`;
}

function table(head: string[], rows: string[][], align: 'left' | 'right' = 'right'): string {
  const rule = head.map((_, index) => (index === 0 || align === 'left' ? '---' : '--:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
