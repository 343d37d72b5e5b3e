import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { PLANTED } from './planted-faults.ts';
import { TARGETS } from './targets.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const found = (globs: readonly string[]) => globs.map((glob) => globSync(glob, { cwd: ROOT }).length > 0);

test.for(Object.entries(TARGETS))('%s names files that exist', ([, { file, tests }]) => {
  expect(found([file, ...tests])).not.toContain(false);
});

test.for(Object.entries(PLANTED))('%s: each fault has its place', ([, { file, tests, faults }]) => {
  expect(found(tests)).not.toContain(false);
  const source = readFileSync(resolve(ROOT, file), 'utf8');
  expect(faults.filter(({ original }) => source.split(original).length !== 2)).toEqual([]);
});
