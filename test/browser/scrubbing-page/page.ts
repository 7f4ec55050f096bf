import { type Board, createClient } from '@tessera/client';
import { indexedDbStore } from '@tessera/client/offline';
import { createPanel, type NewPanel, panelsOn, setFill, textOf } from './panels.ts';

/** What is measured of some seconds of scrubbing, in milliseconds where it is time. */
export interface Scrub {
  /** When each frame began, by the browser's clock. */
  readonly frames: readonly number[];
  /** What each set took, until it was given to the socket. */
  readonly setMs: readonly number[];
  readonly sets: number;
  /** What went into the socket from the first set until all was saved. */
  readonly sent: { readonly frames: number; readonly bytes: number };
  /** The most frames that went into the socket between two frames drawn. */
  readonly mostSentAtOnce: number;
  /** Tasks of 50 ms or more. */
  readonly longTaskMs: readonly number[];
  readonly untilSavedMs: number;
  /** Code and reason of each connection of the page that broke. */
  readonly closes: readonly string[];
}

export interface Imported {
  /** Until every widget was made and the update was given to the socket. */
  readonly createMs: number;
  /** From the start until the server had committed it. */
  readonly savedMs: number;
  /** What reading and showing all of them took afterwards. */
  readonly showMs: number;
  readonly bytes: number;
}

const sent = { frames: 0, bytes: 0 };
const closes: string[] = [];

class CountedWebSocket extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    this.addEventListener('close', ({ code, reason }) => closes.push(`${code} ${reason}`.trim()));
  }

  override send(data: Uint8Array<ArrayBuffer>): void {
    sent.frames += 1;
    sent.bytes += data.byteLength;
    super.send(data);
  }
}
globalThis.WebSocket = CountedWebSocket;

let opened: Board | undefined;

function board(): Board {
  if (opened === undefined) throw new Error('no board is open on this page');
  return opened;
}

/** What the test steers the page with. */
const scrubbingPage = {
  async open(url: string, token: string, id: string, isKept: boolean): Promise<void> {
    const client = createClient({
      url,
      token,
      ...(isKept && { store: indexedDbStore({ name: 'scrubbing' }) }),
    });
    opened = client.board(id);
    await until(() => board().status.state === 'saved');
  },

  /** Makes a widget of each panel, in one transaction. They come as the JSON of `NewPanel`s. */
  async importPanels(json: string): Promise<Imported> {
    const panels = JSON.parse(json) as readonly NewPanel[];
    const [begin, bytesBefore] = [performance.now(), sent.bytes];
    board().widgets.batch(() => {
      for (const panel of panels) createPanel(board(), panel);
    });
    const createMs = performance.now() - begin;
    await board().saved();
    const savedMs = performance.now() - begin;
    const bytes = sent.bytes - bytesBefore;
    const beginShow = performance.now();
    show();
    return { createMs, savedMs, showMs: performance.now() - beginShow, bytes };
  },

  /** Moves the slider of one panel at every frame, `setsPerFrame` times in each. */
  async scrub(id: string, durationMs: number, setsPerFrame: number): Promise<Scrub> {
    const [frames, setMs, longTaskMs]: [number[], number[], number[]] = [[], [], []];
    const observer = new PerformanceObserver((list) => {
      longTaskMs.push(...list.getEntries().map(({ duration }) => duration));
    });
    observer.observe({ entryTypes: ['longtask'] });
    const before = { ...sent };
    let [sets, sentBefore, mostSentAtOnce] = [0, sent.frames, 0];
    for (;;) {
      const at = await nextFrame();
      mostSentAtOnce = Math.max(mostSentAtOnce, sent.frames - sentBefore);
      sentBefore = sent.frames;
      frames.push(at);
      if (at - (frames[0] ?? at) >= durationMs) break;
      for (let n = 0; n < setsPerFrame; n += 1) {
        const begin = performance.now();
        setFill(board(), id, percentOf(sets));
        setMs.push(performance.now() - begin);
        sets += 1;
      }
    }
    const ended = performance.now();
    await board().saved();
    const untilSavedMs = performance.now() - ended;
    longTaskMs.push(...observer.takeRecords().map(({ duration }) => duration));
    observer.disconnect();
    return {
      frames,
      setMs,
      sets,
      sent: { frames: sent.frames - before.frames, bytes: sent.bytes - before.bytes },
      mostSentAtOnce,
      longTaskMs,
      untilSavedMs,
      closes,
    };
  },

  text: () => textOf(board()),
};

/** Up and down, and never the same twice in a row. */
function percentOf(step: number): number {
  const turn = step % 200;
  return turn < 100 ? turn : 200 - turn;
}

/** A card for each panel, which follows it. */
function show(): void {
  const main = document.querySelector('main');
  for (const panel of panelsOn(board())) {
    const card = document.createElement('section');
    const draw = () => {
      card.textContent = `${panel.state?.title} ${JSON.stringify(panel.state).length}`;
    };
    panel.subscribe(draw);
    draw();
    main?.append(card);
  }
}

function nextFrame(): Promise<number> {
  return new Promise((resolve) => {
    requestAnimationFrame(resolve);
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextFrame();
}

declare global {
  var scrubbing: typeof scrubbingPage;
}
globalThis.scrubbing = scrubbingPage;
