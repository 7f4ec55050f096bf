import { type Bar, chartOf } from './bars.ts';
import { figureOf, fullTitleOf, numberText, ratioOf, ratioText } from './figures.ts';
import { type JudgedGoal, judge } from './judge.ts';
import { notesOn } from './notes.ts';
import { pageStyle } from './page-style.ts';
import { peerOf, stockFor } from './peers.ts';
import type { Results, ScenarioResult } from './results.ts';
import { mainViews, measured, type View, viewTitle } from './views.ts';

/** Text that goes between tags or into an attribute. */
class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | undefined | readonly Part[];

/** Escapes whatever is no `Html` yet. */
function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.reduce((text, next, index) => text + textOf(parts[index - 1]) + next));
}

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return String(part).replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}

/** All of the results as one page that needs nothing else: no network, no script. */
export function pageOf(results: Results): string {
  const { startedAt, scenarios } = results;
  const title = `Tessera beside its peers, ${startedAt.slice(0, 10)}`;
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(pageStyle)}</style>
<header>
<div class="brand">${mark} Tessera</div>
<h1>Beside its peers</h1>
<p class="lead">What a server costs, and how long people wait for each other, in one run on one machine. Everywhere, less is better.</p>
${factsOf(results)}
</header>
<main>
${goalsCard(judge(results))}
<nav aria-label="Scenarios">${scenarios.map(({ name }) => html`<a href="#${name}">${name}</a> `)}</nav>
${legend}
${scenarios.map(section)}
</main>
<footer>The servers share one core, the generator, PostgreSQL and Redis the other. Ratios hold; absolute figures drift between machines and hours. Tessera’s ack says that the edit is committed to the log; that of Hocuspocus and of the relays, that it was received. How all of it is measured: <code>bench/README.md</code>.</footer>
</html>
`.text;
}

const mark = html`<svg width="22" height="22" viewBox="0 0 16 16" aria-hidden="true"><rect x="1" y="1" width="6.4" height="6.4" rx="1.5" fill="#4f5bd5"/><rect x="8.6" y="1" width="6.4" height="6.4" rx="1.5" fill="#12a594"/><rect x="1" y="8.6" width="6.4" height="6.4" rx="1.5" fill="#f5a524"/><rect x="8.6" y="8.6" width="6.4" height="6.4" rx="1.5" fill="#d6409f"/></svg>`;

const legend = html`<div class="legend" aria-hidden="true">
<span class="tessera"><span class="track"><i style="--to:70%"></i></span>Tessera</span>
<span class="stock"><span class="track"><i style="--to:70%"></i></span>stock Hocuspocus, to which the ratios are</span>
<span><span class="track"><i style="--to:70%"></i></span>other peers</span>
<span class="stock"><span class="track"><i class="pale" style="--to:80%"></i><i style="--to:35%"></i></span>p50, and p99</span>
<span><span class="track"><i style="--to:70%"></i><b class="whisker" style="--from:48%;--to:86%"></b></span>lowest and highest round</span>
<span><span class="track"><b class="at-floor" style="--to:40%"></b></span>the floor: a bare relay</span>
<span><span class="track"><i style="--to:100%"></i><b class="tear"></b></span>torn: longer than drawn</span>
</div>`;

function factsOf({ startedAt, minutes, command, machine, versions }: Results): Html {
  const facts: [string, Part][] = [
    ['Command', html`<code>${command}</code>`],
    ['Taken', `${startedAt.slice(0, 16).replace('T', ' ')} UTC, in ${minutes.toFixed(0)} minutes`],
    ['Machine', `${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB`],
    [
      'Versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(' · '),
    ],
  ];
  return html`<dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function goalsCard(goals: readonly JudgedGoal[]): Html {
  const count = (verdict: JudgedGoal['verdict']) =>
    goals.filter((goal) => goal.verdict === verdict).length;
  const judged = count('met') + count('missed');
  const row = ({ goal, verdict, limit, measured, doubt }: JudgedGoal) =>
    html`<tr data-verdict="${verdict}"><td><span class="pill" data-verdict="${verdict}">${verdict}</span></td><th scope="row">${goal.title}</th><td><b>${measured}</b>${doubt && html` <span class="doubt">${doubt}</span>`}</td><td>${limit}</td></tr>\n`;
  return html`<section class="card goals"><h2>${count('met')} of ${judged} goals met</h2>
<table><thead><tr><th></th><th>figure</th><th>measured</th><th>goal</th></tr></thead>
<tbody>${goals.map(row)}</tbody></table></section>`;
}

function section(scenario: ScenarioResult): Html {
  const notes = notesOn(scenario.runs);
  return html`<section class="scenario" id="${scenario.name}">
<h2>${scenario.name}</h2>
<p>${scenario.about}</p>
<div class="charts">${mainViews(scenario).map((view) => chart(view, scenario))}</div>
${notes.length > 0 && notes.length <= FEW_NOTES ? list(notes) : ''}
${notes.length > FEW_NOTES ? html`<details><summary>${notes.length} notes on these runs</summary>${list(notes)}</details>` : ''}
${allFigures(scenario)}
</section>
`;
}

const FEW_NOTES = 4;

function list(notes: readonly string[]): Html {
  return html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`;
}

function chart(view: View, { figures, runs }: ScenarioResult): Html {
  const { groups, floor } = chartOf(view, runs);
  const [{ unit }] = view;
  return html`<div class="card chart"><h3>${viewTitle(view, figures)}${unit && html` <span class="unit">${unit}</span>`}</h3>
<table>${groups.map((bars) => html`<tbody>${bars.map((bar) => barRow(bar, view, floor))}</tbody>`)}</table></div>
`;
}

function barRow(bar: Bar, view: View, floor: number | undefined): Html {
  const { run, values, ends, whisker, isTorn, isStock, ratio } = bar;
  const { short, part, nodes } = peerOf(run.name);
  const [last = 0, ...lower] = ends.toReversed();
  const marks = [
    html`<i class="${lower.length > 0 ? 'pale' : ''}" style="--to:${percent(last)}"></i>`,
    lower.map((end) => html`<i style="--to:${percent(end)}"></i>`),
    whisker &&
      html`<b class="whisker" style="--from:${percent(whisker[0])};--to:${percent(whisker[1])}"></b>`,
    isTorn ? html`<b class="tear"></b>` : '',
    nodes === 1 && floor !== undefined
      ? html`<b class="at-floor" style="--to:${percent(floor)}"></b>`
      : '',
  ];
  const text = values.map((value, index) => numberText(value, view[index]?.digits ?? 0));
  const beside = isStock ? 'stock' : ratio === undefined ? '' : ratioText(ratio);
  return html`<tr class="${isStock ? 'stock' : part}"><th scope="row" title="${run.title}">${short}</th><td class="bar-cell"><div class="track">${marks}</div></td><td class="value">${text.join(' / ')}</td><td class="ratio">${beside}</td></tr>
`;
}

function allFigures(scenario: ScenarioResult): Html {
  const { runs } = scenario;
  const figures = measured(scenario);
  const cell = (run: ScenarioResult['runs'][number], { key, digits }: (typeof figures)[number]) => {
    const { median, low, high } = figureOf(key, run.outcomes);
    if (!Number.isFinite(median)) return html`<td>–</td>`;
    const stock = stockFor(run.name, key, runs);
    const ratio = stock === run ? Number.NaN : ratioOf(key, run.outcomes, stock?.outcomes);
    const spread = low === high ? '' : ` ${numberText(low, digits)}–${numberText(high, digits)}`;
    const beside = `${spread}${Number.isFinite(ratio) ? ` ${ratioText(ratio)}` : ''}`;
    return html`<td>${numberText(median, digits)}<small>${beside}</small></td>`;
  };
  return html`<details><summary>all figures, with the lowest and highest, and ratios to stock</summary><div class="scroll"><table>
<thead><tr><th></th>${figures.map((figure) => html`<th scope="col">${fullTitleOf(figure, figures)}</th>`)}</tr></thead>
<tbody>${runs.map((run) => html`<tr><th scope="row">${run.title}</th>${figures.map((figure) => cell(run, figure))}</tr>\n`)}</tbody>
</table></div></details>`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
