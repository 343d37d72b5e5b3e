import { expect } from 'vitest';
import { ADS, test } from '../../fixtures/chains.ts';
import { syncSchedulesIn } from '../schedules/index.ts';

test('the schedule of the first view runs the whole chain', async ({ shop, chain }) => {
  await chain.seed(
    () => 'one two',
    () => 5,
  );
  shop.materializer();
  await shop.ended(await shop.backfill('catalog@1', { force: true }));
  await chain.settled();
  const { manifest } = shop.project;
  const words = { ...shop.view('ad_words@1'), schedule: '0 4 * * *' };
  await shop.store.transaction((tx) =>
    syncSchedulesIn(tx, { ...manifest, feature_views: { ...manifest.feature_views, 'ad_words@1': words } }),
  );
  await shop.sql(
    `update larder.schedules set due_at = date_trunc('minute', now() - interval '1 second') where view = 'ad_words'`,
  );
  const scheduled = () =>
    shop.sql<{ run_id: string }>(
      `select run_id from larder.runs where view = 'ad_words' and trigger = 'schedule'`,
    );
  await expect.poll(scheduled, { timeout: 60_000 }).toHaveLength(1);
  const [root] = await scheduled();
  const [offers] = await chain.fedBy(root?.run_id as string, 'offer');
  const [scores] = await chain.fedBy(offers as string, 'score');
  for (const runId of [root?.run_id, offers, scores])
    expect(await shop.ended(runId as string)).toMatchObject({ status: 'succeeded' });
  await chain.settled();
  expect(Object.values(await chain.newest('score', 'score'))).toEqual(Array.from({ length: ADS }, () => 9));
});
