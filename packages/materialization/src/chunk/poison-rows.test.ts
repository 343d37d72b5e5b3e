import { describe, expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { listFailures, retryFailed } from '../runs/index.ts';

const BAD: Readonly<Record<number, string>> = { 3: 'poison x', 17: 'nan x', 30: 'short x', 44: 'poison y' };

describe('rows that cannot be materialized', () => {
  test('fail alone, with code and reason, and can be retried alone', async ({ shop }) => {
    await shop.seedAds(60, (at) => BAD[at] ?? 'two words');
    shop.materializer();
    const runId = await shop.backfill('ad_words');
    expect(await shop.ended(runId)).toMatchObject({
      status: 'partial',
      rows: { total: 60, done: 56, failed: 4 },
    });
    const { failures } = await listFailures(shop.store, 'shop', runId);
    expect(
      failures
        .map(({ key, code, attempts }) => ({ key, code, attempts }))
        .sort((a, b) => (a.key ?? '').localeCompare(b.key ?? '')),
    ).toEqual([
      { key: 'ad-0003', code: 'TEXT_UNREADABLE', attempts: 1 },
      { key: 'ad-0017', code: 'FEATURE_VALUE_INVALID', attempts: 1 },
      { key: 'ad-0030', code: 'FEATURE_VALUE_INVALID', attempts: 1 },
      { key: 'ad-0044', code: 'TEXT_UNREADABLE', attempts: 1 },
    ]);
    expect(failures.find(({ key }) => key === 'ad-0030')?.reason).toMatch(
      /ad_words@1: spelling must have 3 numbers, not 2/,
    );
    expect(await shop.online('ad_words@1', 'ad-0003')).toBeNull();

    await shop.sql(`update ads set body = 'mended' where ad_id in ('ad-0003', 'ad-0017')`);
    await retryFailed(shop.store, 'shop', runId);
    expect(await shop.ended(runId)).toMatchObject({
      status: 'partial',
      rows: { total: 60, done: 58, failed: 2 },
    });
    expect(
      (await listFailures(shop.store, 'shop', runId)).failures
        .map(({ key, attempts }) => `${key} ${attempts}`)
        .sort(),
    ).toEqual(['ad-0030 2', 'ad-0044 2']);
    expect((await shop.online('ad_words@1', 'ad-0003'))?.values).toMatchObject({ word_count: 1 });
    expect(await shop.sql('select 1 from shop_history.ad_words_v1')).toHaveLength(58);

    await shop.sql(`update ads set body = 'mended' where ad_id in ('ad-0030', 'ad-0044')`);
    await retryFailed(shop.store, 'shop', runId);
    expect(await shop.ended(runId)).toMatchObject({
      status: 'succeeded',
      rows: { total: 60, done: 60, failed: 0 },
    });
  });

  test('without key or usable time each fail with their own code, and duplicates count once', async ({
    shop,
  }) => {
    await shop.sql(`
      insert into stats values
        ('ad-1', 1, '2026-02-01', '2026-02-01', 1, 1, 'fine'),
        ('ad-1', 1, '2026-02-02', '2026-02-02', 2, 1, 'said twice: a'),
        ('ad-1', 1, '2026-02-02', '2026-02-02', 3, 1, 'said twice: b'),
        (null, 1, '2026-02-01', '2026-02-01', 1, 1, 'no key'),
        ('ad-2', 1, null, '2026-02-01', 1, 1, 'no event time'),
        ('ad-3', 1, 'infinity', '2026-02-01', 1, 1, 'never'),
        ('ad-4', 1, now() + interval '1 hour', '2026-02-01', 1, 1, 'tomorrow'),
        ('ad-5', 1, '2026-02-01', null, 1, 1, 'unknown when known'),
        ('ad-6', 1, '2026-02-01', '2026-02-01', 1, 'NaN', 'no number')`);
    shop.materializer();
    const runId = await shop.backfill('ad_user_stats');
    expect(await shop.ended(runId)).toMatchObject({
      status: 'partial',
      rows: { total: 8, done: 2, failed: 6 },
    });
    const { failures } = await listFailures(shop.store, 'shop', runId);
    expect(failures.map(({ key, code }) => `${key} ${code}`).sort()).toEqual([
      'ad-2|1 EVENT_TIMESTAMP_INVALID',
      'ad-3|1 EVENT_TIMESTAMP_INVALID',
      'ad-4|1 EVENT_TIMESTAMP_IN_FUTURE',
      'ad-5|1 EVENT_TIMESTAMP_INVALID',
      'ad-6|1 FEATURE_VALUE_INVALID',
      'null ENTITY_KEY_INVALID',
    ]);
    expect((await shop.online('ad_user_stats@1', 'ad-1|1'))?.values).toMatchObject({
      clicks: 3n,
      note: 'said twice: b',
    });
    expect(await shop.sql('select sum(rows_duplicate)::int as duplicates from larder.chunks')).toEqual([
      { duplicates: 1 },
    ]);

    await shop.sql(`update stats set at = '2026-02-03' where ad_id in ('ad-2', 'ad-4')`);
    await retryFailed(shop.store, 'shop', runId);
    expect(await shop.ended(runId)).toMatchObject({ status: 'partial', rows: { done: 4, failed: 4 } });
    expect((await shop.online('ad_user_stats@1', 'ad-2|1'))?.values).toMatchObject({ note: 'no event time' });
    expect((await shop.online('ad_user_stats@1', 'ad-4|1'))?.values).toMatchObject({ note: 'tomorrow' });
  });
});
