import { expect } from 'vitest';
import { appliedManifest, applyManifest, moveAlias, planManifest } from '../index.ts';
import { readDroppedReaders } from '../plan/dropped-readers.ts';
import {
  adCtr,
  adImage,
  adSource,
  adText,
  manifest,
  test,
  withModel,
  withView,
  without,
} from '../testing/registry.ts';

const actor = { actor: 'ada', refuseDestructive: true };
const confirmed = { actor: 'ada' };

test('what the configuration lacks stays applied, and is listed', async ({ store }) => {
  const first = manifest('kept');
  await applyManifest(store, first, actor);
  const config = { ...first, feature_views: without(first.feature_views, 'ad_text@1'), models: {} };
  const { changes, retained } = await applyManifest(store, config, confirmed);
  expect(retained).toEqual(['model ad_ctr', 'view ad_text@1']);
  expect(changes.map(({ action, subject, destructive }) => [action, subject, destructive])).toEqual([
    ['keep', 'model ad_ctr', false],
    ['keep', 'view ad_text@1', false],
  ]);
  expect((await appliedManifest(store, 'kept'))?.manifest).toEqual(first);
  const again = await planManifest(store, config);
  expect(again).toMatchObject({ changes: [], retained, older: [] });
  const back = await applyManifest(store, withModel(config, adCtr), actor);
  expect(back.changes.map(({ text }) => text)).toEqual(['model ad_ctr is in the configuration again']);
});

test('a bumped view keeps its versions side by side, without a question', async ({ store }) => {
  const first = manifest('bumped');
  await applyManifest(store, first, actor);
  const second = withView(
    { ...first, feature_views: without(first.feature_views, 'ad_text@1') },
    { ...adText, version: 2, schema: [{ name: 'words', type: 'string' }] },
  );
  const { retained } = await applyManifest(store, second, actor);
  expect(retained).toEqual(['view ad_text@1']);
  const applied = await appliedManifest(store, 'bumped');
  expect(Object.keys(applied?.manifest.feature_views ?? {})).toEqual([
    'ad_image@1',
    'ad_text@1',
    'ad_text@2',
  ]);
});

test('a connection stays while a kept view reads from it', async ({ store }) => {
  const first = manifest('connected');
  const text = { ...adText, source: { ...adSource, connection: 'words' } };
  await applyManifest(store, withView({ ...first, connections: ['ads', 'words'] }, text), actor);
  await applyManifest(store, { ...first, feature_views: { 'ad_image@1': adImage } }, confirmed);
  expect((await appliedManifest(store, 'connected'))?.manifest.connections).toEqual(['ads', 'words']);
});

test('pruning drops what the configuration lacks, once it is confirmed', async ({ store }) => {
  const first = manifest('pruned');
  await applyManifest(store, first, actor);
  const config = { ...first, feature_views: without(first.feature_views, 'ad_text@1') };
  await applyManifest(store, config, confirmed);
  await expect(applyManifest(store, config, { ...actor, prune: true })).rejects.toMatchObject({
    code: 'DESTRUCTIVE_CHANGE',
    errors: [{ pointer: 'view ad_text@1' }],
  });
  const { retained } = await applyManifest(store, config, { ...confirmed, prune: true });
  expect(retained).toEqual([]);
  expect((await appliedManifest(store, 'pruned'))?.manifest).toEqual(config);
});

test('a view that an alias needs is not dropped; who else reads it is listed', async ({ store }) => {
  const first = manifest('in_use');
  const publication = { bundles: {}, code: {}, artifacts: [], training: new Map(), measured: new Map() };
  await applyManifest(store, first, { ...actor, publication });
  const model = { ...adCtr, inputs: adCtr.inputs.slice(1) };
  const config = withModel({ ...first, feature_views: without(first.feature_views, 'ad_image@1') }, model);
  await applyManifest(store, config, { ...confirmed, publication });
  const id = { project: 'in_use', model: 'ad_ctr', alias: 'champion' };
  const move = { ...id, actor: 'ada', reason: 'test', acceptIncomplete: true };
  await moveAlias(store, { ...move, toVersion: 1 });
  const prune = { ...confirmed, publication, prune: true };
  await expect(applyManifest(store, config, prune)).rejects.toMatchObject({
    code: 'VIEW_IN_USE',
    message: expect.stringContaining('ad_ctr@1 reads it, and champion of ad_ctr points to that version'),
  });
  await moveAlias(store, { ...move, toVersion: 2 });
  const changes = (await planManifest(store, config, { prune: true })).changes;
  expect(await readDroppedReaders(store, config, changes)).toEqual([
    { view: 'ad_image@1', model: 'ad_ctr', version: 1, aliases: [] },
  ]);
  await applyManifest(store, config, prune);
});
