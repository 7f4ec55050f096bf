import type { IncomingMessage } from 'node:http';

/**
 * The address of the client. Behind `trustedProxies` proxies it is what the outermost of them wrote into
 * `X-Forwarded-For`; what stands before that was sent by the client, and may be anything.
 */
export function clientAddress(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  trustedProxies: number,
): string {
  const nearest = socket.remoteAddress ?? 'unknown';
  if (trustedProxies === 0) return nearest;
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',');
  const path = forwarded.split(',').flatMap((address) => address.trim() || []);
  return path.at(-trustedProxies) ?? path[0] ?? nearest;
}
