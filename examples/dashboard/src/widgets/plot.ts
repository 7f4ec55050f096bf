import { onThemeChange } from '@tessera/example-design/theme';
import uPlot from 'uplot';
import { onStep, POINTS, STEP_S, stepNow, valuesUntil } from '../feed.ts';
import { format, formatWithSign, inUnit, type Unit } from '../units.ts';

export interface PlotOptions {
  readonly series: readonly { readonly name: string }[];
  readonly unit: Unit;
  readonly look: 'line' | 'area' | 'bars';
  readonly hasLegend: boolean;
}

// Pointing at one chart shows the same moment in all of them.
const sync = uPlot.sync('dashboard');

/** Draws a chart into the element, as large as that is, and goes on with the feed. Returns the way to stop. */
export function drawPlot(element: HTMLElement, options: PlotOptions): () => void {
  let plot = make(element, options);
  const fit = new ResizeObserver(() => plot.setSize(sizeOf(element, options)));
  fit.observe(element);
  const stops = [
    onStep(() => plot.setData(dataOf(options))),
    onThemeChange(() => {
      plot.destroy();
      plot = make(element, options);
    }),
    () => fit.disconnect(),
    () => plot.destroy(),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function make(element: HTMLElement, options: PlotOptions): uPlot {
  const { series, unit, look, hasLegend } = options;
  const color = colorsOf(element);
  const axis: uPlot.Axis = {
    stroke: color('--text-quiet'),
    font: `11px ${getComputedStyle(element).fontFamily}`,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
  const bars = uPlot.paths.bars?.({ size: [0.65, 12], radius: 0.2 });
  const spline = uPlot.paths.spline?.();
  const lines = series.map(({ name }, index): uPlot.Series => {
    const stroke = color(`--data-${(index % 8) + 1}`);
    const paths = look === 'bars' ? bars : spline;
    return {
      label: name,
      stroke,
      width: look === 'bars' ? 0 : 1.75,
      ...(look === 'line' ? {} : { fill: withAlpha(stroke, look === 'bars' ? 0.8 : 0.13) }),
      ...(paths && { paths }),
      points: { show: false },
      // Nobody points at it: the newest.
      value: (plot, value, index) => formatWithSign(value ?? plot.data[index]?.at(-1) ?? 0, unit),
    };
  });
  return new uPlot(
    {
      ...sizeOf(element, options),
      series: [{ label: 'Time' }, ...lines],
      axes: [
        { ...axis, space: 70, size: 24, gap: 4, values: (_plot, ticks) => ticks.map(clock) },
        {
          ...axis,
          space: 34,
          size: 46,
          gap: 6,
          values: (_plot, ticks) => ticks.map((tick) => format(tick, unit, tick % 1 === 0 ? 0 : 1)),
        },
      ],
      scales: { x: { time: true }, y: { range: (_plot, min, max) => rangeOf(min, max, look) } },
      legend: {
        show: hasLegend,
        live: true,
        markers: { width: 0, fill: (_plot, index) => color(`--data-${((index - 1) % 8) + 1}`) },
      },
      cursor: {
        y: false,
        points: { size: 7 },
        drag: { x: false, y: false },
        sync: { key: sync.key },
      },
      // Room for half of the last time.
      padding: [8, 28, 0, 0],
      ms: 1e-3,
    },
    dataOf(options),
    element,
  );
}

function dataOf({ series, unit }: PlotOptions): uPlot.AlignedData {
  const step = stepNow();
  const times = Array.from({ length: POINTS }, (_, index) => (step - POINTS + 1 + index) * STEP_S);
  const values = series.map(({ name }) =>
    valuesUntil(name, step).map((value) => inUnit(value, unit)),
  );
  return [times, ...values];
}

function sizeOf(element: HTMLElement, { hasLegend }: PlotOptions) {
  const legend = element.querySelector('.u-legend');
  // Before there is one, what one line of it takes.
  const legendHeight = hasLegend ? (legend?.clientHeight ?? 24) : 0;
  return {
    width: Math.max(40, element.clientWidth),
    height: Math.max(40, element.clientHeight - legendHeight),
  };
}

function rangeOf(min: number, max: number, look: PlotOptions['look']): [number, number] {
  if (look !== 'line') return [0, Math.max(1, max * 1.15)];
  const room = Math.max(0.5, (max - min) * 0.15);
  return [Math.max(0, min - room), max + room];
}

function clock(atS: number): string {
  return new Date(atS * 1000).toLocaleTimeString('en-GB');
}

/** A canvas does not know custom properties, nor `light-dark()`: the browser is asked what they come to. */
function colorsOf(element: HTMLElement): (property: string) => string {
  return (property) => {
    const before = element.style.color;
    element.style.color = `var(${property})`;
    const color = getComputedStyle(element).color;
    element.style.color = before;
    return color;
  };
}

function withAlpha(color: string, alpha: number): string {
  const [r, g, b] = color.match(/[\d.]+/g) ?? [];
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}
