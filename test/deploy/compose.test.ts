import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseSettings, runCli } from '@tessera/server';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startRedis } from '../support/redis.ts';
import { SECRET, startNodeOnPostgres } from '../support/tessera.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SECRETS = { TESSERA_JWT_SECRET: SECRET, POSTGRES_PASSWORD: 'a1b2c3' };

interface Service {
  environment?: Record<string, string>;
  command?: string[];
  volumes?: string[];
  ports?: string[];
  stop_grace_period?: string;
}

function read(path: string): Promise<string> {
  return readFile(`${root}${path}`, 'utf8');
}

/** Values of `${NAME:?…}` and `${NAME:-default}`, as Compose puts them in. */
function fillIn(text: string): string {
  return text.replace(
    /\$\{(\w+):([?-])([^}]*)\}/g,
    (_, name: string, kind: string, rest: string) =>
      kind === '-' ? rest : (SECRETS[name as keyof typeof SECRETS] ?? ''),
  );
}

/** Runs `docker-compose config` without the environment of this process; neither needs a Docker. */
async function composeConfig(env: Record<string, string>) {
  // Nor the .env that somebody may have made of the example.
  const args = [
    '--env-file',
    `${root}.env.example`,
    '--file',
    `${root}docker-compose.yml`,
    'config',
  ];
  const run = { env: { PATH: process.env['PATH'], ...env } };
  return new Promise<{ failed: boolean; output: string }>((resolve) => {
    execFile('docker-compose', args, run, (error, stdout, stderr) =>
      resolve({ failed: error !== null, output: stdout + stderr }),
    );
  });
}

let services: Record<string, Service>;

function service(name: string): Service {
  const found = services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

beforeAll(async () => {
  services = parse(fillIn(await read('docker-compose.yml')), { merge: true }).services;
});

describe('docker-compose.yml', () => {
  it('is accepted by Compose', async () => {
    expect(await composeConfig(SECRETS)).toMatchObject({ failed: false });
  });

  it.each(['TESSERA_JWT_SECRET', 'POSTGRES_PASSWORD'] as const)(
    'is refused without %s, with the way to set it',
    async (name) => {
      const { failed, output } = await composeConfig({ ...SECRETS, [name]: '' });
      expect(failed).toBe(true);
      expect(output).toContain(`set ${name} in .env, see .env.example`);
      expect(await read('.env.example')).toMatch(new RegExp(`^${name}=$`, 'm'));
    },
  );

  it('gives its nodes settings that exist and suffice in production, the same but for the name', async () => {
    const [first = {}, second = {}] = ['node-1', 'node-2'].map((name) => service(name).environment);
    expect({ ...second, TESSERA_NODE_ID: 'node-1' }).toEqual(first);
    let known = '';
    await runCli(['serve', '--help'], {
      env: {},
      print: (text) => {
        known += text;
      },
      untilStopped: Promise.resolve(),
    });
    for (const name of Object.keys(first)) expect(known).toContain(`, ${name}\n`);
    const image = Object.fromEntries(imageEnvironment(await read('Dockerfile')));
    const settings = parseSettings([], { ...image, ...first });
    expect(settings).toMatchObject({ production: true, host: '0.0.0.0', nodeId: 'node-1' });
    const graceMs = Number.parseInt(service('node-1').stop_grace_period ?? '', 10) * 1_000;
    expect(graceMs).toBeGreaterThan(settings.drainLimitMs + 5_000);
  });

  it('connects services by names and ports that are there', async () => {
    const { environment = {} } = service('node-1');
    const { port } = parseSettings([], environment);
    const ports = { postgres: '5432', redis: '6379', 'node-1': `${port}`, 'node-2': `${port}` };
    const balancer = service('balancer').environment ?? {};
    const addresses = [
      ...['DATABASE_URL', 'REDIS_URL'].map((name) => new URL(environment[name] ?? '')),
      ...['NODE_1', 'NODE_2'].map((name) => new URL(`http://${balancer[name]}`)),
    ];
    expect(Object.fromEntries(addresses.map(({ hostname, port }) => [hostname, port]))).toEqual(
      ports,
    );
    for (const name of Object.keys(ports)) expect(services).toHaveProperty(name);
    expect(service('balancer').ports).toEqual([`127.0.0.1:8787${balancer['BALANCER_LISTEN']}`]);
  });

  it('gives the balancer a configuration that is there, and all variables it asks for', async () => {
    const [volume = ''] = service('balancer').volumes ?? [];
    const [path = ''] = volume.split(':');
    expect(existsSync(`${root}${path}`)).toBe(true);
    const asked = (await read(path)).matchAll(/"\$\{(\w+)/g);
    const given = Object.keys(service('balancer').environment ?? {});
    expect(given.toSorted()).toEqual([...asked].map(([, name]) => name).toSorted());
  });

  it('starts Redis with flags that it knows, keeping nothing and bounding what waits for a node', async () => {
    const [program, ...flags] = service('redis').command ?? [];
    expect(program).toBe('redis-server');
    expect(flags.join(' ')).toContain('--save  --appendonly no');
    const redis = await startRedis(flags);
    const limits = await redis.command('CONFIG', 'GET', 'client-output-buffer-limit');
    expect(String(limits)).toContain(`pubsub ${64 * 1024 ** 2} ${16 * 1024 ** 2} 30`);
    await redis.close();
  });
});

describe('the Dockerfile', () => {
  it('copies the manifest of every workspace, and every package the server is made of', async () => {
    const copied = new Set(
      [...(await read('Dockerfile')).matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
        ([, sources = '']) => sources.split(' '),
      ),
    );
    const { workspaces } = JSON.parse(await read('package.json')) as { workspaces: string[] };
    for (const workspace of workspaces) expect(copied).toContain(`${workspace}/package.json`);
    for (const folder of await foldersOf('server')) expect(copied).toContain(folder);
    const context = (await read('.dockerignore')).split('\n');
    const allowed = context.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    for (const source of copied) {
      expect(allowed.some((path) => source === path || source.startsWith(`${path}/`))).toBe(true);
    }
  });

  it('has a health check that tells a node that lives from one that does not', async () => {
    const check = /^ {2}CMD (\[.+\])$/m.exec(await read('Dockerfile'))?.[1] ?? '';
    const [, ...args] = JSON.parse(check) as string[];
    const exitCode = async (port: string): Promise<unknown> => {
      const child = spawn(process.execPath, args, { env: { PORT: port }, stdio: 'inherit' });
      return (await once(child, 'exit'))[0];
    };
    const node = await startNodeOnPostgres();
    const { port } = new URL(node.url);
    expect(await exitCode(port)).toBe(0);
    await node.close();
    expect(await exitCode(port)).toBe(1);
  });
});

function imageEnvironment(dockerfile: string): string[][] {
  const line = /^ENV (.+)$/m.exec(dockerfile)?.[1] ?? '';
  return line.split(' ').map((pair) => pair.split('='));
}

/** The workspaces that the package in `folder` imports, itself included. */
async function foldersOf(folder: string): Promise<string[]> {
  const { dependencies } = JSON.parse(await read(`${folder}/package.json`)) as {
    dependencies: Record<string, string>;
  };
  const ours = Object.keys(dependencies).filter((name) => name.startsWith('@tessera/'));
  const below = await Promise.all(ours.map((name) => foldersOf(name.replace('@tessera/', ''))));
  return [folder, ...below.flat()];
}
