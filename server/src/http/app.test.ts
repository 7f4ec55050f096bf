import { pino } from 'pino';
import { expect, it } from 'vitest';
import { NodeMetrics } from '../metrics.ts';
import { createApp } from './app.ts';

it('refuses a body of more than 1 MiB with 413', async () => {
  const app = await createApp({
    log: pino({ level: 'silent' }),
    readiness: async () => ({ status: 'ready', reasons: [] }),
    metrics: new NodeMetrics(),
    isAllowedOrigin: () => false,
    developmentToken: undefined,
  });
  app.post('/echo', async () => 'taken');
  const post = (length: number) =>
    app.inject({ method: 'POST', url: '/echo', payload: { text: 'x'.repeat(length) } });
  expect((await post(1000)).body).toBe('taken');
  const refused = await post(1024 * 1024);
  expect(refused.statusCode).toBe(413);
  expect(refused.headers['content-type']).toMatch('application/problem+json');
  await app.close();
});
