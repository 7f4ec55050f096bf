/** Where a Redis server is reached. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** How to get in; the same for all servers of a cluster. */
export interface RedisAccess {
  readonly username?: string;
  readonly password?: string;
  /** Set for an encrypted connection. */
  readonly tls?: Record<string, never>;
}

export function addressOf(url: string): RedisAddress {
  const { hostname, port } = new URL(url);
  // An IPv6 address is in brackets.
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) };
}

export function accessOf(url: string): RedisAccess {
  const { protocol, username, password } = new URL(url);
  return {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls: {} }),
  };
}

/** The address in messages, and as a key. */
export function placeOf({ host, port }: RedisAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What is wrong until a server has said otherwise. */
export function notAnswered(): Error {
  return new Error('Redis has not answered yet');
}

/** What is wrong with the server at this address and, where something can be done, what to do. */
export function explain(reason: Error, address: RedisAddress): Error {
  const text = textOf(reason);
  const advice = advices.find(([symptom]) => symptom.test(text))?.[1];
  return new Error(`Redis at ${placeOf(address)}: ${text}${advice ? `: ${advice}` : ''}`, {
    cause: reason,
  });
}

const advices: readonly [symptom: RegExp, advice: string][] = [
  [/ECONNREFUSED/, 'is it running?'],
  [/ENOTFOUND|EAI_AGAIN/, 'check the host in REDIS_URL'],
  [/NOAUTH|WRONGPASS/, 'check the user and password in REDIS_URL'],
  [/NOPERM/, 'let its user do "+@pubsub +@connection +cluster" on the channels "&tessera:*"'],
  [/unknown command/i, 'it must be version 7 or newer, for sharded publish/subscribe'],
  [
    /cluster support disabled/,
    'it is not part of a cluster, so name only one address in REDIS_URL',
  ],
  [/^MOVED|CROSSSLOT/, 'for a Redis Cluster, name several of its addresses in REDIS_URL'],
];

function textOf(reason: Error): string {
  // Node joins the failures of all addresses of a host in an AggregateError without a message.
  const first = reason instanceof AggregateError ? (reason.errors[0] as Error) : reason;
  return first.message || String((first as NodeJS.ErrnoException).code ?? first);
}
