import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from '@larder/testing';
import { expect } from 'vitest';
import { copyShop, larder } from '../fixtures/run-cli.ts';

const WORKFLOW = readFileSync(resolve(import.meta.dirname, '../../../examples/ci/larder.yml'), 'utf8');

/** The arguments of every `npx larder` in the workflow. */
const COMMANDS = [...WORKFLOW.matchAll(/npx larder ([^>|\n]+)/g)].map(([, args = '']) =>
  args.replaceAll('"$GITHUB_SHA"', 'abc123').trim().split(' '),
);

test('the commands of the workflow do what it says, from an empty database on', async ({
  database,
  redis,
}) => {
  const env = {
    LARDER_PROJECT: join(copyShop(), 'larder.config.ts'),
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: redis.url,
  };
  const [plan, apply, models, ...others] = COMMANDS;
  expect([plan?.[0], apply?.[0], models?.[0], others]).toEqual(['plan', 'apply', 'models', []]);
  const before = await larder(plan ?? [], env);
  expect([before.code, before.stderr]).toEqual([3, '']);
  expect(before.stdout).toContain('the database is empty; apply creates the tables first');
  const applied = await larder(apply ?? [], env);
  expect([applied.code, applied.stderr]).toEqual([0, expect.not.stringContaining('Wrong usage')]);
  expect((await larder(plan ?? [], env)).code).toBe(0);
  expect((await larder(models ?? [], env)).stdout).toContain('ad_ctr');
});
