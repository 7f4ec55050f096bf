/** Paths on a 16 × 16 grid, to be stroked: `<svg class="icon" viewBox="0 0 16 16"><path d="…">`. */
export const icons = {
  add: 'M8 3.25v9.5M3.25 8h9.5',
  arrowLeft: 'M12.75 8h-9.5M7 4.25 3.25 8 7 11.75',
  arrowRight: 'M3.25 8h9.5M9 4.25 12.75 8 9 11.75',
  board:
    'M2.75 2.75h4.5v6h-4.5zM8.75 2.75h4.5v3h-4.5zM8.75 7.25h4.5v6h-4.5zM2.75 10.25h4.5v3h-4.5z',
  chart: 'M2.5 2.5v11h11M5 10l2.5-3.25L9.75 9l3.5-4.5',
  check: 'm3.25 8.5 3 3 6.5-7',
  checklist: 'm2.5 4.25 1 1 1.75-2M2.5 10.75l1 1 1.75-2M8 4.5h5.5M8 11h5.5',
  chevronDown: 'm4.25 6.25 3.75 3.75 3.75-3.75',
  close: 'm4 4 8 8M12 4l-8 8',
  copy: 'M5.75 5.75h7.5v7.5h-7.5zM10.25 5.5V2.75h-7.5v7.5H5.5',
  counter: 'M8 5.5v5M5.5 8h5M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  download: 'M8 2.5v7.75M4.75 7.25 8 10.5l3.25-3.25M2.75 13.25h10.5',
  drag: 'M6.6 3.6a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0zM6.6 8a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0zM6.6 12.4a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0zM10.6 3.6a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0zM10.6 8a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0zM10.6 12.4a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0z',
  edit: 'm3 13 .75-3.25 6.5-6.5a1.4 1.4 0 0 1 2 0l.5.5a1.4 1.4 0 0 1 0 2l-6.5 6.5zM9 4.5 11.5 7',
  external: 'M6.5 3.25H3.25v9.5h9.5V9.5M9.25 2.75h4v4M13 3 7.5 8.5',
  gauge: 'M3.4 12.25a6 6 0 1 1 9.2 0M8 9.25l2.75-3.5M8 9.5v.01',
  grid: 'M2.75 2.75h4v4h-4zM9.25 2.75h4v4h-4zM2.75 9.25h4v4h-4zM9.25 9.25h4v4h-4z',
  heading: 'M4 3v10M12 3v10M4 8h8',
  help: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.4 6.4A1.65 1.65 0 1 1 8 8.5v.5M8 11.25v.01',
  import: 'M8 2.5v7M5 6.75l3 3 3-3M2.75 9.5v3.75h10.5V9.5',
  link: 'M6.75 9.25a2.5 2.5 0 0 0 3.5 0l2-2a2.5 2.5 0 0 0-3.5-3.5l-.75.75M9.25 6.75a2.5 2.5 0 0 0-3.5 0l-2 2a2.5 2.5 0 0 0 3.5 3.5L8 11.5',
  lock: 'M3.75 7.25h8.5v6h-8.5zM5.5 7V5a2.5 2.5 0 0 1 5 0v2',
  menu: 'M2.75 4.5h10.5M2.75 8h10.5M2.75 11.5h10.5',
  moon: 'M13 9.4A5.5 5.5 0 0 1 6.6 3 5.5 5.5 0 1 0 13 9.4z',
  more: 'M4 8a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0zM8.6 8a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0zM13.2 8a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0z',
  note: 'M3.25 2.75h9.5v7l-3.5 3.5h-6zM9.25 13v-3.25h3.25M5.5 5.75h5M5.5 8h3',
  offline:
    'm2.5 2.5 11 11M5.2 9.3a4 4 0 0 1 2.2-1.1M2.75 6.6a7.5 7.5 0 0 1 2.1-1.4M7.6 4.1a7.5 7.5 0 0 1 5.65 2.5M10.4 8.9l.4.4M8 12.25v.01',
  people:
    'M6 7.25a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5zM1.75 13.25a4.25 4.25 0 0 1 8.5 0M10.5 2.9a2.25 2.25 0 0 1 0 4.2M12 9.4a4.25 4.25 0 0 1 2.25 3.85',
  redo: 'M12.75 6.25H6a3.25 3.25 0 0 0 0 6.5h3M10 3.25l3 3-3 3',
  refresh: 'M13 4v3h-3M12.7 7A5 5 0 1 0 13 9.25',
  resize: 'M13 8.5v4.5H8.5M13 13 8 8',
  send: 'M13.25 2.75 7 9M13.25 2.75l-4 10.5L7 9 2.75 6.75z',
  settings:
    'M2.75 5h5M11.25 5h2M2.75 11h2M8.25 11h5M9.5 6.75a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5zM6.5 12.75a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5z',
  stat: 'M3 6.25 5 4.5v7.25M8 5.9A1.9 1.9 0 0 1 11.8 6c0 2-3.8 3.5-3.8 5.75h4.25',
  sun: 'M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 1.75v1M8 13.25v1M1.75 8h1M13.25 8h1M3.6 3.6l.7.7M11.7 11.7l.7.7M12.4 3.6l-.7.7M4.3 11.7l-.7.7',
  table: 'M2.75 3.25h10.5v9.5H2.75zM2.75 6.5h10.5M2.75 9.6h10.5M6.5 6.5v6.25',
  trash: 'M3 4.5h10M6.25 4.25v-1.5h3.5v1.5M4.25 4.75l.5 8.5h6.5l.5-8.5M6.75 7.25v3.5M9.25 7.25v3.5',
  undo: 'M3.25 6.25H10a3.25 3.25 0 0 1 0 6.5H7M6 3.25l-3 3 3 3',
  upload: 'M8 10.5V2.75M4.75 6 8 2.75 11.25 6M2.75 13.25h10.5',
  warning: 'M8 2.75 14 13.25H2zM8 6.75v3M8 11.5v.01',
  wifi: 'M1.75 6.25a9 9 0 0 1 12.5 0M4 8.75a5.75 5.75 0 0 1 8 0M6.15 11.1a2.65 2.65 0 0 1 3.7 0',
} as const;

export type IconName = keyof typeof icons;

/** The tiles of the mark on a 24 × 24 grid: `<svg class="mark">` with a `<rect>` of each. */
export const markTiles = [
  { x: 2, y: 2, fill: '#4f5bd5' },
  { x: 13, y: 2, fill: '#12a594' },
  { x: 2, y: 13, fill: '#f5a524' },
  { x: 13, y: 13, fill: '#d6409f' },
].map((tile) => ({ ...tile, width: 9, height: 9, rx: 2 }));

const svg = 'http://www.w3.org/2000/svg';

/** An icon as an element, hidden from screen readers: the control it is in has the name. */
export function createIcon(name: IconName): SVGSVGElement {
  const element = document.createElementNS(svg, 'svg');
  element.setAttribute('class', 'icon');
  element.setAttribute('viewBox', '0 0 16 16');
  element.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg, 'path');
  path.setAttribute('d', icons[name]);
  element.append(path);
  return element;
}

/** The mark as an element. */
export function createMark(): SVGSVGElement {
  const element = document.createElementNS(svg, 'svg');
  element.setAttribute('class', 'mark');
  element.setAttribute('viewBox', '0 0 24 24');
  element.setAttribute('aria-hidden', 'true');
  for (const tile of markTiles) {
    const rect = document.createElementNS(svg, 'rect');
    for (const [key, value] of Object.entries(tile)) rect.setAttribute(key, String(value));
    element.append(rect);
  }
  return element;
}
