import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { countResults, type TestResults } from './count-results.ts';

/**
 * `npm test [-- filter …]`: every test against real stores, started and removed by vitest's global setup.
 * Ends with the line `N passed, N failed`.
 */
const root = resolve(import.meta.dirname, '..');
const results = resolve(root, '.larder/test-results.json');
mkdirSync(resolve(results, '..'), { recursive: true });
rmSync(results, { force: true });

const run = spawnSync(
  'vitest',
  [
    'run',
    '--root',
    root,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);

const { passed, failed } = countResults(readResults(), run.status);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(run.status ?? 1);

function readResults(): TestResults | null {
  try {
    return JSON.parse(readFileSync(results, 'utf8')) as TestResults;
  } catch {
    return null;
  }
}
