import { relative, sep } from 'node:path';
import type { Reporter } from 'vitest/node';

/** What this needs of a coverage map of Istanbul. */
interface CoverageMap {
  files(): string[];
  fileCoverageFor(file: string): {
    toSummary(): { lines: { covered: number; total: number } };
  };
}

/** Prints the covered lines of each package after the tests, one package a line. */
export class CoverageByPackage implements Reporter {
  #coverage: CoverageMap | undefined;

  onCoverage(coverage: unknown): void {
    this.#coverage = coverage as CoverageMap;
  }

  onTestRunEnd(): void {
    if (this.#coverage === undefined) return;
    const packages = new Map<string, { covered: number; total: number }>();
    for (const file of this.#coverage.files()) {
      const [name = ''] = relative(process.cwd(), file).split(sep);
      const sum = packages.get(name) ?? { covered: 0, total: 0 };
      const { lines } = this.#coverage.fileCoverageFor(file).toSummary();
      packages.set(name, { covered: sum.covered + lines.covered, total: sum.total + lines.total });
    }
    for (const [name, { covered, total }] of packages) {
      const percent = ((100 * covered) / total).toFixed(1);
      console.log(`coverage of ${name}: ${percent} % (${covered} of ${total} lines)`);
    }
  }
}
