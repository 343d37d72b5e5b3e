import { dirname, join } from 'node:path';
import { openDuckdb, textLiteral } from '@larder/archive';
import { shellWord } from '@larder/core';
import { test } from '@larder/testing';
import { readRows } from '@larder/training/testing';
import { expect } from 'vitest';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

test('larder score answers for a row of a file what larder predict answers for its request', async ({
  database,
  redis,
}) => {
  const config = join(copyShop(), 'larder.config.ts');
  const folder = dirname(config);
  const env = {
    LARDER_PROJECT: config,
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: redis.url,
    LARDER_CONNECTION_SHOP_URL: database.url,
  };
  expect((await larder(['apply'], env)).code).toBe(0);
  const [file, out] = [join(folder, 'rows.parquet'), join(folder, 'scores.parquet')];
  const duckdb = await openDuckdb({ folders: [folder] });
  await duckdb.run(
    `copy (select 'ad-' || i as ad_id, null::float as "ad_stats:click_rate", null::float[] as "ad_stats:shape",
      '2026-11-20T09:30:00Z' as requested_at, 1.5 + i as bid from range(2) t(i)) to ${textLiteral(file)} (format parquet)`,
  );
  await duckdb.close();

  // Without --redis-url: the online store is not asked.
  const { LARDER_REDIS_URL: _, ...noRedis } = env;
  const done = await larder(['score', 'ad_ctr@champion', file, '--out', out, '--json'], noRedis);
  expect(done).toMatchObject({ code: 0 });
  expect(jsonOf(done)).toMatchObject({ rows: 2, version: 1, outputs: ['ctr'], evaluated: ['moment'] });
  const predicted = await larder(
    [
      'predict',
      'ad_ctr',
      '--ad_id',
      'ad-1',
      '--requested_at',
      '2026-11-20T09:30:00Z',
      '--bid',
      '2.5',
      '--json',
    ],
    env,
  );
  const { outputs } = jsonOf(predicted) as { outputs: { ctr: number } };
  expect((await readRows(out))[1]).toMatchObject({
    ad_id: 'ad-1',
    bid: expect.anything(),
    ctr: Number.isNaN(outputs.ctr) || outputs.ctr === null ? Number.NaN : expect.closeTo(outputs.ctr, 6),
  });

  expect((await larder(['score', 'ad_ctr', file, '--out', out], noRedis)).stdout).toContain(
    `2 rows scored by ad_ctr@1 into ${shellWord(out)}: ad_id, requested_at, bid, ctr\nEvaluated from their inputs: moment\n`,
  );
  const same = await larder(['score', 'ad_ctr', file, '--out', file, '--json'], noRedis);
  expect(same.code).toBe(2);
  expect(jsonOf(same)).toMatchObject({ code: 'REQUEST_INVALID' });
  const nowhere = await larder(['score', 'ad_ctr@9', file, '--out', out, '--json'], noRedis);
  expect(jsonOf(nowhere)).toMatchObject({ code: 'MODEL_VERSION_NOT_FOUND' });
  expect(await larder(['score', 'ad_ctr', file], noRedis)).toMatchObject({ code: 2 });
});
