import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../test/support/wait.ts';
import type { BenchClient } from '../load/bench-client.ts';
import { BoardLoad } from '../load/board-load.ts';
import { delaysOf } from '../machine/statistics.ts';
import { onOwnSite } from './own-site.ts';
import type { Scenario } from './scenario.ts';

const CLIENTS = 40;
const CLOSED_TABS = 5;
const MOVE_EVERY_MS = 1_000;
/** Time for the tabs to be gone, where that is a matter of a message, before their node is killed. */
const KILL_AFTER_MS = 1_000;
/** Yjs takes people for gone after 30 s, and looks every 3 s. */
const GONE_WITHIN_MS = 40_000;

export const leaving: Scenario = {
  name: 'leaving',
  about: `${CLIENTS} people on two nodes: ${CLOSED_TABS} tabs on one node are closed, and the node is killed a second later. How long those who left are still shown on the other node`,
  figures: [
    { key: 'closedTabP50Ms', title: 'closed tabs: p50', unit: 'ms', digits: 0 },
    { key: 'closedTabMaxMs', title: 'longest', unit: 'ms', digits: 0 },
    { key: 'killedNodeP50Ms', title: 'killed node: p50', unit: 'ms', digits: 0 },
    { key: 'killedNodeMaxMs', title: 'longest', unit: 'ms', digits: 0 },
  ],
  contestants: ['tessera-two-nodes', 'hocuspocus-two-nodes'],
  rounds: 1,
  isQuick: false,
  run: (scene) =>
    onOwnSite(scene, {}, async (site, { figures, faults }) => {
      const load = await BoardLoad.open(site, 'bench/leaving', { clients: CLIENTS, witnesses: 0 });
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
        await site.kill(0);
        const shown = () => leavers.filter((client) => !leftAt.has(client)).length;
        try {
          await eventually(() => shown() === 0, { timeoutMs: GONE_WITHIN_MS });
        } catch {
          faults.push(`${shown()} of ${leavers.length} are shown after ${GONE_WITHIN_MS} ms`);
        }
        // Who is shown still is so for at least as long.
        const never = performance.now();
        const look = (who: string, clients: BenchClient[], at: number) => {
          const delays = delaysOf(clients.map((client) => (leftAt.get(client) ?? never) - at));
          figures[`${who}P50Ms`] = delays.p50;
          figures[`${who}MaxMs`] = delays.max;
        };
        look('closedTab', tabs, closedAt);
        look('killedNode', leavers.slice(CLOSED_TABS), killedAt);
      } finally {
        clearInterval(moving);
        await load.close();
      }
    }),
};
