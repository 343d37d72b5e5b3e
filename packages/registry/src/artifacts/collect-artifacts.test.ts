import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OfflineStore } from '@larder/offline-store';
import { expect } from 'vitest';
import { collectArtifacts, createArtifactStore, moveAlias, readModelVersions } from '../index.ts';
import { addVersions, newProject, test as base } from '../testing/versions.ts';
import { silent } from '../testing/registry.ts';

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'larder-collect-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Gives the version an artifact, a bundle and the encoder of a view that it reads. @returns their hashes */
async function fill(
  store: OfflineStore,
  folder: string,
  { project, version }: { project: string; version: number },
) {
  const artifacts = createArtifactStore({
    store,
    url: null,
    cacheFolder: join(folder, 'cache'),
    logger: silent,
  });
  const put = async (name: string) => {
    const path = join(folder, `${project}-${version}-${name}`);
    await mkdir(path);
    await writeFile(join(path, 'model.onnx'), randomBytes(100));
    return artifacts.putFolder(path);
  };
  const [model, encoder] = [await put('model'), await put('encoder')];
  const bundle = await artifacts.put(randomBytes(50));
  const views = { 'v@1': { compute: { artifacts: { encoder: { path: 'x', sha256: encoder } } } } };
  await store.pool.query(
    `update larder.model_versions set artifact_sha256 = $3, content = $4 where project = $1 and version = $2`,
    [
      project,
      version,
      model,
      JSON.stringify({ manifest: { feature_views: views }, bundles: { moment: bundle } }),
    ],
  );
  return [model, encoder, bundle];
}

test('versions that nothing needs give up their content, and only theirs is deleted', async ({
  store,
  folder,
}) => {
  const project = newProject();
  const other = newProject();
  await addVersions(
    store,
    project,
    Array.from({ length: 9 }, (_, at) => ({ complete: at < 6 })),
  );
  await addVersions(store, other, [{ complete: true }]);
  const hashes: string[][] = [];
  for (let version = 1; version <= 9; version++) hashes.push(await fill(store, folder, { project, version }));
  const elsewhere = await fill(store, folder, { project: other, version: 1 });
  const move = (alias: string, toVersion: number) =>
    moveAlias(store, {
      project,
      model: 'ctr',
      alias,
      toVersion,
      actor: 'ada',
      reason: 'test',
      acceptIncomplete: true,
    });
  // 6 was followed before; then the champions 3, 2, 4 and 5.
  for (const version of [3, 2, 4, 5]) await move('champion', version);
  await move('challenger', 1);

  const artifacts = createArtifactStore({
    store,
    url: null,
    cacheFolder: join(folder, 'cache'),
    logger: silent,
  });
  const known = async () => {
    const has = await artifacts.has([...hashes.flat(), ...elsewhere]);
    return hashes.flatMap((each, at) => (each.every((hash) => has.has(hash)) ? [at + 1] : []));
  };
  // Within the grace period nothing is deleted, whatever was given up.
  const first = await collectArtifacts(store, { project, versionsKept: 2 });
  expect(first).toEqual({ versions: 1, artifacts: 0, objects: 0 });
  const versions = await readModelVersions(store, project);
  expect(versions.filter(({ collectedAt }) => collectedAt !== null).map(({ version }) => version)).toEqual([
    7,
  ]);
  expect(await known()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const second = await collectArtifacts(store, { project, versionsKept: 2, graceMs: 0 });
  expect(second).toEqual({ versions: 0, artifacts: 2, objects: 3 });
  expect(await known()).toEqual([1, 2, 3, 4, 5, 6, 8, 9]);
  expect([...(await artifacts.has(elsewhere))]).toHaveLength(3);
  await expect(move('champion', 7)).rejects.toMatchObject({ code: 'MODEL_VERSION_COLLECTED' });
  const parts = await store.pool.query('select distinct sha256 from larder.object_parts');
  const objects = await store.pool.query('select sha256 from larder.objects');
  expect(parts.rowCount).toBe(objects.rowCount);
});

test('what the applied definitions need is kept until they change', async ({ store, folder }) => {
  const project = newProject();
  const artifacts = createArtifactStore({
    store,
    url: null,
    cacheFolder: join(folder, 'cache'),
    logger: silent,
  });
  const [encoder, sources] = [randomBytes(10), randomBytes(10)];
  for (const bytes of [encoder, sources]) await artifacts.put(bytes);
  const apply = (manifest: unknown, code: unknown) =>
    store.pool.query(
      `insert into larder.manifests (project, manifest, changes, same_meaning, actor, code) values ($1, $2, '[]', '{}', 'ada', $3)`,
      [project, JSON.stringify(manifest), JSON.stringify(code)],
    );
  await apply(
    { views: [sha256Of(encoder), '\u0000'] },
    { 'view v@1': { sources_sha256: sha256Of(sources) } },
  );
  const collect = () => collectArtifacts(store, { project, versionsKept: 1, graceMs: 0 });
  expect(await collect()).toMatchObject({ objects: 0 });
  await apply({}, {});
  expect(await collect()).toMatchObject({ objects: 2 });
});
