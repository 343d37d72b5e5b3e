import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { test as base } from '@larder/testing';
import pg from 'pg';
import { expect } from 'vitest';
import { readConfig } from '../../../worker/src/config.ts';
import { startWorker } from '../../../worker/src/start-worker.ts';
import { copyShop, jsonOf, larder, type CliResult, sourceAds } from '../../fixtures/run-cli.ts';

interface Shop {
  larder(...args: string[]): Promise<CliResult>;
  sql<Row>(text: string): Promise<Row[]>;
  readonly env: Readonly<Record<string, string>>;
}

/** A project on its own stores, with 40 ads in its source; nothing is applied. */
const test = base.extend<{ $file: { shop: Shop } }>({
  shop: [
    async ({ database, redis }, use) => {
      const env = {
        LARDER_PROJECT: join(copyShop(), 'larder.config.ts'),
        LARDER_DATABASE_URL: database.url,
        LARDER_REDIS_URL: redis.url,
        LARDER_CONNECTION_SHOP_URL: database.url,
      };
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query(sourceAds(40));
      await use({
        env,
        larder: (...args) => larder(args, env),
        sql: async <Row>(text: string) => (await client.query(text)).rows as Row[],
      });
      await client.end();
    },
    { scope: 'file' },
  ],
});

test('a promotion needs its reason', async ({ shop }) => {
  const result = await shop.larder('apply', '--promote-when-complete');
  expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason must say why') });
});

test('apply --backfill fills what nothing has filled, once, and the version is promoted when it is complete', async ({
  shop,
}) => {
  await shop.larder('apply');
  const plan = jsonOf(await shop.larder('plan', '--json'));
  expect(plan['fills']).toMatchObject([
    { view: 'ad_stats@1', rows: 40, rows_from: 'source', source_problem: null, minutes: null },
  ]);
  const shown = await shop.larder('plan');
  expect(shown.stdout).toMatch(
    /fill ad_stats@1: 40 rows, about [\d.]+ KB of history and [\d.]+ KB of Redis, time unknown/,
  );
  const ask = ['apply', '--backfill', '--promote-when-complete', '--reason', 'first one', '--json'];
  const first = jsonOf(await shop.larder(...ask));
  expect(first).toMatchObject({
    backfills: [{ view: 'ad_stats@1', status: 'queued' }],
    promotions: [{ model: 'ad_ctr', version: 1, promoted: false }],
  });
  expect(jsonOf(await shop.larder(...ask))).toMatchObject({ backfills: [], promotions: [] });
  const worker = await startWorker({
    config: readConfig({ ...shop.env, LARDER_WORKER_SLOTS: '1' }),
    logger: createLogger('test', { level: 'silent' }),
  });
  await expect
    .poll(() => shop.sql(`select version from larder.model_versions where complete_at is not null`), {
      timeout: 60_000,
    })
    .toEqual([{ version: 1 }]);
  await expect
    .poll(() => shop.sql(`select to_version, reason from larder.alias_moves`), { timeout: 60_000 })
    .toEqual([{ to_version: 1, reason: 'first one' }]);
  await worker.stop();
  expect(jsonOf(await shop.larder('plan', '--json'))['fills']).toEqual([]);
  expect(jsonOf(await shop.larder(...ask))).toMatchObject({ backfills: [], promotions: [] });
});
