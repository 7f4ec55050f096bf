import { defineConfig } from 'vitest/config';
import { CoverageByPackage } from './test/support/coverage-by-package.ts';

const shared = {
  environment: 'node',
  pool: 'forks',
  globalSetup: 'test/support/global-setup.ts',
  setupFiles: 'test/support/leaves-nothing-running.ts',
  testTimeout: 30_000,
  hookTimeout: 60_000,
} as const;

// Where a machine wants to read the results: see .ci/run.
const resultsFile = process.env['TEST_RESULTS_FILE'];

export default defineConfig({
  test: {
    reporters: [
      'default',
      new CoverageByPackage(),
      ...(resultsFile === undefined
        ? []
        : [['json', { outputFile: resultsFile }] as ['json', { outputFile: string }]]),
    ],
    // One group after the other. Tests wait far more than they compute, so two files at a time suit
    // two cores; what is measured against a limit runs alone.
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: [
            '{model,persistence,server,client-sdk}/src/**/*.test.ts',
            'client-sdk/{node,offline}/*.test.ts',
          ],
          sequence: { groupOrder: 0 },
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...shared,
          name: 'flow',
          include: ['test/**/*.test.ts'],
          exclude: ['test/limits/**'],
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...shared,
          name: 'limits',
          include: ['test/limits/**/*.test.ts'],
          sequence: { groupOrder: 2 },
          maxWorkers: 1,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['{model,persistence,server}/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.contract.ts', '**/test-*.ts'],
      reporter: 'html',
      reportOnFailure: true,
      thresholds: {
        'model/src/**': { lines: 90 },
        'persistence/src/**': { lines: 90 },
        'server/src/**': { lines: 90 },
      },
    },
  },
});
