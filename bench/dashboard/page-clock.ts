/** What became of opening the page, in milliseconds from its navigation. */
export interface Opened {
  readonly firstDrawn: number;
  readonly allDrawn: number;
  /** When the first 500 ms without a long task began. */
  readonly quiet: number;
  readonly longTaskMs: readonly number[];
}

/** What happened since it was asked for last. */
export interface Taken {
  readonly frameMs: readonly number[];
  readonly longTaskMs: readonly number[];
  /** Frames in which the followed widget was somewhere else than in the frame before. */
  readonly moved: number;
}

/**
 * Runs in the page before anything of it does, and so stands alone: nothing outside of it is known there.
 * `expected` is how many widgets the board has.
 */
export function installClock(expected: number): void {
  const QUIET_MS = 500;
  let tasks: { readonly end: number; readonly ms: number }[] = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      tasks.push({ end: startTime + duration, ms: duration });
    }
  }).observe({ type: 'longtask', buffered: true });

  const isInView = (tile: Element) => {
    const { top, bottom } = tile.getBoundingClientRect();
    return top < innerHeight && bottom > 0;
  };
  const isDrawn = (tile: Element) =>
    tile.querySelector(tile.getAttribute('data-type') === 'chart' ? 'canvas' : '.tile-body > *') !==
    null;

  const opened = new Promise<Opened>((resolve) => {
    let firstDrawn: number | undefined;
    const look = () => {
      const tiles = [...document.querySelectorAll('.tile')];
      const inView = tiles.filter(isInView);
      // What is there when a frame begins has been drawn when the next one does.
      if (firstDrawn === undefined && inView.some(isDrawn)) {
        firstDrawn = Number.NaN;
        requestAnimationFrame((next) => {
          firstDrawn = next;
        });
      }
      const isWhole = tiles.length === expected && inView.length > 0 && inView.every(isDrawn);
      requestAnimationFrame(isWhole ? untilQuiet : look);
    };
    const untilQuiet = (allDrawn: number) => {
      const quiet = Math.max(allDrawn, ...tasks.map(({ end }) => end));
      if (performance.now() < quiet + QUIET_MS) {
        setTimeout(() => untilQuiet(allDrawn), 50);
        return;
      }
      const longTaskMs = tasks.map(({ ms }) => ms);
      resolve({ firstDrawn: firstDrawn ?? allDrawn, allDrawn, quiet, longTaskMs });
    };
    requestAnimationFrame(look);
  });

  let frameMs: number[] = [];
  let moved = 0;
  globalThis.dashboardClock = {
    opened: () => opened,
    follow(widget) {
      const cell = document.querySelector(`[data-widget="${widget}"]`)?.parentElement;
      let [before, place] = [performance.now(), cell?.style.transform];
      const frame = (at: number) => {
        frameMs.push(at - before);
        if (place !== cell?.style.transform) moved += 1;
        [before, place] = [at, cell?.style.transform];
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    },
    take() {
      const taken = { frameMs, longTaskMs: tasks.map(({ ms }) => ms), moved };
      [frameMs, tasks, moved] = [[], [], 0];
      return taken;
    },
  };
}

interface DashboardClock {
  opened(): Promise<Opened>;
  /** Begins to count frames, and the moves of this widget. */
  follow(widget: string): void;
  take(): Taken;
}

declare global {
  var dashboardClock: DashboardClock;
}
