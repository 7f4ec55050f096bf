/**
 * A real dashboard of 141 widgets under a slider, in Chromium, with ten other clients on the board:
 * `node bench/scrubbing.ts [--seconds 10] [--profile FILE]`. The profile is for the developer
 * tools of Chromium.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  type ScrubOptions,
  type ScrubResult,
  scrubDashboard,
} from '../test/browser/scrubbing-page/scrub.ts';
import { servePage } from '../test/browser/serve-page.ts';
import { launchChromium } from '../test/support/chromium.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { startNodeProcess } from '../test/support/tessera.ts';
import { machineCpuMs, untilQuiet } from './machine/machine.ts';
import { delaysOf } from './machine/statistics.ts';

const FRAME_MS = 1000 / 60;
interface Load {
  readonly name: string;
  readonly setsPerFrame: number;
  /** Whether the page keeps a local copy, in IndexedDB. */
  readonly isKept: boolean;
}

const LOADS: readonly Load[] = [
  // What frames cost by themselves.
  { name: 'no slider', setsPerFrame: 0, isKept: false },
  { name: 'slider', setsPerFrame: 1, isKept: false },
  { name: '+ copy', setsPerFrame: 1, isKept: true },
  // A pointer that reports 240 times a second.
  { name: '4 sets', setsPerFrame: 4, isKept: true },
];
/** The one that is profiled. */
const PROFILED = '+ copy';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, profile: { type: 'string' } },
});

const profiled: NonNullable<ScrubOptions['around']> = async (session, scrub) => {
  await session.send('Profiler.enable');
  await session.send('Profiler.start');
  await scrub();
  const { profile } = await session.send('Profiler.stop');
  await writeFile(options.profile ?? '', JSON.stringify(profile));
};

function figuresOf(result: ScrubResult): Record<string, number | string> {
  const { frames, setMs, sets, sent, mainThreadMs, longTaskMs, texts } = result;
  const intervals = frames.slice(1).map((at, index) => at - (frames[index] ?? at));
  const dropped = intervals.map((ms) => Math.max(0, Math.round(ms / FRAME_MS) - 1));
  const set = delaysOf([...setMs]);
  const drawn = intervals.length;
  return {
    'frames drawn': drawn,
    'frames dropped': dropped.reduce((sum, count) => sum + count, 0),
    'longest frame, ms': Math.max(...intervals),
    sets,
    'frames sent': sent.frames,
    'most frames sent between two drawn': result.mostSentAtOnce,
    'bytes sent': sent.bytes,
    'ms a set, p50': set.p50,
    'ms a set, p99': set.p99,
    'ms of the main thread a frame': mainThreadMs / drawn,
    'long tasks': longTaskMs.length,
    'ms until saved, after the last frame': result.untilSavedMs,
    'connections that broke': result.closes.join() || 'none',
    'clients that hold the same': `${texts.filter((text) => text === texts[0]).length} of ${texts.length}`,
  };
}

const [postgres, pages, browser] = await Promise.all([
  startPostgres(),
  servePage('scrubbing-page'),
  launchChromium(),
]);
const node = await startNodeProcess({ DATABASE_URL: await postgres.createDatabase() });
const columns: Record<string, number | string>[] = [];
for (const { name, ...load } of LOADS) {
  const context = await browser.newContext();
  await untilQuiet();
  const before = { machine: await machineCpuMs(), at: performance.now() };
  const result = await scrubDashboard({
    context,
    pageUrl: pages.url,
    nodeUrl: node.url,
    board: `bench/scrubbing-${columns.length}`,
    durationMs: Number(options.seconds) * 1000,
    ...load,
    ...(options.profile !== undefined && name === PROFILED && { around: profiled }),
  });
  await context.close();
  const { createMs, savedMs, showMs, bytes } = result.imported;
  columns.push({
    '': name,
    'ms to import': createMs,
    'ms to import and save': savedMs,
    'ms to read and show all': showMs,
    'KiB sent for it': bytes / 1024,
    ...figuresOf(result),
    'cores busy': ((await machineCpuMs()) - before.machine) / (performance.now() - before.at),
  });
}
await node.stop();
await Promise.all([browser.close(), pages.close(), postgres.close()]);

for (const name of Object.keys(columns[0] ?? {})) {
  const cells = columns.map(({ [name]: value = '' }) =>
    String(typeof value === 'number' ? Number(value.toPrecision(3)) : value).padStart(10),
  );
  console.log(`${name.padEnd(38)}${cells.join('')}`);
}
process.exit();
