import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createDatabase } from '../support/postgres.ts';
import { RawClient } from '../support/raw-client.ts';
import { startNodeProcess, tokenFor } from '../support/tessera.ts';

const MAX_RESIDENT_MIB = 130;

describe('an idle node on PostgreSQL', () => {
  it(`stays under ${MAX_RESIDENT_MIB} MiB of resident memory`, async () => {
    const node = await startNodeProcess({ DATABASE_URL: await createDatabase() });
    const client = await RawClient.open(node.url, 'acme/idle', tokenFor());
    client.edit((doc) => doc.getMap('m').set('a', 1));
    await client.until(() => client.acks === 2, 'the ack');
    await client.close();
    const status = await readFile(`/proc/${node.process.pid}/status`, 'utf8');
    const residentMiB = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    console.log(`resident memory: ${residentMiB.toFixed(0)} MiB`);
    expect(residentMiB).toBeLessThan(MAX_RESIDENT_MIB);
    expect(await node.stop()).toBe(0);
  });
});
