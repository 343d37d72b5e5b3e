import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';

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

const { numPassedTests, numFailedTests, numFailedTestSuites } = readResults();
console.log(
  `\n${numPassedTests} passed, ${Math.max(numFailedTests, run.status === 0 ? 0 : Math.max(1, numFailedTestSuites))} failed`,
);
process.exit(run.status ?? 1);

function readResults(): { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number } {
  try {
    return JSON.parse(readFileSync(results, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numFailedTestSuites: 0 };
  }
}
