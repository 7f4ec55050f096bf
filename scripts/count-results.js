// The end of .ci/run: prints "N passed, N failed" from the test runner's results, and exits with 1
// unless something passed and nothing failed.
//
//   node scripts/count-results.js <results.json> <exit code of the check> <exit code of the tests>

import { existsSync, readFileSync } from 'node:fs';

const [file = '', checked, tested] = process.argv.slice(2);

const results = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : { numPassedTests: 0, numFailedTests: 0, testResults: [] };

// A file can fail outside its tests: it does not load, or leaves something running.
const filesFailedOutsideTests = results.testResults.filter(
  (/** @type {{ status: string, assertionResults: { status: string }[] }} */ result) =>
    result.status === 'failed' &&
    result.assertionResults.every(({ status }) => status !== 'failed'),
).length;
let failedTests = results.numFailedTests + filesFailedOutsideTests;
// The run can fail with every test passed: coverage too low, an error outside any file, no results.
if (tested !== '0' && failedTests === 0) failedTests = 1;

const passed = results.numPassedTests;
const failed = failedTests + (checked === '0' ? 0 : 1);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
