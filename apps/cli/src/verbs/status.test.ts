import { join } from 'node:path';
import { statusAnswerSchema } from '@larder/contracts';
import { createLogger } from '@larder/core';
import { announceProcess, createOfflineStore } from '@larder/offline-store';
import { test } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

const logger = createLogger('test', { level: 'silent' });

test('larder status names what needs a person, and its exit code says whether anything does', async ({
  database,
  redis,
}) => {
  const env = {
    LARDER_PROJECT: join(copyShop(), 'larder.config.ts'),
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: redis.url,
  };
  const unmigrated = await larder(['status'], env);
  expect(unmigrated.code).toBe(1);
  expect(unmigrated.stdout).toMatch(/ACT {3}PostgreSQL {2}database not migrated\n.*\n {6}→ larder apply/);

  expect((await larder(['apply', '--yes'], env)).code).toBe(0);
  const nobody = await larder(['status'], env);
  expect(nobody.code).toBe(1);
  expect(nobody.stdout).toMatch(/^shop {2}2 problems/);
  expect(nobody.stdout).toMatch(/ACT {3}worker {2}worker absent\n {6}no worker runs.*\n {6}→ larder worker/);
  expect(nobody.stdout).toMatch(/^processes {3}0 workers \(0 slots\), 0 inference$/m);

  const { feature_views: views } = await manifest(database.url);
  const store = createOfflineStore({ databaseUrl: database.url, logger });
  onTestFinished(() => store.close());
  const running = [
    announceProcess(
      store,
      {
        processId: 'w',
        project: 'shop',
        role: 'worker',
        slots: 4,
        describe: () => ({
          views: Object.values(views).map(({ name, version, fingerprint }) => ({
            view: name,
            version,
            fingerprint,
          })),
        }),
      },
      { logger },
    ),
    announceProcess(
      store,
      { processId: 'i', project: 'shop', role: 'inference', describe: () => ({}) },
      { logger },
    ),
  ];
  onTestFinished(async () => {
    await Promise.all(running.map((each) => each.close()));
  });
  await expect.poll(async () => (await larder(['status'], env)).code, { timeout: 60_000 }).toBe(0);
  const fine = await larder(['status'], env);
  expect(fine.stdout).toMatch(/^shop {2}ok/);
  expect(fine.stdout).toContain('Nothing needs a person.');
  expect(fine.stdout.split('\n').length).toBeLessThan(14);
  const json = statusAnswerSchema.parse(jsonOf(await larder(['status', '--json'], env)));
  expect(json).toMatchObject({
    attention: false,
    problems: [],
    processes: { workers: 1, slots: 4, inference: 1 },
  });
});

test('Redis that is away is a problem, and the rest is told', async ({ database }) => {
  const env = {
    LARDER_PROJECT: join(copyShop(), 'larder.config.ts'),
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: 'redis://127.0.0.1:1',
  };
  await larder(['apply', '--yes'], env);
  const { code, stdout } = await larder(['status', '--json'], env);
  expect(code).toBe(1);
  const { stores, problems, views } = statusAnswerSchema.parse(JSON.parse(stdout));
  expect(stores).toMatchObject({ database: { state: 'ok' }, redis: { state: 'away', answered_in_ms: null } });
  expect(problems.map(({ kind }) => kind)).toContain('redis_away');
  expect(views?.applied).toBeGreaterThan(0);
});

async function manifest(databaseUrl: string) {
  const store = createOfflineStore({ databaseUrl, logger });
  try {
    const { rows } = await store.pool.query<{
      manifest: { feature_views: Record<string, { name: string; version: number; fingerprint: string }> };
    }>(`select manifest from larder.manifests where project = 'shop' order by id desc limit 1`);
    const [row] = rows;
    if (row === undefined) throw new Error('Nothing is applied.');
    return row.manifest;
  } finally {
    await store.close();
  }
}

test('without an address of the database it says so, not that nothing needs a person', async () => {
  const { code, stdout, stderr } = await larder(['status'], {
    LARDER_PROJECT: join(copyShop(), 'larder.config.ts'),
  });
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('No address of the database is configured');
});
