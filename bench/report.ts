/** Makes the Markdown and the page of a run anew: `node bench/report.ts bench/results/<date>.json`. */
import { readFile } from 'node:fs/promises';
import type { Results } from './report/results.ts';
import { nameOf, writeReports } from './report/write-reports.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('name the JSON file of a run in bench/results');
const results = JSON.parse(await readFile(file, 'utf8')) as Results;
console.log(await writeReports(results, nameOf(results)));
