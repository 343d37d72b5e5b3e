import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { loadProject, viewFingerprint, type LoadedProject, type Manifest } from '@larder/features';
import { createOfflineStore, migrate, type OfflineStore } from '@larder/offline-store';
import { appliedManifest, applyManifest, readModelContent } from '@larder/registry';
import { test as base } from '@larder/testing';
import { expect } from 'vitest';
import { copyShop } from '../../fixtures/run-cli.ts';
import { prepareChange, type PreparedChange } from './change-in-place.ts';

interface Shop {
  readonly store: OfflineStore;
  prepare(project: LoadedProject, connections?: Record<string, string>): Promise<PreparedChange>;
  readonly database: string;
}

const test = base.extend<{ shop: Shop }>({
  shop: async ({ database, redis }, use) => {
    const logger = createLogger('test', { level: 'silent' });
    const store = createOfflineStore({ databaseUrl: database.url, maxConnections: 2, logger });
    await migrate(store);
    await use({
      store,
      database: database.url,
      prepare: (project, connections = {}) =>
        prepareChange(project, {
          databaseUrl: database.url,
          redisUrl: redis.url,
          artifacts: { url: null, cacheFolder: join(project.root, '.larder/cache') },
          connections,
        }),
    });
    await store.close();
  },
});

/** The shop with a computed view, under a name of its own; `edit` changes its files first. */
function loadShop(name: string, edit: (config: string, folder: string) => string = (config) => config) {
  const folder = copyShop();
  const path = join(folder, 'larder.config.ts');
  mkdirSync(join(folder, 'src'));
  writeFileSync(
    join(folder, 'src/words.ts'),
    'export default { createComputation: async () => ({ compute: async (rows) => rows.map(() => ({ values: { words: 1 } })), close: async () => {} }) };\n',
  );
  const config = readFileSync(path, 'utf8')
    .replace("project('shop')", `project('${name}')`)
    .replace('import { artifact,', 'import { artifact, computeWith,');
  const words = `
export const adWords = featureView('ad_words', {
  version: 1, entity: ad, ttl: '7d', schema: { words: f.float64() },
  source: sqlSource({ connection: 'shop', query: 'select ad_id, updated_at as event_timestamp from ads' }),
  compute: computeWith(import.meta.url, () => import('./src/words.ts')),
});
`;
  writeFileSync(path, edit(config + words, folder));
  return loadProject(path);
}

/** What the release before would have applied for the same files. */
async function asAppliedBefore({ manifest, code }: LoadedProject): Promise<Manifest> {
  const { 'ad_words@1': view } = manifest.feature_views;
  const { moment } = manifest.on_demand_feature_views;
  const { ad } = manifest.entities;
  if (!view?.compute || !moment || !ad) throw new Error('The project lacks a definition.');
  const compute = {
    ...view.compute,
    code_sha256: (await code.computations.get('ad_words@1')?.legacySha256()) ?? '',
  };
  const before = { ...view, compute, fingerprint: viewFingerprint(ad, { ...view, compute }) };
  const code_sha256 = (await code.onDemand.get('moment')?.legacySha256()) ?? '';
  return {
    ...manifest,
    feature_views: { ...manifest.feature_views, 'ad_words@1': before },
    on_demand_feature_views: { moment: { ...moment, code_sha256 } },
  };
}

test('windows over events are applied, and the query of their past is checked first', async ({ shop }) => {
  const withEvents = (backfill: string) => (config: string) =>
    `${config.replace('import {', 'import { count, eventSource, windowedFeatureView,')}
export const clicks = eventSource('clicks', { schema: { ad_id: f.string() }${backfill} });
export const adHours = windowedFeatureView('ad_hours', {
  version: 1, entity: ad, source: clicks, windows: ['1h'], aggregates: { clicks: count() },
});
`;
  const past = `, backfill: sqlSource({ connection: 'past', query: 'select * from no_clicks' })`;
  await expect(
    shop.prepare(await loadShop('windowed', withEvents(past)), { past: shop.database }),
  ).rejects.toMatchObject({
    code: 'SOURCE_QUERY_INVALID',
    message: expect.stringContaining('relation "no_clicks" does not exist'),
  });
  const change = await shop.prepare(await loadShop('windowed', withEvents('')));
  expect((await change.commit()).changes.map(({ text }) => text)).toContain('create view ad_hours@1');
});

