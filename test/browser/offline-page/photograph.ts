import { mkdir, writeFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';

const folder = new URL('../../../docs/images/', import.meta.url);

/**
 * Puts pictures of the pages side by side into a file of `docs/images`. Only when asked to, by
 * `npm run screenshots`: the file is one of the repository.
 */
export async function photograph(
  browser: Browser,
  name: string,
  pages: readonly Page[],
): Promise<void> {
  if (process.env['SCREENSHOTS'] === undefined) return;
  const pictures = await Promise.all(
    pages.map(async (page) => ({
      width: page.viewportSize()?.width ?? 0,
      data: (await page.screenshot({ animations: 'disabled' })).toString('base64'),
    })),
  );
  const table = await browser.newPage();
  await table.setViewportSize({
    width: pictures.reduce((sum, { width }) => sum + width + 40, 40),
    height: Math.max(...pages.map((page) => page.viewportSize()?.height ?? 0)) + 80,
  });
  await table.setContent(`
    <style>
      body { display: flex; gap: 40px; margin: 0; padding: 40px; background: #cfd3e6; }
      img { align-self: start; border-radius: 12px; box-shadow: 0 10px 40px rgb(20 20 60 / 30%); }
    </style>
    ${pictures.map(({ data, width }) => `<img width="${width}" src="data:image/png;base64,${data}">`).join('')}`);
  await table.locator('img').last().waitFor();
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(`${name}.png`, folder), await table.screenshot());
  await table.close();
}
