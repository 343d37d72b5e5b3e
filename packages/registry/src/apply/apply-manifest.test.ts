import { newId } from '@larder/core';
import type { FeatureViewManifest, Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { createRun } from '@larder/materialization/runs';
import { expect } from 'vitest';
import { appliedId, appliedManifest, applyManifest, modelVersion, planManifest } from '../index.ts';
import {
  adCtr,
  adImage,
  adSource,
  adText,
  brightness,
  embedding,
  hash,
  imageCompute,
  manifest,
  moment,
  ownCompute,
  test,
  withModel,
  withView,
  without,
} from '../testing/registry.ts';

const actor = { actor: 'ada' };
const pruning = { ...actor, prune: true };
let projects = 0;

/** A project that no other test of the file uses. */
function newProject(): Manifest {
  projects++;
  return manifest(`shop_${projects}`);
}

/** Queues a run of the view version as the manifest has it. */
async function openRun(store: OfflineStore, { project, feature_views }: Manifest, ref: string) {
  const view = feature_views[ref];
  if (!view) throw new Error(`The manifest has no ${ref}.`);
  const { runId } = await createRun(store, {
    runId: newId(),
    project,
    view: view.name,
    version: view.version,
    fingerprint: view.fingerprint,
    trigger: 'backfill',
    scope: { all: true },
    rowLimit: null,
    priority: 50,
    maxRowsPerSecond: null,
    force: false,
    idempotencyKey: null,
    requestSha256: 'a',
  });
  return runId;
}

async function fingerprintOf(store: OfflineStore, runId: string): Promise<string> {
  const { fingerprint } = await store.db
    .selectFrom('larder.runs')
    .select('fingerprint')
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow();
  return fingerprint;
}

test('the first apply creates everything, the second nothing', async ({ store }) => {
  const next = newProject();
  const plan = await planManifest(store, next);
  expect(plan).toMatchObject({ appliedId: null, refusals: [] });
  expect(plan.changes.map((change) => change.text)).toEqual([
    `create project ${next.project}`,
    'create entity ad',
    'create view ad_image@1',
    'create view ad_text@1',
    'create on-demand view moment',
    'create on-demand view offer',
    'create model ad_ctr, version 1',
  ]);
  expect(await appliedManifest(store, next.project)).toBeNull();
  const result = await applyManifest(store, next, actor);
  expect(result).toEqual({
    manifestId: expect.any(Number),
    changes: plan.changes,
    modelVersions: { ad_ctr: 1 },
    forgotten: [],
    restored: [],
    retained: [],
  });
  expect(await applyManifest(store, next, actor)).toEqual({ ...result, changes: [] });
  expect(await appliedId(store, next.project)).toBe(result.manifestId);
  const applied = await appliedManifest(store, next.project);
  expect(applied).toEqual({
    id: result.manifestId,
    manifest: next,
    actor: 'ada',
    appliedAt: expect.any(Date),
  });
  expect(JSON.stringify(applied?.manifest.feature_views['ad_image@1']?.schema)).toBe(
    JSON.stringify(adImage.schema),
  );
});

test('history is there once a view is applied', async ({ store }) => {
  const next = newProject();
  await applyManifest(store, next, actor);
  const { rows } = await store.pool.query(
    `select column_name, data_type from information_schema.columns
     where table_schema = $1 and table_name = 'ad_image_v1' order by ordinal_position`,
    [`${next.project}_history`],
  );
  expect(rows.map((row) => `${row.column_name} ${row.data_type}`)).toEqual([
    'ad_id text',
    'event_timestamp timestamp with time zone',
    'created_timestamp timestamp with time zone',
    'revision bigint',
    'landed_at timestamp with time zone',
    'chunk_id bigint',
    'input_hash bigint',
    'is_gone boolean',
    'embedding ARRAY',
    'brightness real',
  ]);
});

test('a view that is applied keeps values of earlier rows from now on, without a new version', async ({
  store,
}) => {
  const first = newProject();
  await applyManifest(store, first, actor);
  const schema = [{ name: 'price', type: 'float64' as const }];
  const plain = { ...adImage, name: 'price', compute: null, schema };
  const withPrice: Manifest = { ...first, feature_views: { ...first.feature_views, 'price@1': plain } };
  await applyManifest(store, withPrice, actor);
  const keeping = withView(withPrice, { ...plain, partial_push: { price: 'keep' } });
  const { changes } = await applyManifest(store, keeping, actor);
  expect(changes.map(({ text, destructive }) => [text, destructive])).toEqual([
    ['change features that a pushed row may leave out of view price@1: none → price (keep)', false],
  ]);
  const { rows } = await store.pool.query<{ data_type: string }>(
    `select data_type from information_schema.columns where table_schema = $1 and table_name = 'price_v1' and column_name = 'kept_from'`,
    [`${first.project}_history`],
  );
  expect(rows).toEqual([{ data_type: 'jsonb' }]);
  await applyManifest(store, withPrice, actor);
  await applyManifest(store, keeping, actor);
});

test('policies change one by one; a removed view and model are destructive and keep their data', async ({
  store,
}) => {
  const first = newProject();
  await applyManifest(store, first, actor);
  const changed = withView(first, {
    ...adImage,
    ttl_ms: 'forever',
    schedule: null,
    when_gone: { at_most: 0.05 },
    retention_ms: 400 * 86_400_000,
    freshness_objective_ms: 6 * 3_600_000,
    owner: 'vision',
    tags: { tier: '1' },
  });
  const next: Manifest = {
    ...withModel(changed, {
      ...adCtr,
      deadline_ms: 50,
      budget: { max_latency_ms: 2 },
      coverage: 0.5,
      label: {
        name: 'clicked',
        horizon_ms: 7 * 86_400_000,
        on_silence: 'negative',
        attribution: 'prediction_id',
      },
    }),
    allowed_hosts: [],
    event_horizon_ms: 30 * 86_400_000,
    feature_views: without(changed.feature_views, 'ad_text@1'),
  };
  await expect(applyManifest(store, next, { ...pruning, refuseDestructive: true })).rejects.toMatchObject({
    code: 'DESTRUCTIVE_CHANGE',
    errors: [{ pointer: 'view ad_text@1' }],
  });
  expect((await appliedManifest(store, next.project))?.manifest).toEqual(first);
  const { changes } = await applyManifest(store, next, pruning);
  expect(changes.map((change) => [change.text, change.destructive])).toEqual([
    [`change allowed hosts of project ${next.project}: 127.0.0.1:8080 → none`, false],
    [`change event horizon of project ${next.project}: 3653d → 30d`, false],
    ['change ttl of view ad_image@1: 7d → forever', false],
    ['change schedule of view ad_image@1: 0 4 * * * → none', false],
    ['change keys gone from the source of view ad_image@1: keep → expire, at most 5% a run', false],
    ['change retention of view ad_image@1: forever → 400d', false],
    ['change freshness objective of view ad_image@1: none → 6h', false],
    ['change owner of view ad_image@1: none → vision', false],
    ['change tags of view ad_image@1', false],
    ['remove view ad_text@1: no longer filled or served; its history and online rows stay', true],
    ['change deadline (ms) of model ad_ctr: 100 → 50', false],
    ['change budget of model ad_ctr: none → 2 ms', false],
    ['change coverage of model ad_ctr: 0.95 → 0.5', false],
    ['change label of model ad_ctr: none → clicked (7d, silence is negative, by prediction id)', false],
  ]);
  await store.pool.query(`select 1 from ${next.project}_history.ad_text_v1`);
  const withoutModel = await planManifest(store, { ...next, models: {} }, { prune: true });
  expect(withoutModel.changes).toEqual([
    expect.objectContaining({ action: 'remove', subject: 'model ad_ctr', destructive: true }),
  ]);
});

test.for<[string, Partial<FeatureViewManifest>]>([
  [
    'feature brightness became float64 (was float32)',
    { schema: [embedding, { ...brightness, type: 'float64' }] },
  ],
  [
    'feature embedding became vector(256) (was vector(512))',
    { schema: [{ ...embedding, length: 256 }, brightness] },
  ],
  ['feature brightness was removed', { schema: [embedding] }],
  ['feature contrast was added', { schema: [embedding, brightness, { name: 'contrast', type: 'float32' }] }],
  ['the default of feature brightness changed', { schema: [embedding, { ...brightness, default: 0 }] }],
  ['the order of the features changed', { schema: [brightness, embedding] }],
  ["the source's query changed", { source: { ...adSource, query: 'select 1' } }],
  ["the computation's options changed", { compute: { ...imageCompute, options: {} } }],
  [
    'artifact encoder changed',
    { compute: { ...imageCompute, artifacts: { encoder: { path: 'models/encoder', sha256: hash('new') } } } },
  ],
  ['it is no longer computed', { compute: null }],
])('an applied version is immutable: %s', async ([clause, change], { store }) => {
  const first = newProject();
  await applyManifest(store, first, actor);
  const next = withView(first, { ...adImage, ...change });
  const plan = await planManifest(store, next);
  expect(plan.refusals).toEqual([
    {
      code: 'VIEW_VERSION_IMMUTABLE',
      subject: 'view ad_image@1',
      pointer: '/feature_views/ad_image@1',
      message: expect.stringMatching(/^ad_image@1 is applied and cannot change: .*Bump the version/),
    },
  ]);
  await expect(applyManifest(store, next, { ...actor, sameMeaning: true })).rejects.toMatchObject({
    code: 'VIEW_VERSION_IMMUTABLE',
    message: expect.stringContaining(clause),
    errors: [{ pointer: '/feature_views/ad_image@1', detail: expect.stringContaining(clause) }],
  });
  const bumped = withView(first, { ...adImage, ...change, version: 2 });
  expect((await applyManifest(store, bumped, actor)).changes.map((c) => c.text)).toEqual([
    'create view ad_image@2',
  ]);
});

test('a removed version comes back only as it was', async ({ store }) => {
  const first = newProject();
  await applyManifest(store, first, actor);
  await applyManifest(store, { ...first, feature_views: without(first.feature_views, 'ad_text@1') }, pruning);
  const other = withView(first, { ...adText, schema: [{ name: 'words', type: 'string' }] });
  await expect(applyManifest(store, other, actor)).rejects.toMatchObject({ code: 'VIEW_VERSION_IMMUTABLE' });
  const { changes } = await applyManifest(store, first, actor);
  expect(changes.map((change) => change.text)).toEqual([
    'create view ad_text@1 again: its history is still there',
  ]);
});

test('mutable versions change in place: what was refused passes, and history begins anew', async ({
  store,
}) => {
  const first = newProject();
  await applyManifest(store, first, actor);
  const lenient = { ...actor, mutableVersions: true };
  const words = {
    ...adText,
    schema: [{ name: 'words', type: 'string' } as const],
    fingerprint: hash('words'),
  };
  const next: Manifest = {
    ...withView(first, words),
    on_demand_feature_views: {
      ...first.on_demand_feature_views,
      moment: { ...moment, code_sha256: hash('moment 2') },
    },
  };
  const plan = await planManifest(store, next, { mutableVersions: true });
  expect(plan.refusals).toEqual([]);
  const { changes, forgotten } = await applyManifest(store, next, lenient);
  expect(changes).toEqual(plan.changes);
  expect(changes.map(({ text }) => text)).toEqual([
    'change view ad_text@1 in place, its rows are set aside: feature word_count was removed; feature words was added',
    'change on-demand view moment: code changed',
    'new version 2 of model ad_ctr: on-demand view moment changed',
  ]);
  expect(forgotten).toMatchObject([{ view: 'ad_text', version: 1, entity: 'ad', takesPushes: false }]);
  await store.pool.query(`select words from ${next.project}_history.ad_text_v1`);
  expect((await applyManifest(store, next, actor)).changes).toEqual([]);
});

test('changed join keys ask for a new entity', async ({ store }) => {
  const first = newProject();
  await applyManifest(store, first, actor);
  const next: Manifest = {
    ...first,
    entities: { ad: { name: 'ad', join_keys: [{ name: 'ad_id', type: 'int64' }] } },
  };
  const refused = applyManifest(store, next, actor);
  await expect(refused).rejects.toMatchObject({ code: 'VIEW_VERSION_IMMUTABLE', errors: { length: 2 } });
  await expect(refused).rejects.toThrow(
    'the join keys of entity ad changed. Give the changed entity a new name',
  );
});

test('changed own code is refused, unless it is declared to mean the same, on record', async ({ store }) => {
  const first = newProject();
  await applyManifest(store, first, actor);
  const compute = { ...ownCompute, code_sha256: hash('code, reformatted') };
  const next = withView(first, { ...adText, compute, fingerprint: hash('ad_text@1, reformatted') });
  await expect(applyManifest(store, next, actor)).rejects.toMatchObject({
    code: 'CODE_CHANGED',
    message: expect.stringContaining('Bump the version, or say --same-meaning'),
  });
  const open = await openRun(store, first, 'ad_text@1');
  const other = await openRun(store, first, 'ad_image@1');
  const { changes, manifestId } = await applyManifest(store, next, { actor: 'grace', sameMeaning: true });
  expect(changes.map((change) => change.text)).toEqual([
    'change code of view ad_text@1: declared to mean the same',
  ]);
  const record = await store.db
    .selectFrom('larder.manifests')
    .selectAll()
    .where('id', '=', manifestId)
    .executeTakeFirstOrThrow();
  expect(record).toMatchObject({ actor: 'grace', same_meaning: ['view ad_text@1'], changes });
  expect((await planManifest(store, next)).changes).toEqual([]);
  expect(await fingerprintOf(store, open)).toBe(next.feature_views['ad_text@1']?.fingerprint);
  expect(await fingerprintOf(store, other)).toBe(first.feature_views['ad_image@1']?.fingerprint);
});

test('an on-demand function changes only together with the models trained with it', async ({ store }) => {
  const first = newProject();
  await applyManifest(store, first, actor);
  const recoded: Manifest = {
    ...first,
    on_demand_feature_views: {
      ...first.on_demand_feature_views,
      moment: { ...moment, code_sha256: hash('moment 2') },
    },
  };
  await expect(applyManifest(store, recoded, actor)).rejects.toMatchObject({
    code: 'CODE_CHANGED',
    message: expect.stringContaining('ad_ctr was trained'),
  });
  const same = await planManifest(store, recoded);
  expect(same.refusals[0]?.code).toBe('CODE_CHANGED');
  const retrained = withModel(recoded, {
    ...adCtr,
    artifact: { path: 'models/ad_ctr', sha256: hash('ctr 2') },
  });
  const { changes, modelVersions } = await applyManifest(store, retrained, actor);
  expect(changes.map((change) => change.text)).toEqual([
    'change on-demand view moment: code changed',
    'new version 2 of model ad_ctr: artifact, on-demand view moment changed',
  ]);
  expect(modelVersions).toEqual({ ad_ctr: 2 });
});

test('models get a new version when inputs, outputs or artifact change', async ({ store }) => {
  const first = newProject();
  await applyManifest(store, first, actor);
  const second = withModel(first, {
    ...adCtr,
    inputs: adCtr.inputs.slice(1),
    outputs: [{ name: 'rate', type: 'float32' }],
    artifact: { path: 'models/v2', sha256: hash('v2') },
  });
  const { changes } = await applyManifest(store, second, actor);
  expect(changes.map((change) => change.text)).toEqual([
    'new version 2 of model ad_ctr: inputs, outputs, artifact changed',
  ]);
  expect(await modelVersion(store, first.project, 'ad_ctr')).toMatchObject({
    version: 2,
    artifactPath: 'models/v2',
    artifactSha256: hash('v2'),
    inputs: adCtr.inputs.slice(1),
  });
  expect(await modelVersion(store, first.project, 'nobody')).toBeNull();
});

test('appliers at once are serialized: each sees what the one before left', async ({ store }) => {
  const first = newProject();
  const results = await Promise.all(Array.from({ length: 6 }, () => applyManifest(store, first, actor)));
  expect(results.filter((result) => result.changes.length > 0)).toHaveLength(1);
  expect(new Set(results.map((result) => result.manifestId)).size).toBe(1);
  const artifacts = ['a', 'b', 'c', 'd'].map((name) => ({ path: name, sha256: hash(name) }));
  const versions = await Promise.all(
    artifacts.map((artifact) => applyManifest(store, withModel(first, { ...adCtr, artifact }), actor)),
  );
  expect(versions.map((result) => result.modelVersions['ad_ctr']).toSorted((a = 0, b = 0) => a - b)).toEqual([
    2, 3, 4, 5,
  ]);
});

test('an apply that fails leaves nothing behind', async ({ store }) => {
  const first = newProject();
  const reserved = withView(first, {
    ...adText,
    name: 'broken',
    schema: [{ name: 'chunk_id', type: 'string' }],
  });
  await expect(applyManifest(store, reserved, actor)).rejects.toMatchObject({ code: 'DEFINITION_INVALID' });
  expect(await appliedManifest(store, first.project)).toBeNull();
  expect((await applyManifest(store, first, actor)).changes.length).toBeGreaterThan(0);
});
