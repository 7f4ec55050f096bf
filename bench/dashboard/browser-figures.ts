import type { launchChromium } from '../../test/support/chromium.ts';

// Named after what the tests' Chromium gives, as its package is one of theirs.
export type Browser = Awaited<ReturnType<typeof launchChromium>>;
export type BrowserContext = Awaited<ReturnType<Browser['newContext']>>;
export type Page = Awaited<ReturnType<BrowserContext['newPage']>>;
type CDPSession = Awaited<ReturnType<BrowserContext['newCDPSession']>>;

/** Of the page, by Chromium. Memory is that after everything unreachable was collected. */
export interface Memory {
  readonly heapMiB: number;
  /** Bytes of array buffers, outside of the heap. */
  readonly buffersMiB: number;
  readonly elements: number;
  readonly listeners: number;
  /** What the site keeps on the disk, IndexedDB above all. */
  readonly storedMiB: number;
}

/** Seconds of the main thread, since the page was opened. */
export interface MainThread {
  readonly allS: number;
  readonly scriptS: number;
  /** Styles and layout. */
  readonly layoutS: number;
}

/** Asks the browser itself about the page. */
export class BrowserFigures {
  readonly #page: Page;
  readonly #session: CDPSession;

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  static async of(context: BrowserContext, page: Page): Promise<BrowserFigures> {
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable');
    await session.send('HeapProfiler.enable');
    return new BrowserFigures(page, session);
  }

  async memory(): Promise<Memory> {
    // What only finalizers let go of is collected by the second.
    await this.#session.send('HeapProfiler.collectGarbage');
    await this.#session.send('HeapProfiler.collectGarbage');
    const heap = await this.#session.send('Runtime.getHeapUsage');
    const { nodes, jsEventListeners } = await this.#session.send('Memory.getDOMCounters');
    const stored = await this.#page.evaluate(
      async () => (await navigator.storage.estimate()).usage,
    );
    return {
      heapMiB: heap.usedSize / 2 ** 20,
      buffersMiB: heap.backingStorageSize / 2 ** 20,
      elements: nodes,
      listeners: jsEventListeners,
      storedMiB: (stored ?? Number.NaN) / 2 ** 20,
    };
  }

  async mainThread(): Promise<MainThread> {
    const { metrics } = await this.#session.send('Performance.getMetrics');
    const of = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
    return {
      allS: of('TaskDuration'),
      scriptS: of('ScriptDuration'),
      layoutS: of('LayoutDuration') + of('RecalcStyleDuration'),
    };
  }
}
