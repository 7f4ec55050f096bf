import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../test/support/wait.ts';
import type { BenchClient } from './bench-client.ts';
import { BoardLoad } from './board-load.ts';
import type { Contestant } from './contestants.ts';
import type { Services } from './services.ts';

const CLIENTS = 40;
const CLOSED_TABS = 5;
const MOVE_EVERY_MS = 1_000;
/** Time for the tabs to be gone, where that is a matter of a message, before their node is killed. */
const KILL_AFTER_MS = 1_000;
/** Yjs takes people for gone after 30 s, and looks every 3 s. */
const GONE_WITHIN_MS = 40_000;

/** How long people who left were still shown on the other node. */
export interface LeavingResult {
  readonly server: string;
  readonly closedTabMs: readonly number[];
  readonly killedNodeMs: readonly number[];
}

/** Closes some tabs on one node, kills the node a little later, and watches from the other one. */
export async function runLeaving(
  start: Contestant,
  services: Services,
  core: number,
): Promise<LeavingResult> {
  const pair = await start(services, core);
  const load = await BoardLoad.open(pair, 'bench/leaving', { clients: CLIENTS, witnesses: 0 });
  load.addCursors();
  // Like real clients, the others never stop: a server may take silence for absence.
  const move = () => {
    for (const sender of load.senders) sender.send();
  };
  const moving = setInterval(move, MOVE_EVERY_MS);
  try {
    move();
    await load.untilArrived();
    const leftAt = load.watchLeaving();
    const leavers = load.clients.filter(({ node }) => node === 0);
    const tabs = leavers.slice(0, CLOSED_TABS);
    const closedAt = performance.now();
    await Promise.all(tabs.map((tab) => tab.close()));
    await delay(KILL_AFTER_MS);
    const killedAt = performance.now();
    await pair.kill(0);
    const isOver = () => leavers.every((client) => leftAt.has(client));
    await eventually(isOver, { timeoutMs: GONE_WITHIN_MS, what: 'everybody of node 1 to be gone' });
    const after = (clients: BenchClient[], at: number) =>
      clients.map((client) => (leftAt.get(client) ?? Number.NaN) - at);
    return {
      server: pair.name,
      closedTabMs: after(tabs, closedAt),
      killedNodeMs: after(leavers.slice(CLOSED_TABS), killedAt),
    };
  } finally {
    clearInterval(moving);
    await load.close();
    await pair.stop();
  }
}
