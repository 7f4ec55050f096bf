import { readFileSync } from 'node:fs';
import { parseSettings, runCli } from '@tessera/server';
import { describe, expect, it } from 'vitest';
import { startNodeOnPostgres } from '../support/tessera.ts';

const guide = readFileSync(new URL('../../docs/guides/deploying.md', import.meta.url), 'utf8');

/** Everything on the page that matches, once. */
function namesOn(pattern: RegExp): string[] {
  return [...new Set([...guide.matchAll(pattern)].map(([name]) => name))];
}

describe('the guide for operators', () => {
  const [, block = ''] = /```sh\n(NODE_ENV=production\n[\s\S]*?)\n```/.exec(guide) ?? [];
  const settings = new Map(
    block.split('\n').map((line) => {
      const [name = ''] = line.split('=', 1);
      return [name, line.slice(name.length + 1)] as const;
    }),
  );

  it('shows settings that suffice in production, and none too many', () => {
    expect(parseSettings([], Object.fromEntries(settings)).production).toBe(true);
    for (const name of settings.keys()) {
      const without = Object.fromEntries([...settings].filter(([other]) => other !== name));
      if (name === 'NODE_ENV') continue;
      expect(() => parseSettings([], without)).toThrow(name);
    }
  });

  it('names settings that there are', async () => {
    let help = '';
    await runCli(['serve', '--help'], {
      env: {},
      print: (text) => {
        help += text;
      },
      untilStopped: Promise.resolve(),
    });
    const names = namesOn(/\b(?:TESSERA_[A-Z_]+|DATABASE_URL|REDIS_URL|HOST|NODE_ENV)\b/g);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !help.includes(`, ${name}\n`))).toEqual([]);
  });

  it('names metrics that a node has', async () => {
    const node = await startNodeOnPostgres();
    const metrics = await (await fetch(`${node.url}/metrics`)).text();
    await node.close();
    const names = namesOn(/\btessera_(?!restored)[a-z_]+\b/g);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !metrics.includes(`# HELP ${name} `))).toEqual([]);
  });
});
