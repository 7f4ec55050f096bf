/** What the hot functions take, one by one: `npm run bench:micro`. Less than a minute. */
import { Bench, type FnReturnedObject } from 'tinybench';
import { doorMicros } from './micro/door.ts';
import { frameMicros } from './micro/frames.ts';
import { journalMicros } from './micro/journal.ts';
import type { Micro, MicroGroup } from './micro/micro.ts';
import { presenceMicros } from './micro/presence.ts';
import { sdkMicros } from './micro/sdk.ts';
import { socketMicros } from './micro/socket.ts';

const EACH_MS = 1_000;
const WARM_MS = 500;
const [only = ''] = process.argv.slice(2);

async function measure({ name, micros, close }: MicroGroup): Promise<void> {
  const bench = new Bench({ time: EACH_MS, warmupTime: WARM_MS, throws: true });
  for (const micro of micros) {
    const { name, prepare, cleanUp } = micro;
    bench.add(name, micro.waits ? async () => cpuOf(micro) : micro.run, {
      ...(prepare && { beforeEach: prepare }),
      ...(cleanUp && { afterEach: cleanUp }),
    });
  }
  await bench.run();
  console.log(`\n${name}`);
  console.log(row('', ['op/s', 'µs, median', 'p99', '±']));
  for (const { name, times = 1 } of micros) {
    const result = bench.getTask(name)?.result;
    if (result?.state !== 'completed') throw new Error(`${name} did not run to its end`);
    const { p50, p99, rme } = result.latency;
    const us = (ms: number) => digits((ms * 1_000) / times);
    console.log(
      row(name, [digits((1_000 * times) / p50), us(p50), us(p99), `${rme.toFixed(1)} %`]),
    );
  }
  await close?.();
}

async function cpuOf({ run }: Micro): Promise<FnReturnedObject> {
  const [startedAt, before] = [performance.now(), process.threadCpuUsage()];
  await run();
  const { user, system } = process.threadCpuUsage(before);
  return {
    overriddenDuration: (user + system) / 1_000,
    overriddenIterationCost: performance.now() - startedAt,
  };
}

function row(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(44)}${cells.map((cell) => cell.padStart(13)).join('')}`;
}

function digits(value: number): string {
  const places = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  });
}

const groups = [journalMicros, frameMicros, socketMicros, doorMicros, presenceMicros, sdkMicros];
for (const make of groups) if (make.name.startsWith(only)) await measure(await make());
process.exit();
