import { fdatasyncSync } from 'node:fs';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type EmscriptenOptions = Awaited<ReturnType<NodeFS['init']>>['emscriptenOpts'];

/** The parts of Emscripten's file system on Node that are completed here. A node is a file or folder. */
interface EmscriptenNodeFs {
  node_ops: {
    mknod(...args: unknown[]): object;
    setattr(node: object, ...args: unknown[]): void;
  };
  stream_ops: {
    write(stream: Stream, ...args: unknown[]): number;
    fsync?(stream: Stream): number;
  };
}

interface Stream {
  nfd?: number;
  node: { mode: number };
}

const fileType = 0o170000;
const regularFile = 0o100000;

/**
 * PGlite's file system ignores fsync: a commit would survive the end of the process, but not of the
 * machine. This one passes it on to the disk.
 *
 * After a crash PostgreSQL first syncs all its 1,000 files; on a busy disk that took 5 s. What this
 * process has not changed is skipped: opening has made that safe before (`pglite-engine.ts`).
 */
export class SyncedNodeFs extends NodeFS {
  readonly #syncFile: (fd: number) => void;

  constructor(folder: string, syncFile: (fd: number) => void = fdatasyncSync) {
    super(folder);
    this.#syncFile = syncFile;
  }

  override async init(...args: Parameters<NodeFS['init']>) {
    const { emscriptenOpts } = await super.init(...args);
    const complete = (module: unknown) =>
      passSyncOn((module as { NODEFS: EmscriptenNodeFs }).NODEFS, this.#syncFile);
    const preRun = [complete, ...(emscriptenOpts.preRun ?? [])];
    return { emscriptenOpts: { ...emscriptenOpts, preRun } as EmscriptenOptions };
  }
}

function passSyncOn({ node_ops, stream_ops }: EmscriptenNodeFs, syncFile: (fd: number) => void) {
  const changed = new WeakSet<object>();
  const { mknod, setattr } = node_ops;
  const { write } = stream_ops;
  node_ops.mknod = (...args) => {
    const node = mknod(...args);
    changed.add(node);
    return node;
  };
  node_ops.setattr = (node, ...args) => {
    changed.add(node);
    setattr(node, ...args);
  };
  stream_ops.write = (stream, ...args) => {
    changed.add(stream.node);
    return write(stream, ...args);
  };
  stream_ops.fsync = ({ nfd, node }) => {
    const isFile = (node.mode & fileType) === regularFile;
    if (nfd === undefined || (isFile && !changed.has(node))) return 0;
    syncFile(nfd);
    changed.delete(node);
    return 0;
  };
}
