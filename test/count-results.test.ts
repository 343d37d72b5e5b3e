import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { countResults, type TestResults } from './count-results.ts';

const base = resolve(import.meta.dirname, '../.larder');
mkdirSync(base, { recursive: true });
// inside of the repository, so that its files find vitest
const folder = mkdtempSync(join(base, 'count-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PASSING = `import { test } from 'vitest'; test('passes', () => {});`;
const FAILING = `import { describe, test } from 'vitest';
  describe('one', () => { describe('two', () => { test('fails', () => { throw new Error('no'); }); test('passes', () => {}); }); });`;

function run(files: Readonly<Record<string, string>>): { passed: number; failed: number } {
  const root = mkdtempSync(join(folder, 'project-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  const output = join(root, 'results.json');
  const { status } = spawnSync('vitest', [
    'run',
    '--root',
    root,
    '--reporter=json',
    `--outputFile.json=${output}`,
  ]);
  return countResults(JSON.parse(readFileSync(output, 'utf8')) as TestResults, status);
}

test('a failed test is one failure, however many describe blocks are around it', () => {
  expect(run({ 'a.test.mjs': FAILING, 'b.test.mjs': PASSING })).toEqual({ passed: 2, failed: 1 });
});

test('a file that cannot be loaded is one failure', () => {
  expect(run({ 'a.test.mjs': `throw new Error('no');`, 'b.test.mjs': PASSING })).toEqual({
    passed: 1,
    failed: 1,
  });
});

test('nothing failed, or vitest itself did', () => {
  expect(run({ 'b.test.mjs': PASSING })).toEqual({ passed: 1, failed: 0 });
  expect(countResults(null, 1)).toEqual({ passed: 0, failed: 1 });
});
