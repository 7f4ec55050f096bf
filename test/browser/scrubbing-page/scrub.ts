import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createClient } from '@tessera/client';
import type { BrowserContext, CDPSession } from 'playwright-core';
import { tokenFor } from '../../support/tessera.ts';
import { readDashboard } from '../../support/traces.ts';
import { eventually } from '../../support/wait.ts';
import { type Dashboard, widgetsFromDashboard } from '../../support/widgets-from-dashboard.ts';
import type { Imported, Scrub } from './page.ts';
import { textOf } from './panels.ts';

export interface ScrubOptions {
  readonly context: BrowserContext;
  /** Of the page. */
  readonly pageUrl: string;
  readonly nodeUrl: string;
  readonly board: string;
  readonly durationMs: number;
  /** How often the slider is set between two frames: pointers may report more often than is drawn. */
  readonly setsPerFrame?: number;
  /** Whether the page keeps a local copy. */
  readonly isKept?: boolean;
  readonly watchers?: number;
  /** Called around the scrubbing, for profiles. */
  readonly around?: (session: CDPSession, scrub: () => Promise<void>) => Promise<void>;
}

export interface ScrubResult extends Scrub {
  readonly panels: number;
  readonly imported: Imported;
  /** Of all tasks of the page during the scrubbing, by the browser. */
  readonly mainThreadMs: number;
  /** What each client holds in the end: the page, the watchers, and one that came afterwards. */
  readonly texts: readonly string[];
}

const WATCHERS = fileURLToPath(new URL('watchers.ts', import.meta.url));

/** Imports the dashboard on a page, with others on the board, and moves one slider of it at every frame. */
export async function scrubDashboard(options: ScrubOptions): Promise<ScrubResult> {
  const { context, pageUrl, nodeUrl, board, durationMs } = options;
  const { setsPerFrame = 1, isKept = true, watchers = 10 } = options;
  const { around = (_session, scrub) => scrub() } = options;
  const url = new URL('/sync', nodeUrl.replace('http', 'ws')).href;
  const panels = widgetsFromDashboard(readDashboard('node-exporter-full') as Dashboard);
  const slider = panels.find(({ type }) => type === 'timeseries')?.id ?? '';
  const others = await startWatchers([url, tokenFor('watcher'), board, String(watchers)]);
  try {
    const page = await context.newPage();
    await page.goto(pageUrl);
    await page.evaluate((to) => scrubbing.open(...to), [
      url,
      tokenFor('ada'),
      board,
      isKept,
    ] as const);
    const imported = await page.evaluate(
      (all) => scrubbing.importPanels(all),
      JSON.stringify(panels),
    );
    // From here on they hold all of it, and have to follow.
    await others.texts(await page.evaluate(() => scrubbing.text()));
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable');
    const figures: { scrub?: Scrub } = {};
    const before = await mainThreadMs(session);
    await around(session, async () => {
      figures.scrub = await page.evaluate((how) => scrubbing.scrub(...how), [
        slider,
        durationMs,
        setsPerFrame,
      ] as const);
    });
    const after = await mainThreadMs(session);
    if (figures.scrub === undefined) throw new Error('around() did not scrub');

    const text = await page.evaluate(() => scrubbing.text());
    const theirs = await others.texts(text);
    return {
      ...figures.scrub,
      panels: panels.length,
      imported,
      mainThreadMs: after - before,
      texts: [text, ...theirs, await textAnew(url, board)],
    };
  } finally {
    await others.close();
  }
}

async function mainThreadMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
}

async function startWatchers(args: readonly string[]) {
  const child = fork(WATCHERS, args);
  await answer(child);
  return {
    /** What they hold, at the latest when they all hold `wanted`, or after some time. */
    async texts(wanted: string): Promise<string[]> {
      let texts: string[] = [];
      const look = async () => {
        child.send('look');
        texts = await answer(child);
        return texts.every((text) => text === wanted);
      };
      // Whoever compares them says it better.
      await eventually(look).catch(() => undefined);
      return texts;
    },
    async close(): Promise<void> {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

async function answer(child: ChildProcess): Promise<string[]> {
  const ended = new AbortController();
  const { signal } = ended;
  try {
    const exited = once(child, 'exit', { signal }).then(() => {
      throw new Error('the process of the watchers ended');
    });
    const [texts] = (await Promise.race([once(child, 'message', { signal }), exited])) as [
      string[],
    ];
    return texts;
  } finally {
    ended.abort();
  }
}

/** What a client holds that was not there before. */
async function textAnew(url: string, id: string): Promise<string> {
  const client = createClient({ url, token: tokenFor('late') });
  try {
    const board = client.board(id);
    await eventually(() => board.status.state === 'saved');
    return textOf(board);
  } finally {
    await client.close();
  }
}
