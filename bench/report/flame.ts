import type { Profiler } from 'node:inspector';
import { basename } from 'node:path';

/** One function, called by the same ones. */
interface Frame {
  readonly name: string;
  readonly part: 'tessera' | 'package' | 'node';
  us: number;
  readonly callees: Map<string, Frame>;
}

const WIDTH = 1_200;
const ROW = 18;
const MARGIN = 12;
const HEAD = 44;
/** Narrower ones are left out. */
const MIN_PX = 1.5;
const CHARACTER_PX = 6.2;
const colours = { tessera: '#c2410c', package: '#0f766e', node: '#64748b' };
/** What is no work. */
const REST = new Set(['(idle)', '(root)']);

/** A flame graph of the last `seconds` of a CPU profile, as SVG: callers below, and as wide as they took long. */
export function flameGraph(profile: Profiler.Profile, title: string, seconds: number): string {
  const root = framesOf(profile, seconds);
  const rows = depthOf(root);
  const height = HEAD + rows * ROW + MARGIN;
  const boxes: string[] = [];
  draw(root, { x: MARGIN, row: 0, pxPerUs: (WIDTH - 2 * MARGIN) / root.us, height }, boxes);
  const legend = `${title}: ${(root.us / 1_000).toFixed(0)} ms of JavaScript in ${seconds} s. Orange: Tessera, green: packages, grey: Node and V8`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="11">
<title>${escaped(legend)}</title>
<rect width="${WIDTH}" height="${height}" fill="#fafaf9"/>
<text x="${MARGIN}" y="27" font-size="15" fill="#1c1917">${escaped(legend)}</text>
${boxes.join('\n')}
</svg>
`;
}

function framesOf(
  { nodes, samples = [], timeDeltas = [] }: Profiler.Profile,
  seconds: number,
): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const root: Frame = { name: 'all', part: 'node', us: 0, callees: new Map() };
  let left = seconds * 1e6;
  for (let at = samples.length - 1; at >= 0 && left > 0; at--) {
    const us = timeDeltas[at] ?? 0;
    left -= us;
    const stack: Profiler.ProfileNode['callFrame'][] = [];
    for (let id = samples[at]; id !== undefined; id = callers.get(id)) {
      const frame = byId.get(id)?.callFrame;
      if (frame !== undefined) stack.unshift(frame);
    }
    const leaf = stack.at(-1)?.functionName ?? '';
    if (REST.has(leaf)) continue;
    root.us += us;
    let frame = root;
    for (const one of stack.filter(({ functionName }) => !REST.has(functionName))) {
      frame = calleeOf(frame, one);
      frame.us += us;
    }
  }
  return root;
}

function calleeOf(
  { callees }: Frame,
  { functionName, url, lineNumber }: Profiler.ProfileNode['callFrame'],
): Frame {
  const place = url === '' ? '' : ` ${basename(url)}:${lineNumber + 1}`;
  const name = `${functionName || '(anonymous)'}${place}`;
  let callee = callees.get(name);
  if (callee === undefined) {
    const part = url.includes('/node_modules/')
      ? 'package'
      : url.startsWith('file:')
        ? 'tessera'
        : 'node';
    callee = { name, part, us: 0, callees: new Map() };
    callees.set(name, callee);
  }
  return callee;
}

function depthOf({ callees }: Frame): number {
  return 1 + Math.max(0, ...[...callees.values()].map(depthOf));
}

interface Spot {
  readonly x: number;
  readonly row: number;
  readonly pxPerUs: number;
  readonly height: number;
}

function draw({ name, part, us, callees }: Frame, spot: Spot, boxes: string[]): void {
  const { x, row, pxPerUs, height } = spot;
  const width = us * pxPerUs;
  if (width < MIN_PX) return;
  const y = height - MARGIN - (row + 1) * ROW;
  const room = Math.floor((width - 6) / CHARACTER_PX);
  const label = name.length > room ? `${name.slice(0, room - 1)}…` : name;
  const text =
    room < 4
      ? ''
      : `<text x="${(x + 3).toFixed(1)}" y="${y + 13}" fill="#fff">${escaped(label)}</text>`;
  boxes.push(
    `<g><title>${escaped(name)}: ${(us / 1_000).toFixed(1)} ms</title><rect x="${x.toFixed(1)}" y="${y}" width="${(width - 0.5).toFixed(1)}" height="${ROW - 1}" fill="${colours[part]}" rx="2"/>${text}</g>`,
  );
  let from = x;
  for (const callee of [...callees.values()].sort((a, b) => b.us - a.us)) {
    draw(callee, { ...spot, x: from, row: row + 1 }, boxes);
    from += callee.us * pxPerUs;
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
