import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const script = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe-core finds that is serious or critical on the page as it is shown: rule and elements. */
export async function barriersOn(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in window);
  // Past the Content-Security-Policy of the page, which is for what the page does itself.
  if (!isThere) await page.evaluate(await readFile(script, 'utf8'));
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}
