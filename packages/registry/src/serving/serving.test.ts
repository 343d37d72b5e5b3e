import { expect, onTestFinished } from 'vitest';
import { startPostgresProxy } from '@larder/testing';
import { createOfflineStore } from '@larder/offline-store';
import { applyManifest, bumpRevisionIn, moveAlias, readServing, watchServing } from '../index.ts';
import { adCtr, hash, manifest, silent, test, withModel } from '../testing/registry.ts';

test('what is served is read in one snapshot: each alias points to a version that is in it', async ({
  store,
}) => {
  expect(await readServing(store, 'served')).toMatchObject({ applied: null, models: new Map() });
  const first = manifest('served');
  await applyManifest(store, first, { actor: 'ada' });
  const again = withModel(first, { ...adCtr, artifact: { path: 'models/ad_ctr', sha256: hash('again') } });
  const { manifestId } = await applyManifest(store, again, { actor: 'ada' });
  const promote = { project: 'served', model: 'ad_ctr', alias: 'champion', actor: 'ada', reason: 'test' };
  await moveAlias(store, { ...promote, toVersion: 1, acceptIncomplete: true });
  const { applied, models, revision } = await readServing(store, 'served');
  expect([applied?.id, revision.manifestId]).toEqual([manifestId, manifestId]);
  const model = models.get('ad_ctr');
  expect([...(model?.versions.keys() ?? [])]).toEqual([1, 2]);
  expect(model?.versions.get(2)).toMatchObject({ contentDigest: null, hasContent: false, bad: null });
  expect(model?.aliases).toMatchObject([{ alias: 'champion', version: 1, earlier: [2] }]);

  const set = (content: string | null) =>
    store.pool.query(
      `update larder.model_versions set content = $1 where project = 'served' and version = 2`,
      [content],
    );
  const digest = async () => (await readServing(store, 'served')).models.get('ad_ctr')?.versions.get(2);
  await set('{"format":1}');
  const published = (await digest())?.contentDigest;
  expect(published).toEqual(expect.any(String));
  await set('{"format":2}');
  expect((await digest())?.contentDigest, 'another content').not.toBe(published);
});

test('a process hears of every change of the registry, also after PostgreSQL was away', async ({
  store,
  database,
}) => {
  const proxy = await startPostgresProxy(database.url);
  const over = createOfflineStore({ databaseUrl: proxy.url, logger: silent });
  onTestFinished(async () => {
    await over.close();
    await proxy.cut();
  });
  await applyManifest(store, manifest('watched'), { actor: 'ada' });
  const { revision: known } = await readServing(over, 'watched');
  const seen: number[] = [];
  const watch = watchServing({
    store: over,
    project: 'watched',
    logger: silent,
    known,
    intervalMs: 10,
    onChange: ({ revision }) => void seen.push(revision.revision),
  });
  const bump = () => store.transaction((tx) => bumpRevisionIn(tx, 'watched'));
  const second = await bump();
  await expect.poll(() => seen).toEqual([second]);
  await proxy.cut();
  const third = await bump();
  await proxy.restore();
  await expect.poll(() => seen).toEqual([second, third]);
  await watch.close();
  await bump();
  expect(seen).toEqual([second, third]);
});
