import { newId } from '@larder/core';
import { type OfflineStore } from '@larder/offline-store';
import { expect } from 'vitest';
import { applyManifest } from '../apply/apply-manifest.ts';
import { adImage, adText, imageCompute, manifest, test, withView } from '../testing/registry.ts';
import { estimateFills } from './estimate-fill.ts';
import { viewsToFill } from './views-to-fill.ts';

let projects = 0;

async function run(store: OfflineStore, project: string, set: Record<string, unknown>): Promise<void> {
  const columns = {
    run_id: newId(),
    project,
    view: 'ad_image',
    version: 1,
    fingerprint: 'f',
    trigger: 'backfill',
    scope: '{"all":true}',
    priority: 50,
    force: false,
    request_sha256: 's',
    status: 'succeeded',
    planned_at: new Date(0),
    started_at: new Date(0),
    finished_at: new Date(100_000),
    rows_total: 5_000,
    rows_done: 5_000,
    rows_failed: 0,
    rows_skipped: 0,
    ...set,
  };
  const names = Object.keys(columns);
  await store.pool.query(
    `insert into larder.runs (${names.join(', ')}) values (${names.map((_, at) => `$${at + 1}`).join(', ')})`,
    Object.values(columns),
  );
}

const refused = (): Promise<number> => Promise.reject(new Error('no address here'));

test('views that nothing filled are to be filled, the newest and those that models read', async ({
  store,
}) => {
  const applied = withView(manifest(`fill_${projects++}`), { ...adText, version: 2 });
  await applyManifest(store, applied, { actor: 'ada' });
  const refs = async () =>
    (await viewsToFill(store, applied)).map(({ name, version }) => `${name}@${version}`);
  expect(await refs()).toEqual(['ad_image@1', 'ad_text@2']);
  await run(store, applied.project, { status: 'cancelled' });
  await run(store, applied.project, { row_limit: 5 });
  expect(await refs()).toEqual(['ad_image@1', 'ad_text@2']);
  const queued = { status: 'queued', planned_at: null, started_at: null, finished_at: null };
  await run(store, applied.project, queued);
  expect(await refs()).toEqual(['ad_text@2']);
  await store.pool.query(
    `insert into larder.view_freshness (project, view, version, newest_landed_at) values ($1, 'ad_text', 2, now())`,
    [applied.project],
  );
  expect(await refs()).toEqual([]);
});

test('rows come from the source, minutes from the newest run of the view', async ({ store }) => {
  const applied = withView(manifest(`fill_${projects++}`), { ...adImage, version: 2 });
  await applyManifest(store, applied, { actor: 'ada' });
  const views = [{ ...adImage, version: 2 }];
  await run(store, applied.project, {});
  const options = { manifest: applied, views };
  expect(await estimateFills(store, { ...options, countRows: () => Promise.resolve(6_000) })).toMatchObject([
    {
      ref: 'ad_image@2',
      rows: 6_000,
      rowsFrom: 'source',
      minutes: 2,
      rate: { rowsPerSecond: 50, measuredIn: 'ad_image@1' },
    },
  ]);
  const [known] = await estimateFills(store, { ...options, countRows: refused });
  expect(known).toMatchObject({ rows: 5_000, rowsFrom: 'run', sourceProblem: 'no address here' });
  // A vector of 512 floats alone takes 2 KB in each store.
  expect(known?.historyBytes).toBeGreaterThan(5_000 * 2_048);
  expect(known?.redisBytes).toBeGreaterThan(5_000 * 2_048);
});

test('a new view takes the rate of the same ready-made computation; own functions are unknown', async ({
  store,
}) => {
  const pictures = { ...adImage, name: 'shop_image', compute: imageCompute };
  const applied = withView(manifest(`fill_${projects++}`), pictures);
  await applyManifest(store, applied, { actor: 'ada' });
  await run(store, applied.project, {});
  await run(store, applied.project, { rows_done: 10, rows_total: 10 });
  await run(store, applied.project, { rows_skipped: 5_000, rows_done: 100 });
  await run(store, applied.project, { max_rows_per_second: 1 });
  const views = [pictures, adText];
  expect(await estimateFills(store, { manifest: applied, views, countRows: refused })).toMatchObject([
    { ref: 'shop_image@1', rows: null, minutes: null, rate: { measuredIn: 'ad_image@1' } },
    { ref: 'ad_text@1', rows: null, historyBytes: null, minutes: null, rate: null },
  ]);
});
