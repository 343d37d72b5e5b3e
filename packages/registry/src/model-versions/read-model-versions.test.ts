import { expect } from 'vitest';
import { applyManifest, readModelContent, readModelVersions, readVersionDetails } from '../index.ts';
import { adCtr, hash, manifest, test, withModel } from '../testing/registry.ts';

test('every version on record is listed, with its newest mark and without its content', async ({ store }) => {
  const first = manifest('versioned');
  await applyManifest(store, first, { actor: 'ada' });
  const second = withModel(first, { ...adCtr, artifact: { path: 'models/ad_ctr', sha256: hash('second') } });
  const { manifestId } = await applyManifest(store, second, { actor: 'ada' });
  const mark = (version: number, value: string, reason: string) =>
    store.pool.query(
      `insert into larder.model_version_marks (project, model, version, mark, actor, reason)
        values ('versioned', 'ad_ctr', $1, $2, 'bea', $3)`,
      [version, value, reason],
    );
  await mark(1, 'bad', 'scores too low');
  await mark(2, 'bad', 'by mistake');
  await mark(2, 'good', 'checked again');

  const versions = await readModelVersions(store, 'versioned');
  expect(versions).toMatchObject([
    { version: 1, bad: { actor: 'bea', reason: 'scores too low', markedAt: expect.any(Date) } },
    {
      model: 'ad_ctr',
      version: 2,
      manifestId,
      artifactSha256: hash('second'),
      bad: null,
      hasContent: false,
      completeAt: null,
      collectedAt: null,
    },
  ]);
  expect(await readModelVersions(store, 'versioned', 'ad_ctr')).toEqual(versions);
  expect(await readModelVersions(store, 'versioned', 'other')).toEqual([]);

  expect(await readVersionDetails(store, 'versioned', 'ad_ctr')).toEqual([
    {
      model: 'ad_ctr',
      version: 1,
      inputs: adCtr.inputs,
      outputs: adCtr.outputs,
      postprocess: null,
      training: null,
      measured: null,
    },
    expect.objectContaining({ version: 2 }),
  ]);

  const id = { project: 'versioned', model: 'ad_ctr', version: 2 };
  expect(await readModelContent(store, id)).toBeNull();
  await store.pool.query(
    `update larder.model_versions set content = $1 where project = 'versioned' and version = 2`,
    [JSON.stringify({ format: 1, manifest: second, bundles: { moment: hash('bundle') } })],
  );
  expect(await readModelContent(store, id)).toEqual({
    format: 1,
    manifest: second,
    bundles: { moment: hash('bundle') },
  });
  expect((await readModelVersions(store, 'versioned')).map(({ hasContent }) => hasContent)).toEqual([
    false,
    true,
  ]);
});
