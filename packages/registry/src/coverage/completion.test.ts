import { newId } from '@larder/core';
import type { Manifest } from '@larder/features';
import { appendHistory, ensureHistory, type OfflineStore } from '@larder/offline-store';
import { expect } from 'vitest';
import { applyManifest } from '../apply/apply-manifest.ts';
import { contentOf } from '../model-versions/content-of.ts';
import { readRevision } from '../revision/revision.ts';
import { adCtr, adImage, hash, manifest, silent, test, withModel, withView } from '../testing/registry.ts';
import { createCompletion } from './completion.ts';

let projects = 0;

/** A project of one model that reads ad_image@1, and what tests do with it. */
async function filling(store: OfflineStore, change: (whole: Manifest) => Manifest = (whole) => whole) {
  const applied = change(manifest(`filling_${projects++}`));
  const { project } = applied;
  const completion = createCompletion({ store, project, logger: silent, countPauseMs: 0 });
  const apply = async (next: Manifest): Promise<void> => {
    const { modelVersions } = await applyManifest(store, next, { actor: 'ada' });
    for (const [model, version] of Object.entries(modelVersions))
      await store.pool.query(
        `update larder.model_versions set content = $4 where project = $1 and model = $2 and version = $3`,
        [project, model, version, JSON.stringify(contentOf(next, model, {}))],
      );
  };
  await apply(applied);
  return {
    applied,
    project,
    completion,
    apply,
    complete: async () =>
      (await completion.completeVersions()).map(({ model, version }) => `${model}@${version}`),
    coverage: async () => (await completion.read())[0]?.views[0],
    /** A run with one chunk: `done` and `failed` of `total` rows. */
    run: async (
      counts: { total: number; done: number; failed?: number },
      set: Record<string, unknown> = {},
    ) => {
      const runId = newId();
      const columns = {
        run_id: runId,
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
        planned_at: new Date(),
        started_at: new Date(),
        finished_at: new Date(),
        rows_total: counts.total,
        rows_done: counts.done,
        rows_failed: counts.failed ?? 0,
        rows_skipped: 0,
        ...set,
      };
      const names = Object.keys(columns);
      await store.pool.query(
        `insert into larder.runs (${names.join(', ')}) values (${names.map((_, at) => `$${at + 1}`).join(', ')})`,
        Object.values(columns),
      );
      const { rows } = await store.pool.query<{ chunk_id: number }>(
        `insert into larder.chunks (run_id, ordinal, bounds, state, rows_total, rows_done, rows_failed, finished_at)
         values ($1, 0, '{}', 'done', $2, $2, 0, now()), ($1, 1, '{}', 'pending', $3, 0, 0, null) returning chunk_id`,
        [runId, counts.done, counts.total - counts.done],
      );
      return { runId, chunkId: rows[0]?.chunk_id ?? 0 };
    },
    /** Rows of history, and that they landed. */
    land: async (version: number, keys: readonly string[]) => {
      const view = { ...adImage, version };
      await ensureHistory(store, applied, view);
      const at = Date.now();
      const values = { embedding: new Float32Array(512), brightness: 1 };
      await store.transaction((tx) =>
        appendHistory(
          tx,
          applied,
          view,
          keys.map((key, revision) => ({
            keys: { ad_id: key },
            eventTimestampMs: at,
            createdTimestampMs: at,
            revision,
            chunkId: 1,
            inputHash: 1n,
            values,
          })),
        ),
      );
      await store.pool.query(
        `insert into larder.view_freshness (project, view, version, newest_landed_at) values ($1, 'ad_image', $2, clock_timestamp())
         on conflict (project, view, version) do update set newest_landed_at = excluded.newest_landed_at`,
        [project, version],
      );
    },
  };
}

test('a version is complete when each view has landed its share of the newest run over all rows', async ({
  store,
}) => {
  const shop = await filling(store);
  expect(await shop.complete()).toEqual([]);
  await shop.run({ total: 100, done: 94, failed: 6 }, { status: 'partial' });
  expect(await shop.coverage()).toEqual({ ref: 'ad_image@1', share: 0.94, landed: 94, expected: 100 });
  expect(await shop.complete()).toEqual([]);
  const before = await readRevision(store, shop.project);
  await shop.run({ total: 100, done: 95, failed: 5 }, { status: 'partial' });
  expect(await shop.complete()).toEqual(['ad_ctr@1']);
  expect((await readRevision(store, shop.project)).revision).toBeGreaterThan(before.revision);
  expect(await shop.complete()).toEqual([]);
});

test('what is complete stays complete, whatever later runs land', async ({ store }) => {
  const shop = await filling(store);
  await shop.run({ total: 10, done: 10 });
  expect(await shop.complete()).toEqual(['ad_ctr@1']);
  await shop.run({ total: 100, done: 0, failed: 100 }, { status: 'failed' });
  await shop.complete();
  const { rows } = await store.pool.query<{ complete: boolean }>(
    `select complete_at is not null as complete from larder.model_versions where project = $1`,
    [shop.project],
  );
  expect(rows).toEqual([{ complete: true }]);
});

test('a windowed view is covered when its tiles are built, whatever its runs landed', async ({ store }) => {
  const shop = await filling(store);
  await store.pool.query(
    `insert into larder.windowed_views (project, view, version, event_source, definition) values ($1, 'ad_image', 1, 'ad_events', '{}')`,
    [shop.project],
  );
  await shop.run({ total: 100, done: 98 });
  expect(await shop.coverage()).toMatchObject({ share: 0, landed: 98, expected: 100 });
  expect(await shop.complete()).toEqual([]);
  await store.pool.query(`update larder.windowed_views set built_at = now() where project = $1`, [
    shop.project,
  ]);
  expect(await shop.coverage()).toMatchObject({ share: 1 });
  expect(await shop.complete()).toEqual(['ad_ctr@1']);
});

