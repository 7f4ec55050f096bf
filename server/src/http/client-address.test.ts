import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { clientAddress } from './client-address.ts';

const socket = { remoteAddress: '10.0.0.1' } as Socket;
const asked = (forwarded: string | undefined, proxies: number) =>
  clientAddress(
    { socket, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } },
    proxies,
  );

it.each([
  ['without trusted proxies, what the connection says', '1.1.1.1', 0, '10.0.0.1'],
  ['behind one, what it wrote', '1.1.1.1', 1, '1.1.1.1'],
  ['behind one, and not what the client made up before that', '6.6.6.6, 1.1.1.1', 1, '1.1.1.1'],
  ['behind two, what the outer one wrote', '6.6.6.6, 1.1.1.1, 10.0.0.2', 2, '1.1.1.1'],
  ['from inside, past the outer proxies', '10.0.0.2', 2, '10.0.0.2'],
  ['when the proxy wrote nothing, the proxy', undefined, 1, '10.0.0.1'],
  ['when there is nothing in what it wrote, the proxy', ' , ', 1, '10.0.0.1'],
])('the address of a client is %s', (_what, forwarded, proxies, address) => {
  expect(asked(forwarded, proxies)).toBe(address);
});
