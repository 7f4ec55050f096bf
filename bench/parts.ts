/**
 * What the parts around the nodes take, for the arithmetic of docs/scaling.md: `node bench/parts.ts`.
 * CPU is that of the part alone. Takes a minute.
 */

import { startServices } from './machine/services.ts';
import { measureBalancer } from './parts/balancer.ts';
import { measureLog } from './parts/log.ts';
import { measureWire } from './parts/wire.ts';

/** Nothing is pinned further: one core for PostgreSQL and Redis, what is left for the rest. */
const SERVICE_CORE = 0;

const services = await startServices(SERVICE_CORE);
const figures = {
  ...(await measureLog(services)),
  ...(await measureWire(services)),
  ...(await measureBalancer()),
};
await services.close();
for (const [what, figure] of Object.entries(figures)) {
  console.log(`${figure.toPrecision(3).padStart(9)}  ${what}`);
}
