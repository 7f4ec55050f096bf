import { createClient, defineWidget } from '@tessera/client';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDatabase } from '../support/postgres.ts';
import { startNodeProcess, tokenFor } from '../support/tessera.ts';
import { eventually } from '../support/wait.ts';
import { killCount } from './extent.ts';

const Note = defineWidget({ type: 'note', version: 1, state: z.object({ text: z.string() }) });

describe('await board.saved(), then kill -9 of the server', () => {
  it('finds the edit again, each time', { timeout: 30_000 + killCount * 5_000 }, async () => {
    const env = { DATABASE_URL: await createDatabase() };
    const written: string[] = [];
    for (let kill = 0; kill < killCount; kill++) {
      const node = await startNodeProcess(env);
      const client = createClient({
        url: `${node.url.replace('http', 'ws')}/sync`,
        token: tokenFor('ada'),
      });
      const board = client.board('acme/saved');
      await eventually(() => board.status.state === 'saved');
      const texts = board.widgets.list(Note).map(({ state }) => state?.text ?? '');
      expect(texts.sort()).toEqual(written.toSorted());
      board.widgets.create(Note, { text: `before kill ${kill}` });
      await board.saved();
      await node.kill();
      written.push(`before kill ${kill}`);
      await client.close();
    }
  });
});
