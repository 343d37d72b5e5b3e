import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, inject, test } from 'vitest';
import { importedPackages } from '../fixtures/imported-packages.ts';
import { runCli } from '../fixtures/run-cli.ts';

/** Packages that a verb imports when it needs them, and never to start. */
const HEAVY = new Set([
  '@duckdb/node-api',
  'aws4fetch',
  'bullmq',
  'express',
  'ioredis',
  'onnxruntime-node',
  'sharp',
]);

test.for(['plan', 'apply'])('%s starts without the libraries of processes and of Redis', (name) => {
  const packages = importedPackages(resolve(import.meta.dirname, `verbs/${name}.ts`));
  expect(packages).toContain('kysely');
  expect(packages.filter((each) => HEAVY.has(each))).toEqual([]);
});

test('compiled code is kept in the cache folder of the user', async () => {
  const home = join(inject('testFolder'), 'home-of-light-start');
  mkdirSync(home, { recursive: true });
  await runCli(['--version'], { cwd: home, env: { HOME: home } });
  expect(readdirSync(join(home, '.cache/larder'), { recursive: true }).length).toBeGreaterThan(3);
});
