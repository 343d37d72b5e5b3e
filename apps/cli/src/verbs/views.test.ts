import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { announceProcess, createOfflineStore } from '@larder/offline-store';
import { test } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

const logger = createLogger('test', { level: 'silent' });

test('larder views and plan say what is due when, and what is not scheduled', async ({ database, redis }) => {
  const config = join(copyShop(), 'larder.config.ts');
  const env = {
    LARDER_PROJECT: config,
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: redis.url,
    LARDER_CONNECTION_SHOP_URL: database.url,
  };
  const text = readFileSync(config, 'utf8');
  const [definition = ''] = /export const adStats = [^]*?\n\}\);\n/.exec(text) ?? [];
  const version = (number: number, schedule: string) =>
    definition
      .replace('adStats', `adStats${number}`)
      .replace('version: 1', `version: ${number}`)
      .replace("ttl: '7d'", `ttl: '7d', schedule: ${schedule}`);
  writeFileSync(
    config,
    text +
      version(2, `'0 4 * * *'`) +
      version(3, `{ cron: '30 2 * * *', timeZone: 'Europe/Berlin', missed: 'skip' }`),
  );
  const plan = await larder(['plan'], env);
  expect(plan.stdout).toContain('view ad_stats@2 is not scheduled: no model reads it');
  expect(plan.stdout).not.toContain('ad_stats@3 is not scheduled');
  expect((await larder(['apply'], env)).code).toBe(0);

  const { views } = jsonOf(await larder(['views', '--json'], env)) as { views: { ref: string }[] };
  expect(views).toMatchObject([
    { ref: 'ad_stats@1', schedule: null, next_due_at: null, freshness: null },
    { ref: 'ad_stats@2', schedule: '0 4 * * *', next_due_at: null },
    {
      ref: 'ad_stats@3',
      entity: 'ad',
      schedule: { cron: '30 2 * * *', time_zone: 'Europe/Berlin', missed: 'skip' },
      next_due_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT0[01]:30:00.000Z$/),
    },
  ]);
  const { stdout, stderr } = await larder(['views'], env);
  expect(stderr).toMatch(/^Computed on demand, .*: \w+/m);
  expect(stdout).toMatch(/No worker runs: scheduled runs wait/);
  expect(stdout).not.toContain('overdue');
  expect(stdout).toMatch(/^ad_stats@2 .* never +never .*not scheduled: nothing reads this version$/m);
  expect(stdout).toMatch(
    /^ad_stats@3 .*30 2 \* \* \* Europe\/Berlin, missed runs are skipped +\d{4}-.*UTC$/m,
  );

  const store = createOfflineStore({ databaseUrl: database.url, logger });
  onTestFinished(() => store.close());
  await store.pool.query(`update larder.schedules set due_at = now() - interval '1 hour'`);
  expect((await larder(['views'], env)).stdout).toMatch(/^ad_stats@3 .* UTC \(overdue\)$/m);

  const worker = { processId: 'w', project: 'shop', role: 'worker', describe: () => ({}) } as const;
  const announced = announceProcess(store, worker, { logger });
  onTestFinished(() => announced.close());
  await expect.poll(async () => (await larder(['views'], env)).stdout).not.toContain('No worker runs');
  const { checks } = jsonOf(await larder(['doctor', '--json'], env));
  expect(checks).toContainEqual(expect.objectContaining({ check: 'worker', status: 'ok' }));
  expect(checks).toContainEqual({
    check: 'inference',
    status: 'warn',
    detail: 'none is running: nothing answers predictions',
    mend: 'Start one: larder serve',
  });
});
