import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Plugin } from 'vite';

/**
 * Puts the service worker beside the built pages, with the list of all files to keep and a version
 * that changes with any of them. Workbox does this as well, and brings 323 packages for it.
 */
export function precache(worker: string): Plugin {
  let root = '';
  let folder = '';
  return {
    name: 'precache',
    apply: 'build',
    configResolved(config) {
      root = config.root;
      folder = join(root, config.build.outDir);
    },
    async closeBundle() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile() && entry.name !== 'sw.js')
        .map(({ parentPath, name }) =>
          relative(folder, join(parentPath, name)).replaceAll('\\', '/'),
        )
        .sort();
      const hash = createHash('sha256');
      for (const file of files) hash.update(file).update(await readFile(join(folder, file)));
      const code = await readFile(join(root, worker), 'utf8');
      const filled = code
        .replace("'__VERSION__'", JSON.stringify(hash.digest('hex').slice(0, 12)))
        .replace("['__FILES__']", JSON.stringify(files));
      await writeFile(join(folder, 'sw.js'), filled);
    },
  };
}