test('code that an earlier release applied is recognised: no row is set aside, and its version gets content', async ({
  shop,
}) => {
  const project = await loadShop('upgraded');
  const before = await asAppliedBefore(project);
  expect(before.feature_views['ad_words@1']?.fingerprint).not.toBe(
    project.manifest.feature_views['ad_words@1']?.fingerprint,
  );
  await applyManifest(shop.store, before, { actor: 'the release before' });
  const change = await shop.prepare(project);
  expect(await change.commit()).toMatchObject({ changes: [], forgotten: [], restored: [] });
  expect(await content(shop.store, 'upgraded', 1)).toMatchObject({ moment: expect.any(String) });
});

test('what dev applies is published: the service needs no code for it', async ({ shop }) => {
  await (await shop.prepare(await loadShop('published'))).commit();
  const edited = await loadShop('published', (config) =>
    config.replace('Math.log(bid)', '2 * Math.log(bid)'),
  );
  expect(await (await shop.prepare(edited)).commit()).toMatchObject({ modelVersions: { ad_ctr: 2 } });
  const [first, second] = await Promise.all(
    [1, 2].map((version) => content(shop.store, 'published', version)),
  );
  expect(second).toEqual({ moment: expect.any(String) });
  expect(second).not.toEqual(first);
});

const BROKEN: readonly [what: string, code: string, edit: (config: string, folder: string) => string][] = [
  [
    'an on-demand function that imports a native module',
    'NATIVE_MODULE',
    (config) =>
      `import sharp from 'sharp';\n${config.replace('Math.log(bid)', 'Math.log(bid) + sharp.concurrency()')}`,
  ],
  [
    'a model that is not a network',
    'ARTIFACT_INVALID',
    (config, folder) => {
      writeFileSync(join(folder, 'models/ad_ctr/model.onnx'), randomBytes(2_000));
      return config;
    },
  ],
  [
    'an encoder that its computation cannot open',
    'ARTIFACT_INVALID',
    (config, folder) => {
      mkdirSync(join(folder, 'models/encoder'));
      writeFileSync(join(folder, 'models/encoder/model.onnx'), randomBytes(2_000));
      writeFileSync(
        join(folder, 'src/words.ts'),
        `import { InferenceSession } from 'onnxruntime-node';
export default { async createComputation({ artifactPaths }) {
  await InferenceSession.create(artifactPaths.encoder + '/model.onnx');
  return { compute: async (rows) => rows.map(() => ({ values: { words: 1 } })), close: async () => {} };
} };\n`,
      );
      return config.replace(
        "import('./src/words.ts'))",
        "import('./src/words.ts'), { artifacts: { encoder: artifact('models/encoder') } })",
      );
    },
  ],
  [
    'a model above its budget',
    'BUDGET_EXCEEDED',
    (config) =>
      config.replace(
        "artifact('models/ad_ctr'),",
        "artifact('models/ad_ctr'), budget: { maxLatencyMs: 0.00001 },",
      ),
  ],
];

test.for(BROKEN)('refused before anything is touched: %s', async ([what, code, edit], { shop }) => {
  const name = `broken_${BROKEN.findIndex((each) => each[0] === what)}`;
  await (await shop.prepare(await loadShop(name))).commit();
  const before = await appliedManifest(shop.store, name);
  await expect(shop.prepare(await loadShop(name, edit))).rejects.toMatchObject({ code });
  expect(await appliedManifest(shop.store, name)).toEqual(before);
});

async function content(store: OfflineStore, project: string, version: number) {
  return (await readModelContent(store, { project, model: 'ad_ctr', version }))?.bundles;
}
