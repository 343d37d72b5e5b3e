import { createLogger } from '@larder/core';
import { createOfflineStore } from '@larder/offline-store';
import { describe, expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { createBackfill } from '../runs/index.ts';

describe('planning that throws an unexpected error', () => {
  test('fails the run with the reason, and later runs are planned', async ({ shop }) => {
    await shop.seedAds(20, () => 'two words');
    const request = { manifest: shop.project.manifest, view: 'ad_words', scope: { all: true } } as const;
    const { runId } = await createBackfill(shop.store, request);
    const later = await createBackfill(shop.store, request);
    // As a newer version might store it.
    await shop.sql(`update larder.runs set scope = '{"entities": [{"ad_id": 7}]}' where run_id = '${runId}'`);
    shop.materializer();
    expect(await shop.ended(runId)).toMatchObject({
      status: 'failed',
      error: { code: 'INTERNAL', reason: expect.stringMatching(/A stored scope has a wrong ad_id/) },
    });
    expect(await shop.ended(later.runId)).toMatchObject({ status: 'succeeded', rows: { done: 20 } });
  });

  test('is retried when the database refused to save the plan', async ({ shop }) => {
    await shop.sql(`
      create sequence refused;
      create function refuse() returns trigger language plpgsql as $$
        begin if nextval('refused') < 3 then raise exception 'not now' using errcode = '40001'; end if; return new; end $$;
      create trigger refuse before insert on larder.chunks for each statement execute function refuse()`);
    shop.materializer();
    const runId = await shop.backfill('ad_words');
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { skippedUnchanged: 20 } });
    await shop.sql('drop trigger refuse on larder.chunks');
  });

  test('leaves the run queued while the database is down', async ({ shop, database }) => {
    const store = createOfflineStore({
      databaseUrl: database.url,
      maxConnections: 20,
      logger: createLogger('test', { level: 'silent' }),
    });
    await shop.sql(`
      create sequence cuts start 1;
      create function cut() returns trigger language plpgsql as $$
        begin perform nextval('cuts'); perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
      create trigger cut before insert on larder.chunks for each statement execute function cut()`);
    const materializer = shop.materializer({ offlineStore: store });
    const runId = await shop.backfill('ad_words');
    await expect
      .poll(() => shop.sql('select last_value > 1 as again from cuts'), { timeout: 60_000, interval: 20 })
      .toEqual([{ again: true }]);
    expect(
      await shop.sql(`select status, planning_failures from larder.runs where run_id = '${runId}'`),
    ).toEqual([{ status: 'queued', planning_failures: 0 }]);
    await shop.sql('drop trigger cut on larder.chunks');
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded' });
    await materializer.stop({ deadlineMs: 1_000 });
    await store.close();
  });
});
