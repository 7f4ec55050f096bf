import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from './postgres-cluster.ts';
import { eventually } from './wait.ts';

/** The load balancer of `deploy/`, in front of nodes of a test. */
export interface Balancer {
  /** `http://127.0.0.1:…`, as a node's */
  readonly url: string;
  readonly metricsUrl: string;
  /** Of the shell around it. */
  readonly pid: number;
  /** What it logged: a line for each connection once it has ended, and what it noticed of the nodes. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

const configuration = fileURLToPath(new URL('../../deploy/haproxy.cfg', import.meta.url));

/** Waits on a pipe from us, which closes however this process ends, and then ends the balancer. */
const LIFELINE = `
"$@" </dev/null &
exec >/dev/null
read -r word
kill -s TERM $!
wait $!
`;

/** Starts it for the nodes at these ports of 127.0.0.1; resolves when all of them get connections. */
export async function startBalancer(ports: readonly [number, number]): Promise<Balancer> {
  const [listen, metrics] = [await freePort(), await freePort()];
  const shell = spawn('sh', ['-c', LIFELINE, 'sh', 'haproxy', '-db', '-f', configuration], {
    env: {
      // Debian keeps it where the PATH of a plain user does not look.
      PATH: `${process.env['PATH']}:/usr/sbin`,
      BALANCER_LISTEN: `127.0.0.1:${listen}`,
      BALANCER_METRICS: `127.0.0.1:${metrics}`,
      NODE_1: `127.0.0.1:${ports[0]}`,
      NODE_2: `127.0.0.1:${ports[1]}`,
    },
    // Detached: Ctrl-C is for the test runner, which then closes the pipe.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(shell, 'exit');
  const log: string[] = [];
  createInterface({ input: shell.stdout }).on('line', (line) => log.push(line));
  createInterface({ input: shell.stderr }).on('line', (line) => log.push(line));
  if (shell.pid === undefined) throw new Error('no shell could be started');
  const balancer: Balancer = {
    pid: shell.pid,
    url: `http://127.0.0.1:${listen}`,
    metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
    log,
    async close() {
      shell.stdin.end();
      await exited;
    },
  };
  await eventually(async () => (await fetch(`${balancer.url}/readyz`)).ok, {
    what: 'the balancer to be ready',
  }).catch(async (cause) => {
    await balancer.close();
    throw new Error(`the balancer was not ready:\n${log.join('\n')}`, { cause });
  });
  return balancer;
}
