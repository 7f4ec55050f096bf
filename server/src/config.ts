import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { TesseraError } from '@tessera/model';
import { z } from 'zod';

const MiB = 1024 * 1024;
const bytes = z.coerce.number().int().min(1024);
const milliseconds = z.coerce.number().int().min(0);

function setting<T extends z.ZodType>(schema: T, about: string, example?: string) {
  return { schema, about, example };
}

/** Every setting, once: its environment variable, what it accepts, its default, and what it means. */
const table = {
  HOST: setting(z.string().default('127.0.0.1'), 'address to listen on'),
  PORT: setting(z.coerce.number().int().min(0).max(65535).default(8787), 'port; 0: any free one'),
  DATABASE_URL: setting(
    z.url({ protocol: /^postgres(ql)?$/ }).optional(),
    'PostgreSQL 15 or newer; without it boards are kept in TESSERA_DATA_DIR',
    'postgresql://user:password@host:5432/tessera',
  ),
  TESSERA_DATA_DIR: setting(z.string().min(1).default('.tessera'), 'folder of the embedded store'),
  REDIS_URL: setting(
    z
      .string()
      .transform((urls) => urls.split(',').map((url) => url.trim()))
      .pipe(z.array(z.url({ protocol: /^rediss?$/ })))
      .optional(),
    'Redis 7 or newer, for several nodes on one database; several, comma-separated, for Redis Cluster',
    'redis://host:6379',
  ),
  TESSERA_JWT_SECRET: setting(
    z.string().min(32).optional(),
    'HS256 secret, 32 characters or more; without any key, outside production, one is made and kept in the data dir',
  ),
  TESSERA_JWT_PUBLIC_KEY: setting(
    z
      .string()
      .startsWith('-----BEGIN')
      .transform((pem) => pem.replaceAll('\\n', '\n'))
      .optional(),
    'PEM of the public key that checks RS256 or ES256 tokens',
  ),
  TESSERA_NODE_ID: setting(
    z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .optional(),
    'name of this node in logs and metrics; default: random',
  ),
  TESSERA_MAX_FRAME_BYTES: setting(bytes.default(32 * MiB), 'largest message a client may send'),
  TESSERA_MAX_PENDING_BYTES: setting(
    bytes.default(64 * MiB),
    'edits that may wait for the database; above it sockets are paused',
  ),
  TESSERA_MAX_OUTGOING_BYTES: setting(
    bytes.default(128 * MiB),
    'bytes that may wait for one slow reader; above it it is closed',
  ),
  TESSERA_DRAIN_MS: setting(
    milliseconds.default(3_000),
    'on SIGTERM, clients are closed spread over this time',
  ),
  TESSERA_DRAIN_LIMIT_MS: setting(
    milliseconds.default(25_000),
    'on SIGTERM, the node ends after this time even if edits are unsaved',
  ),
  LOG_LEVEL: setting(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).optional(),
    'default: info in production, else warn',
  ),
  NODE_ENV: setting(
    z.string().default('development'),
    '"production" switches every convenience off',
  ),
};

/** Parts of the contract that this version does not have: refused, because ignoring them would mislead. */
const unsupported = {
  TESSERA_JWKS_URL: 'not supported by this version; set TESSERA_JWT_PUBLIC_KEY',
};

type Table = typeof table;
type Values = { [Name in keyof Table]: z.output<Table[Name]['schema']> };

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  /** Undefined: a node alone. Several: seeds of a Redis Cluster. */
  readonly redisUrls: readonly string[] | undefined;
  readonly jwtSecret: string | undefined;
  readonly jwtPublicKey: string | undefined;
  readonly nodeId: string;
  readonly maxFrameBytes: number;
  readonly maxPendingBytes: number;
  readonly maxOutgoingBytes: number;
  readonly drainMs: number;
  readonly drainLimitMs: number;
  readonly logLevel: string;
  readonly production: boolean;
}

/** `TESSERA_DATA_DIR` -> `data-dir` */
function flagOf(name: string): string {
  return name
    .replace(/^TESSERA_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
}

/**
 * Settings from flags, then environment, then defaults.
 * @throws TesseraError `bad-setting` that names every setting that is bad, missing or unknown.
 */
export function parseSettings(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const flags = parseFlags(argv);
  const problems: string[] = [];
  for (const [name, reason] of Object.entries(unsupported)) {
    if (env[name]) problems.push(`${name}: ${reason}`);
  }
  const parsed = Object.entries(table).map(([name, { schema }]) => {
    // An empty variable is an unset one: compose files write `DATABASE_URL=${DATABASE_URL}`.
    const result = schema.safeParse(flags[flagOf(name)] ?? (env[name] || undefined));
    if (!result.success) {
      problems.push(...result.error.issues.map((issue) => `${name}: ${issue.message}`));
    }
    return [name, result.data] as const;
  });
  const values = Object.fromEntries(parsed) as Values;
  const production = values.NODE_ENV === 'production';
  if (production && !values.DATABASE_URL && problems.length === 0) {
    problems.push('DATABASE_URL: missing; in production boards belong in PostgreSQL');
  }
  if (values.REDIS_URL && !values.DATABASE_URL) {
    problems.push(
      'REDIS_URL: needs DATABASE_URL; nodes that share boards share a PostgreSQL, and the embedded store serves one node',
    );
  }
  if (production && !values.TESSERA_JWT_SECRET && !values.TESSERA_JWT_PUBLIC_KEY) {
    problems.push(
      'TESSERA_JWT_SECRET or TESSERA_JWT_PUBLIC_KEY: missing; in production none is made',
    );
  }
  if (problems.length > 0) throw new TesseraError('bad-setting', problems.join('; '));
  return Object.freeze({
    host: values.HOST,
    port: values.PORT,
    databaseUrl: values.DATABASE_URL,
    dataDir: values.TESSERA_DATA_DIR,
    redisUrls: values.REDIS_URL,
    jwtSecret: values.TESSERA_JWT_SECRET,
    jwtPublicKey: values.TESSERA_JWT_PUBLIC_KEY,
    nodeId: values.TESSERA_NODE_ID ?? randomUUID().slice(0, 8),
    maxFrameBytes: values.TESSERA_MAX_FRAME_BYTES,
    maxPendingBytes: values.TESSERA_MAX_PENDING_BYTES,
    maxOutgoingBytes: values.TESSERA_MAX_OUTGOING_BYTES,
    drainMs: values.TESSERA_DRAIN_MS,
    drainLimitMs: values.TESSERA_DRAIN_LIMIT_MS,
    logLevel: values.LOG_LEVEL ?? (production ? 'info' : 'warn'),
    production,
  });
}

function parseFlags(argv: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(
    Object.keys(table).map((name) => [flagOf(name), { type: 'string' as const }]),
  );
  try {
    return parseArgs({ args: [...argv], options, strict: true }).values;
  } catch (cause) {
    throw new TesseraError('bad-setting', (cause as Error).message, { cause });
  }
}

/** The table of settings, as `--help` prints it. */
export function settingsHelp(): string {
  return Object.entries(table)
    .map(([name, { schema, about, example }]) => {
      const fallback = schema.safeParse(undefined).data;
      const notes = [
        fallback === undefined ? '' : `default ${fallback}`,
        example === undefined ? '' : `e.g. ${example}`,
      ].filter((note) => note !== '');
      const more = notes.length > 0 ? ` (${notes.join('; ')})` : '';
      return `  --${flagOf(name)}, ${name}\n      ${about}${more}`;
    })
    .join('\n');
}
