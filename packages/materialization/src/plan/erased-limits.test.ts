import type { EntityManifest } from '@larder/features';
import { createSources, type SourceChunk } from '@larder/sources';
import { expect, onTestFinished } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { forgetEntity } from '../erasure/forget-entity.ts';
import { claimRunToPlan, savePlan, type RunToPlan } from '../runs/index.ts';

const VIEW = 'ad_words@1';
/** At the ends of the source and on both sides of the limit between the first two chunks. */
const ERASED = ['ad-0000', 'ad-0019', 'ad-0020', 'ad-0044'];

async function claim(shop: Shop): Promise<RunToPlan> {
  const { name: view, version, fingerprint } = shop.view(VIEW);
  const run = await claimRunToPlan(shop.store, {
    project: 'shop',
    views: [{ view, version, fingerprint }],
    leaseMs: 60_000,
  });
  if (run === null) throw new Error('No run is queued.');
  return run;
}

async function planned(shop: Shop): Promise<SourceChunk[]> {
  const sources = createSources({ root: '/', connections: { shop: shop.databaseUrl }, maxConnections: 1 });
  onTestFinished(() => sources.close());
  const source = await sources.open(shop.view(VIEW), entityOf(shop));
  return source.plan({ scope: { kind: 'all' }, chunkRows: 20, limit: null }, new AbortController().signal);
}

const entityOf = (shop: Shop): EntityManifest => shop.project.manifest.entities['ad'] as EntityManifest;

const forget = (shop: Shop, key: string) =>
  forgetEntity(
    {
      offlineStore: shop.store,
      onlineStore: shop.onlineStore,
      logger: shop.logger,
      eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
    },
    { manifest: shop.project.manifest, entity: 'ad', key, actor: 'test', reason: null },
  );

const boundsOf = (shop: Shop, runId: string) =>
  shop.sql<{ bounds: unknown }>(
    `select bounds from larder.chunks where run_id = '${runId}' order by ordinal`,
  );

test('keys that are erased while a run is planned are no limits of its chunks, and every other row lands', async ({
  shop,
}) => {
  await shop.seedAds(45, () => 'word');
  const runId = await shop.backfill(VIEW);
  const run = await claim(shop);
  const chunks = await planned(shop);
  for (const key of ERASED) await forget(shop, key);
  const of = { project: 'shop', entity: entityOf(shop) };
  expect(await savePlan(shop.store, run, chunks, { of })).toBe(true);
  const range = { kind: 'range', eventTime: null, maxRows: null, oneRowPerKey: true };
  expect(await boundsOf(shop, runId)).toEqual([
    { bounds: { ...range, lower: null, upper: ['ad-0039'] } },
    { bounds: { ...range, lower: ['ad-0040'], upper: null } },
  ]);
  const worker = shop.materializer();
  expect(await shop.ended(runId)).toMatchObject({
    status: 'succeeded',
    rows: { total: 45, done: 41, failed: 0, skippedUnchanged: 4 },
  });
  await worker.stop({ deadlineMs: 5_000 });
});

test('a run that is planned after the erasure, from a source that still has the keys, names none of them', async ({
  shop,
}) => {
  const worker = shop.materializer();
  const scope = { entities: ['ad-0001', 'ad-0002'].map((key) => ({ ad_id: key })) };
  const some = await shop.backfill(VIEW, { scope, force: true });
  const all = await shop.backfill(VIEW, { force: true });
  expect(await shop.ended(some)).toMatchObject({ status: 'succeeded', rows: { done: 2 } });
  expect(await shop.ended(all)).toMatchObject({
    status: 'succeeded',
    rows: { total: 45, done: 41, failed: 0 },
  });
  expect(
    await shop.sql(`select 1 from larder.chunks where bounds::text similar to '%(${ERASED.join('|')})%'`),
  ).toEqual([]);
  await worker.stop({ deadlineMs: 5_000 });
});
