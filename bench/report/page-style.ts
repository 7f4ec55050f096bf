/** The look of the page, in the colours of the project. */
export const pageStyle = `
:root { color-scheme: light dark;
  --bg: light-dark(#f6f7f9, #0e0f12); --surface: light-dark(#fff, #16181c); --sunken: light-dark(#eff1f4, #202329);
  --line: light-dark(#e4e7ec, #2a2d34); --text: light-dark(#171a21, #eceef2); --quiet: light-dark(#565c68, #a0a6b2);
  --accent: light-dark(#4f5bd5, #8590f5); --accent-text: light-dark(#434ec2, #a5adf8);
  --stock: light-dark(#6f7787, #9aa1ae); --peer: light-dark(#a6adb9, #6b727f); --floor: light-dark(#0c8f80, #2fc4b2);
  --good: light-dark(#136f42, #5bd197); --good-soft: light-dark(#e3f4ea, #14291f);
  --bad: light-dark(#b9252b, #ff8f92); --bad-soft: light-dark(#fdebeb, #341a1c);
  --busy: light-dark(#8a5200, #f4b64a); --busy-soft: light-dark(#fdf1da, #2e2413);
  --font: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
* { box-sizing: border-box; margin: 0; padding: 0; }
html { font: 100%/1.5 var(--font); color: var(--text); background: var(--bg); -webkit-text-size-adjust: 100%; }
body { max-width: 1180px; margin: 0 auto; padding: 40px clamp(16px, 4vw, 40px) 80px; font-size: .9375rem; }
h1, h2, h3 { line-height: 1.2; letter-spacing: -.012em; text-wrap: balance; font-weight: 620; }
h1 { font-size: clamp(1.75rem, 1.2rem + 2.4vw, 2.5rem); letter-spacing: -.022em; margin: 20px 0 8px; }
h2 { font-size: 1.25rem; }
h3 { font-size: .875rem; margin-bottom: 10px; }
a { color: var(--accent-text); text-decoration-thickness: 1px; text-underline-offset: .18em; }
code { font: .92em var(--mono); overflow-wrap: anywhere; }
.brand { display: flex; gap: 9px; align-items: center; font-weight: 620; }
.lead { color: var(--quiet); font-size: 1.0625rem; max-width: 44em; text-wrap: pretty; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 3px 20px; margin: 22px 0 0; font-size: .8125rem; }
.facts dt { color: var(--quiet); }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 20px; }
.goals { margin-top: 32px; padding: 20px 20px 8px; }
.goals h2 { margin-bottom: 8px; }
.goals table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
.goals th { font-weight: 400; text-align: left; }
.goals td, .goals th { padding: 7px 12px 7px 0; border-top: 1px solid var(--line); vertical-align: baseline; }
.goals thead th { border: 0; color: var(--quiet); font-size: .75rem; padding-bottom: 4px; }
.goals td b { font-weight: 620; white-space: nowrap; }
.goals td:nth-child(4) { color: var(--quiet); }
.goals .doubt { color: var(--busy); font-size: .75rem; }
.goals tr[data-verdict="not measured"] { color: var(--quiet); }
.pill { display: inline-block; min-width: 6.2em; padding: 1px 9px; border-radius: 99px; font-size: .75rem; font-weight: 560;
  text-align: center; background: var(--sunken); color: var(--quiet); white-space: nowrap; }
.pill[data-verdict=met] { background: var(--good-soft); color: var(--good); }
.pill[data-verdict=missed] { background: var(--bad-soft); color: var(--bad); }
nav { display: flex; flex-wrap: wrap; gap: 6px 16px; margin: 28px 0 0; font-size: .8125rem; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 22px; margin-top: 14px; color: var(--quiet); font-size: .8125rem; align-items: center; }
.legend .track { display: inline-block; width: 56px; vertical-align: -2px; margin-right: 7px; }
.scenario { margin-top: 48px; scroll-margin-top: 16px; }
h3::first-letter, .scenario > p::first-letter { text-transform: uppercase; }
.scenario > p { color: var(--quiet); margin: 3px 0 14px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 1fr)); gap: 14px; }
.chart { padding: 16px 18px 14px; min-width: 0; }
.chart .unit { color: var(--quiet); font-weight: 400; }
.chart table { width: 100%; border-collapse: collapse; font-size: .8125rem; font-variant-numeric: tabular-nums; }
.chart th, .chart td { padding: 3.5px 0; text-align: left; white-space: nowrap; font-weight: 400; }
.chart th { padding-right: 12px; color: var(--quiet); }
.chart .bar-cell { width: 100%; }
.chart .value { text-align: right; padding-left: 12px; }
.chart .ratio { text-align: right; padding-left: 12px; color: var(--quiet); }
.chart tr.tessera th, .chart tr.tessera .value { color: var(--text); font-weight: 620; }
.chart tbody + tbody::before { content: ""; display: block; height: 10px; }
.track { position: relative; height: 14px; background: var(--sunken); border-radius: 3px; overflow: hidden; --colour: var(--peer); }
.tessera .track { --colour: var(--accent); }
.stock .track { --colour: var(--stock); }
.floor .track { --colour: color-mix(in srgb, var(--floor) 55%, var(--sunken)); }
.track i { position: absolute; inset: 0 auto 0 0; width: var(--to); min-width: 2px; border-radius: 3px; background: var(--colour); }
.track i.pale { background: color-mix(in srgb, var(--colour) 38%, var(--sunken)); }
.track .tear { position: absolute; inset: -4px 27px -4px auto; width: 7px; transform: skewX(-22deg); background: var(--surface); }
.track .whisker { position: absolute; top: 4px; bottom: 4px; left: var(--from); width: max(2px, calc(var(--to) - var(--from)));
  color: var(--text); border: solid; border-width: 0 1.5px; opacity: .8;
  background: linear-gradient(currentcolor 0 0) center / 100% 1.5px no-repeat; }
.track .at-floor { position: absolute; inset: 0 auto 0 calc(var(--to) - 1px); border-left: 2px dashed var(--floor); }
.notes { margin-top: 12px; font-size: .8125rem; color: var(--busy); list-style: none; display: grid; gap: 2px; }
details { margin-top: 12px; font-size: .8125rem; }
summary { cursor: pointer; color: var(--accent-text); width: fit-content; }
.scroll { overflow-x: auto; margin-top: 8px; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); }
.scroll table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
.scroll th, .scroll td { padding: 6px 12px; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); font-weight: 400; }
.scroll thead th { border: 0; color: var(--quiet); }
.scroll th:first-child { text-align: left; position: sticky; left: 0; background: var(--surface); }
.scroll small { color: var(--quiet); }
footer { margin-top: 56px; color: var(--quiet); font-size: .8125rem; max-width: 60em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
@media (max-width: 620px) {
  body { padding-top: 24px; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: 7px; }
  .goals thead { display: none; }
  .goals tr { display: grid; grid-template-columns: auto 1fr auto; padding: 9px 0; border-top: 1px solid var(--line); gap: 2px 12px; }
  .goals td, .goals th { border: 0; padding: 0; }
  .goals th { grid-area: 1 / 1 / 2 / 3; }
  .goals td:nth-child(1) { grid-area: 1 / 3; }
  .goals td:nth-child(3) { display: contents; }
  .goals td b { grid-area: 2 / 1; min-width: 5.2em; }
  .goals td:nth-child(4) { grid-area: 2 / 2 / 3 / 4; }
  .goals .doubt { grid-area: 3 / 1 / 4 / 4; }
  .chart { padding: 14px; }
  .chart tr { display: grid; grid-template-columns: 1fr auto 4.4em; padding: 4px 0; }
  .chart th, .chart td { padding: 0; }
  .chart .bar-cell { grid-column: 1 / -1; order: 4; margin-top: 2px; }
  .chart .track { height: 10px; }
}
@media print { body { max-width: none; } .card { break-inside: avoid; } }
`;
