import type { Site, Stage } from '../contestants/contestant.ts';
import { cpuMs, machineCpuMs } from './machine.ts';
import { peakKiB, resetPeak, residentTogetherKiB } from './memory.ts';

/** What was used from `startUsage` until `end`. */
export interface Usage {
  readonly seconds: number;
  /** Of all servers of the site together. */
  readonly serverMs: number;
  /** The most that was resident of them at any moment, together. */
  readonly peakMiB: number;
  /** That, above what was resident at the start. */
  readonly grownMiB: number;
  /** Share of a core the generator used. */
  readonly generatorShare: number;
  /** Share of a core used by what is no part of the measurement. */
  readonly othersShare: number;
}

/** Counts what the site's servers use from now on; their processes must stay the same. */
export async function startUsage(site: Site, { services }: Stage) {
  const { pids } = site;
  const look = async () => {
    // In one turn of an event loop that may be busy; what the database used may come later.
    const at = performance.now();
    const { user, system } = process.cpuUsage();
    const [server, redis, machine, database] = await Promise.all([
      cpuMs(pids),
      cpuMs([services.redisPid]),
      machineCpuMs(),
      services.postgresCpuMs(),
    ]);
    const generator = (user + system) / 1_000;
    return { at, server, generator, known: database + redis, machine };
  };
  const [before, residentKiB] = await Promise.all([
    look(),
    residentTogetherKiB(pids),
    ...pids.map(resetPeak),
  ]);
  return {
    async end(): Promise<Usage> {
      const after = await look();
      const used = (key: keyof typeof before) => after[key] - before[key];
      const wallMs = used('at');
      const peaks = await Promise.all(pids.map(peakKiB));
      const togetherKiB = peaks.reduce((sum, kib) => sum + kib, 0);
      return {
        seconds: wallMs / 1_000,
        serverMs: used('server'),
        peakMiB: togetherKiB / 1_024,
        grownMiB: (togetherKiB - residentKiB) / 1_024,
        generatorShare: used('generator') / wallMs,
        othersShare:
          Math.max(0, used('machine') - used('server') - used('generator') - used('known')) /
          wallMs,
      };
    },
  };
}
