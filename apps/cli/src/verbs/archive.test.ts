import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createLogger } from '@larder/core';
import { test } from '@larder/testing';
import pg from 'pg';
import { expect } from 'vitest';
import { readConfig } from '../../../worker/src/config.ts';
import { startWorker } from '../../../worker/src/start-worker.ts';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

test('larder archive writes what landed, and later only what is new', async ({ database, redis }) => {
  const config = join(copyShop(), 'larder.config.ts');
  const env = {
    LARDER_PROJECT: config,
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: redis.url,
    LARDER_CONNECTION_SHOP_URL: database.url,
  };
  expect((await larder(['apply'], env)).code).toBe(0);
  const empty = await larder(['archive'], env);
  expect(empty).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ad_stats@1 +0 +0 +0 B +archived$/m),
  });

  const logger = createLogger('test', { level: 'silent' });
  const worker = await startWorker({ config: readConfig({ ...env, LARDER_WORKER_SLOTS: '1' }), logger });
  try {
    await query(
      database.url,
      `create table ads as select 'ad-' || n as ad_id, n::bigint as clicks, n / 100.0::real as click_rate,
        array[n, 1, 2, 3]::real[] as shape, now() - interval '1 hour' as updated_at from generate_series(1, 20) n`,
    );
    expect((await larder(['backfill', 'ad_stats'], env)).code).toBe(0);
    await expect
      .poll(() => archived(env), { timeout: 60_000 })
      .toMatchObject({ status: 'archived', rows: 20, files: 1 });
    expect(await archived(env)).toMatchObject({ status: 'current', rows: 0, files: 1, rewritten: null });
  } finally {
    await worker.stop();
  }
  const folder = join(dirname(config), '.larder/archive/shop');
  expect(readdirSync(folder)).toContain('_larder.json');

  expect(jsonOf(await larder(['archive', 'nothing', '--json'], env))).toMatchObject({
    code: 'VIEW_NOT_FOUND',
  });
  const elsewhere = await larder(['archive', 'ad_stats@1', '--dir', dirname(config), '--json'], env);
  expect(jsonOf(elsewhere)).toMatchObject({
    folder: join(dirname(config), 'shop'),
    views: [{ ref: 'ad_stats@1' }],
  });
});

async function archived(env: Readonly<Record<string, string>>): Promise<unknown> {
  const { views } = jsonOf(await larder(['archive', '--json'], env)) as { views: unknown[] };
  return views[0];
}

async function query(databaseUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}
