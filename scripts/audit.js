// `npm run audit`: known vulnerabilities of what production runs, and a list of its parts (SBOM).

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {string[]} args */
function npm(args) {
  return spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
  });
}

const sbom = npm(['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev']);
if (sbom.status === 0) {
  const { components } = JSON.parse(sbom.stdout);
  mkdirSync(`${root}dist`, { recursive: true });
  writeFileSync(`${root}dist/sbom.json`, sbom.stdout);
  console.log(`dist/sbom.json lists ${components.length} packages`);
} else {
  console.log(`no SBOM: ${sbom.stderr.trim()}`);
  process.exitCode = 1;
}

const audit = npm(['audit', '--omit=dev', '--json']);
const report = parse(audit.stdout);
if (report?.metadata?.vulnerabilities === undefined) {
  // Without a network, or at a registry without this service, nothing is known, which is no failure.
  const reason = report?.message ?? audit.stderr.trim().split('\n')[0] ?? '';
  console.log(`not audited: the registry does not answer that (${reason})`);
} else {
  const { total } = report.metadata.vulnerabilities;
  console.log(`${total} known vulnerabilities in what production runs`);
  if (total > 0) {
    console.log(npm(['audit', '--omit=dev']).stdout);
    process.exitCode = 1;
  }
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    // npm says some failures in words.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
