import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/**
 * How often it is looked whether the event loop is late. Each look wakes the process, some 60 µs of CPU:
 * prom-client 15 looks 100 times a second, which took 0.65 % of a core.
 */
const RESOLUTION_MS = 100;

const SECONDS = 1e9;

/**
 * How late the event loop ran since the metrics were last asked for, as gauges `nodejs_eventloop_lag_…`, in
 * place of those that prom-client has put into the registry.
 */
export function measureEventLoopLag(registry: Registry): void {
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith('nodejs_eventloop_lag')) registry.removeSingleMetric(name);
  }
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const lateness = (nanoseconds: number) =>
    Math.max(0, nanoseconds / SECONDS - RESOLUTION_MS / 1_000) || 0;
  const figures = {
    p50: () => lateness(delays.percentile(50)),
    p99: () => lateness(delays.percentile(99)),
    mean: () => lateness(delays.mean),
    // Last, as it begins anew.
    max: () => {
      const seconds = lateness(delays.max);
      delays.reset();
      return seconds;
    },
  };
  for (const [name, read] of Object.entries(figures)) {
    new Gauge({
      name: `nodejs_eventloop_lag_${name}_seconds`,
      help: `How late the event loop ran since the last look at the metrics: ${name}`,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  }
}

/** For `eventLoopMonitoringPrecision` of prom-client, whose own measurement cannot be left out. */
export const NEVER_MS = 2 ** 31 - 1;