test('an open run counts by its finished chunks, and what an earlier run landed still counts', async ({
  store,
}) => {
  const shop = await filling(store);
  const open = { status: 'running', finished_at: null, rows_total: null, rows_done: null };
  await shop.run({ total: 100, done: 40 }, open);
  expect(await shop.coverage()).toMatchObject({ share: 0.4, expected: 100 });
  await store.pool.query(
    `update larder.runs set finished_at = now(), status = 'partial', rows_total = 100, rows_done = 80
    where project = $1`,
    [shop.project],
  );
  await shop.run({ total: 200, done: 10 }, open);
  expect(await shop.coverage()).toMatchObject({ share: 0.4, landed: 80, expected: 200 });
});

test.for([
  ['a limit', { row_limit: 100 }],
  ['some entities', { scope: '{"entities":[{"ad_id":"a"}]}' }],
  ['a range of event times', { scope: '{"event_time":{"from":"a","to":"b"}}' }],
  ['no plan', { planned_at: null, started_at: null, status: 'failed' }],
  ['a push', { trigger: 'push', scope: '{"pushed":true}' }],
  ['another version', { version: 2 }],
] as const)('a run with %s tells nothing', async ([, set], { store }) => {
  const shop = await filling(store);
  await shop.run({ total: 100, done: 100 }, set);
  expect(await shop.complete()).toEqual([]);
});

test('a run over missing entities completes what an earlier one failed to land', async ({ store }) => {
  const shop = await filling(store);
  await shop.run({ total: 100, done: 50, failed: 50 }, { status: 'partial' });
  await shop.run({ total: 100, done: 50 }, { scope: '{"missing":true}', rows_skipped: 50 });
  expect(await shop.complete()).toEqual(['ad_ctr@1']);
});

test('rows that landed in other ways are counted in history', async ({ store }) => {
  const shop = await filling(store);
  await shop.run({ total: 4, done: 1, failed: 3 }, { status: 'partial' });
  await shop.land(1, ['a', 'b', 'c']);
  expect(await shop.coverage()).toMatchObject({ share: 0.75, landed: 3, expected: 4 });
  await shop.land(1, ['c', 'd']);
  expect(await shop.complete()).toEqual(['ad_ctr@1']);
});

test('without a run over all rows, entities are compared with those of the version before', async ({
  store,
}) => {
  const shop = await filling(store, (whole) =>
    withModel(withView(whole, { ...adImage, version: 2 }), {
      ...adCtr,
      inputs: [{ view: 'ad_image', version: 2, features: ['brightness'] }],
    }),
  );
  // Three rows per entity: 12 rows are four entities.
  await shop.run({ total: 12, done: 12 });
  await shop.land(1, ['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd', 'a', 'b', 'c', 'd']);
  expect(await shop.coverage()).toMatchObject({ ref: 'ad_image@2', share: 0, landed: 0 });
  await shop.land(2, ['a', 'b', 'c']);
  expect(await shop.coverage()).toMatchObject({ share: 0.75, landed: 3, expected: 4 });
  await shop.land(2, ['d']);
  expect(await shop.complete()).toEqual(['ad_ctr@1']);
});

test('a view that only pushes fill is covered by what was pushed', async ({ store }) => {
  const shop = await filling(store);
  expect(await shop.coverage()).toMatchObject({ share: 0, expected: null });
  await shop.land(1, ['a']);
  expect(await shop.complete()).toEqual(['ad_ctr@1']);
});

test('an empty source is covered by a run that found nothing', async ({ store }) => {
  const shop = await filling(store);
  await shop.run({ total: 0, done: 0 });
  expect(await shop.complete()).toEqual(['ad_ctr@1']);
});

test('a new version waits only for views that the complete one does not read', async ({ store }) => {
  const shop = await filling(store);
  await shop.run({ total: 10, done: 10 });
  await shop.complete();
  await shop.run({ total: 10, done: 1, failed: 9 }, { status: 'partial' });
  const retrained = withModel(shop.applied, { ...adCtr, artifact: { path: 'models/b', sha256: hash('b') } });
  await shop.apply(retrained);
  expect(await shop.complete()).toEqual(['ad_ctr@2']);
  const reading = withModel(retrained, {
    ...adCtr,
    artifact: { path: 'models/c', sha256: hash('c') },
    inputs: [...adCtr.inputs, { view: 'ad_text', version: 1, features: ['word_count'] }],
  });
  await shop.apply(reading);
  expect(await shop.completion.read()).toMatchObject([
    { model: 'ad_ctr', version: 3, wanted: 0.95, views: [{ ref: 'ad_text@1', share: 0 }] },
  ]);
  await shop.apply(withModel(reading, { ...adCtr, ...reading.models['ad_ctr'], coverage: 0 }));
  expect(await shop.complete()).toEqual(['ad_ctr@3']);
});

test('two processes complete a version once', async ({ store }) => {
  const shop = await filling(store);
  await shop.run({ total: 10, done: 10 });
  const other = createCompletion({ store, project: shop.project, logger: silent });
  const completed = (
    await Promise.all([shop.completion, other].map((each) => each.completeVersions()))
  ).flat();
  expect(completed).toHaveLength(1);
});

test('a content that this release cannot read stops no other version', async ({ store }) => {
  const shop = await filling(store, (whole) => withModel(whole, { ...adCtr, name: 'other' }));
  await store.pool.query(
    `update larder.model_versions set content = '{"format":2,"manifest":{"a":1}}' where project = $1 and model = 'ad_ctr'`,
    [shop.project],
  );
  await shop.run({ total: 1, done: 1 });
  expect(await shop.complete()).toEqual(['other@1']);
});
