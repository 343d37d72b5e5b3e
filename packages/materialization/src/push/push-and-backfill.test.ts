import { systemClock } from '@larder/core';
import { expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { createBackfill } from '../runs/index.ts';
import { pushRows } from '../push/index.ts';

const VIEW = 'ad_user_stats';

test('a backfill after a push lands the row of the source once, and the pushed row stays', async ({
  shop,
}) => {
  const { store: offlineStore, onlineStore, logger, project } = shop;
  const { manifest } = project;
  const at = new Date(Date.now() - 2 * 86_400_000).toISOString();
  await shop.sql(`insert into stats values ('both', 7, '${at}', now() - interval '1 day', 1, 1, 'source')`);
  const row = { ad_id: 'both', user_id: 7, event_timestamp: at, clicks: 2, spent: 2, note: null };
  await pushRows(
    { offlineStore, onlineStore, logger, clock: systemClock },
    { manifest, view: VIEW, rows: [row] },
  );
  shop.materializer();
  for (let times = 0; times < 3; times++) {
    const { runId } = await createBackfill(shop.store, { manifest, view: VIEW, scope: { all: true } });
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded' });
    expect(
      await shop.sql('select clicks::text from shop_history.ad_user_stats_v1 order by revision'),
    ).toEqual([{ clicks: '2' }, { clicks: '1' }]);
    expect((await shop.online('ad_user_stats@1', 'both|7'))?.values).toMatchObject({ clicks: 2n });
  }
});
