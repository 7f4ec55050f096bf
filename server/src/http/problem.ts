import { STATUS_CODES } from 'node:http';

/** A whole HTTP response with a problem document (RFC 9457), for where there is a bare socket only. */
export function problemText(
  status: number,
  detail: string,
  headers: readonly string[] = [],
): string {
  const title = STATUS_CODES[status] ?? 'error';
  const body = JSON.stringify({ type: 'about:blank', status, title, detail });
  return [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...headers,
    '',
    body,
  ].join('\r\n');
}
