import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { importBundle, loadProject, type LoadedProject } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { expect } from 'vitest';
import { applyManifest, createArtifactStore, publishContent, readModelContent } from '../index.ts';
import { hash, silent, test as base } from '../testing/registry.ts';

const CONFIG = resolve(import.meta.dirname, '../../../features/src/fixtures/ads/larder.config.ts');

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'larder-content-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});

/** The fixture under a name of its own, applied as a release without contents would. */
async function appliedWithoutContent(store: OfflineStore, name: string): Promise<LoadedProject> {
  const loaded = await loadProject(CONFIG);
  const project = { ...loaded, name, manifest: { ...loaded.manifest, project: name } };
  await applyManifest(store, project.manifest, { actor: 'test' });
  return project;
}

test('a version without content gets it from a project that defines it, by several processes at once', async ({
  store,
  folder,
}) => {
  const project = await appliedWithoutContent(store, 'published');
  const artifacts = createArtifactStore({ store, url: null, cacheFolder: folder, logger: silent });
  const id = { project: 'published', model: 'ad_ctr', version: 1 };
  const options = { store, artifacts, project, aligned: project.manifest, model: 'ad_ctr', version: 1 };
  expect(await readModelContent(store, id)).toBeNull();
  expect(await Promise.all([1, 2, 3].map(() => publishContent(options)))).toEqual([true, true, true]);
  const content = await readModelContent(store, id);
  expect(Object.keys(content?.bundles ?? {})).toEqual(['moment', 'offer']);
  const bundle = await artifacts.get(content?.bundles['moment'] ?? '');
  const { compute } = await importBundle(bundle.toString('utf8'));
  expect(await compute({ request: { requested_at: new Date(0) }, features: {} })).toMatchObject({
    hour_cos: 1,
  });
  await artifacts.folder(project.manifest.models['ad_ctr']?.artifact.sha256 ?? '');
});

test('a project that defines it differently publishes nothing', async ({ store, folder }) => {
  const project = await appliedWithoutContent(store, 'different');
  const artifacts = createArtifactStore({ store, url: null, cacheFolder: folder, logger: silent });
  const { manifest } = project;
  const moment = { ...manifest.on_demand_feature_views['moment'], code_sha256: hash('other') };
  const recoded = {
    ...manifest,
    on_demand_feature_views: { ...manifest.on_demand_feature_views, moment },
  } as typeof manifest;
  const model = manifest.models['ad_ctr'];
  const filled = { ...manifest, models: { ad_ctr: { ...model, missing: 7 } } } as typeof manifest;
  for (const aligned of [recoded, filled, { ...manifest, models: {} }])
    expect(await publishContent({ store, artifacts, project, aligned, model: 'ad_ctr', version: 1 })).toBe(
      false,
    );
  const none = { store, artifacts, project, aligned: manifest, model: 'ad_ctr', version: 2 };
  expect(await publishContent(none)).toBe(false);
  expect(await readModelContent(store, { project: 'different', model: 'ad_ctr', version: 1 })).toBeNull();
});
