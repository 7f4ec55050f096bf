import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { TesseraError } from '@tessera/model';
import type { JournalOptions } from '@tessera/persistence';
import { z } from 'zod';
import type { SizeLimits } from './content/board-size.ts';
import type { AdmissionLimits } from './limits/admission.ts';
import type { TrafficLimits } from './limits/traffic.ts';

const MiB = 1024 * 1024;
const DAY_S = 24 * 60 * 60;
const bytes = z.coerce.number().int().min(1024);
const count = z.coerce.number().int().min(1);
const milliseconds = z.coerce.number().int().min(0);

function setting<T extends z.ZodType>(schema: T, about: string, example?: string) {
  return { schema, about, example };
}

function isOrigin(text: string): boolean {
  return text === '*' || URL.parse(text)?.origin === text;
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
  TESSERA_JWKS_URL: setting(
    z.url({ protocol: /^https?$/ }).optional(),
    'address of a JWK Set whose keys check RS256 and ES256 tokens, chosen by their "kid"',
    'https://login.example.org/.well-known/jwks.json',
  ),
  TESSERA_JWT_AUDIENCE: setting(
    z.string().min(1).optional(),
    'tokens must have it in "aud"; unset: not looked at',
  ),
  TESSERA_JWT_ISSUER: setting(
    z.string().min(1).optional(),
    'tokens must have it as "iss"; unset: not looked at',
  ),
  TESSERA_JWT_LEEWAY_S: setting(
    z.coerce.number().int().min(0).max(300).default(5),
    'seconds by which the clock of whoever signs tokens may differ',
  ),
  TESSERA_JWT_MAX_LIFETIME_S: setting(
    z.coerce
      .number()
      .int()
      .min(60)
      .default(30 * DAY_S),
    'seconds from "iat" to "exp" at most; what was revoked is remembered for as long',
  ),
  TESSERA_ALLOWED_ORIGINS: setting(
    z
      .string()
      .transform((origins) => origins.split(',').map((origin) => origin.trim()))
      .pipe(z.array(z.string().refine(isOrigin, 'an origin such as https://app.example.org, or *')))
      .optional(),
    'pages that may connect, besides those of the same host and, outside production, of this machine; comma-separated, * for all',
    'https://app.example.org',
  ),
  TESSERA_PAGES: setting(
    z.enum(['on', 'off']).optional(),
    'whether the first page, the examples and /sdk are served; default: on, in production off',
  ),
  TESSERA_TRUST_PROXY: setting(
    z.coerce.number().int().min(0).max(10).default(0),
    'how many proxies in front add to X-Forwarded-For; 0: the header is not believed',
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
  TESSERA_MAX_BOARD_PENDING_BYTES: setting(
    bytes.default(16 * MiB),
    'the same for one board; above it its editors are paused',
  ),
  TESSERA_MAX_OUTGOING_BYTES: setting(
    bytes.default(128 * MiB),
    'bytes that may wait for one slow reader; above it it is closed',
  ),
  TESSERA_MAX_FRAMES_PER_SECOND: setting(
    count.default(2_000),
    'messages a second that are read from one connection; what comes faster waits on its side',
  ),
  TESSERA_MAX_BYTES_PER_SECOND: setting(
    bytes.default(64 * MiB),
    'bytes a second that are read from one connection',
  ),
  TESSERA_MAX_USER_FRAMES_PER_SECOND: setting(
    count.default(5_000),
    'messages a second of all connections of one user; on all nodes together if they share a single Redis',
  ),
  TESSERA_MAX_USER_BYTES_PER_SECOND: setting(
    bytes.default(128 * MiB),
    'bytes a second of all connections of one user',
  ),
  TESSERA_MAX_USER_WORK_MS_PER_SECOND: setting(
    count.default(250),
    'milliseconds a second that a node spends on what one user sends; what goes beyond waits',
  ),
  TESSERA_MAX_BOARDS_PER_SOCKET: setting(count.default(200), 'boards open on one connection'),
  TESSERA_MAX_JOINS_PER_SECOND: setting(
    count.default(500),
    'clients a second that are sent a board when they open it; the others wait',
  ),
  TESSERA_MAX_BOARD_BYTES: setting(
    bytes.default(64 * MiB),
    'size of a board; beyond it, edits that make it larger are refused',
  ),
  TESSERA_MAX_WIDGETS_PER_BOARD: setting(
    count.default(10_000),
    'widgets on a board; beyond it, new ones are refused',
  ),
  TESSERA_WIDGET_SCHEMAS: setting(
    z.string().min(1).optional(),
    'JSON Schemas of widget states, which edits may not violate: a folder of <widget type>.json, or a module; unset: states are not looked at',
    './schemas',
  ),
  TESSERA_MAX_SOCKETS_PER_USER: setting(count.default(100), 'connections of one user to this node'),
  TESSERA_MAX_SOCKETS_PER_ADDRESS: setting(
    count.default(5_000),
    'connections from one address to this node; behind a proxy set TESSERA_TRUST_PROXY',
  ),
  TESSERA_MAX_TOKENLESS_SOCKETS: setting(
    count.default(1_000),
    'connections to this node that have not shown a token yet; each may take 15 s',
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
  readonly jwksUrl: string | undefined;
  readonly jwtAudience: string | undefined;
  readonly jwtIssuer: string | undefined;
  readonly jwtLeewayS: number;
  readonly jwtMaxLifetimeS: number;
  readonly allowedOrigins: readonly string[];
  /** Undefined: as far as they are built, outside production. */
  readonly pages: 'on' | 'off' | undefined;
  readonly trustedProxies: number;
  readonly nodeId: string;
  readonly maxFrameBytes: number;
  readonly maxPending: JournalOptions;
  readonly traffic: TrafficLimits;
  readonly maxBoardsPerSocket: number;
  readonly maxJoinsPerSecond: number;
  readonly boardLimits: SizeLimits;
  /** Undefined: states of widgets are not looked at. */
  readonly widgetSchemas: string | undefined;
  readonly admission: AdmissionLimits;
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
  const { TESSERA_JWT_SECRET, TESSERA_JWT_PUBLIC_KEY, TESSERA_JWKS_URL } = values;
  if (production && !TESSERA_JWT_SECRET && !TESSERA_JWT_PUBLIC_KEY && !TESSERA_JWKS_URL) {
    problems.push(
      'TESSERA_JWT_SECRET, TESSERA_JWT_PUBLIC_KEY or TESSERA_JWKS_URL: missing; in production no secret is made',
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
    jwksUrl: values.TESSERA_JWKS_URL,
    jwtAudience: values.TESSERA_JWT_AUDIENCE,
    jwtIssuer: values.TESSERA_JWT_ISSUER,
    jwtLeewayS: values.TESSERA_JWT_LEEWAY_S,
    jwtMaxLifetimeS: values.TESSERA_JWT_MAX_LIFETIME_S,
    allowedOrigins: values.TESSERA_ALLOWED_ORIGINS ?? [],
    pages: values.TESSERA_PAGES ?? (production ? 'off' : undefined),
    trustedProxies: values.TESSERA_TRUST_PROXY,
    nodeId: values.TESSERA_NODE_ID ?? randomUUID().slice(0, 8),
    maxFrameBytes: values.TESSERA_MAX_FRAME_BYTES,
    maxPending: {
      maxPendingBytes: values.TESSERA_MAX_PENDING_BYTES,
      maxPendingBytesPerBoard: values.TESSERA_MAX_BOARD_PENDING_BYTES,
    },
    traffic: {
      perConnection: {
        frames: values.TESSERA_MAX_FRAMES_PER_SECOND,
        bytes: values.TESSERA_MAX_BYTES_PER_SECOND,
      },
      perUser: {
        frames: values.TESSERA_MAX_USER_FRAMES_PER_SECOND,
        bytes: values.TESSERA_MAX_USER_BYTES_PER_SECOND,
      },
      workPerUser: values.TESSERA_MAX_USER_WORK_MS_PER_SECOND,
    },
    maxJoinsPerSecond: values.TESSERA_MAX_JOINS_PER_SECOND,
    maxBoardsPerSocket: values.TESSERA_MAX_BOARDS_PER_SOCKET,
    boardLimits: {
      maxBytes: values.TESSERA_MAX_BOARD_BYTES,
      maxWidgets: values.TESSERA_MAX_WIDGETS_PER_BOARD,
    },
    widgetSchemas: values.TESSERA_WIDGET_SCHEMAS,
    admission: {
      maxSocketsPerUser: values.TESSERA_MAX_SOCKETS_PER_USER,
      maxSocketsPerAddress: values.TESSERA_MAX_SOCKETS_PER_ADDRESS,
      maxTokenlessSockets: values.TESSERA_MAX_TOKENLESS_SOCKETS,
    },
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
