import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, inject, test } from 'vitest';
import { importedPackages } from '../fixtures/imported-packages.ts';
import { runCli } from '../fixtures/run-cli.ts';
import { VERBS } from './verbs.ts';

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

/** Libraries of the stores: a verb that asks a service has neither. */
const STORES = new Set([...HEAVY, '@duckdb/node-bindings', 'kysely', 'pg']);

test('plan and apply on the stores start without the libraries of processes and of Redis', () => {
  const packages = importedPackages(resolve(import.meta.dirname, 'control/direct/apply.ts'));
  expect(packages).toContain('kysely');
  expect(packages.filter((each) => HEAVY.has(each))).toEqual([]);
});

test('verbs that can ask a service, and what asks it, start without the libraries of stores', () => {
  const remote = Object.keys(VERBS).filter((name) => VERBS[name]?.remote === true);
  expect(remote).toEqual(expect.arrayContaining(['doctor', 'plan']));
  const folder = resolve(import.meta.dirname, 'control/remote');
  const asking = readdirSync(folder).filter((file) => !file.endsWith('.test.ts'));
  const modules = [
    ...remote.map((name) => resolve(import.meta.dirname, `verbs/${name}.ts`)),
    ...asking.map((file) => join(folder, file)),
  ];
  const loaded = importedPackages(...modules);
  expect(loaded).toContain('zod');
  expect(loaded.filter((each) => STORES.has(each))).toEqual([]);
});

test('compiled code is kept in the cache folder of the user', async () => {
  const home = join(inject('testFolder'), 'home-of-light-start');
  mkdirSync(home, { recursive: true });
  await runCli(['--version'], { cwd: home, env: { HOME: home } });
  expect(readdirSync(join(home, '.cache/larder'), { recursive: true }).length).toBeGreaterThan(3);
});
