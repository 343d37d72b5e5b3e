import { createLogger } from '@larder/core';
import type { ModelManifest } from '@larder/features';
import { viewStandings } from '@larder/materialization/views';
import { expect, onTestFinished, vi } from 'vitest';
import { moveAlias } from '../aliases/move-alias.ts';
import { applyManifest } from '../apply/apply-manifest.ts';
import { planManifest } from '../plan/plan-manifest.ts';
import { adCtr, adImage, hash, manifest, test, withModel, withView } from '../testing/registry.ts';
import { ensureSchedules } from './ensure-schedules.ts';
import { keepSchedules } from './keep-schedules.ts';

test('schedules are those of what is applied, also where an older version of Larder applied it', async ({
  store,
}) => {
  const project = 'scheduled';
  const nextDue = async (ref: string) =>
    (await viewStandings(store, project))(ref).schedule?.nextDueAt?.toISOString() ?? null;
  await ensureSchedules(store, project);
  expect(await nextDue('ad_image@1')).toBeNull();

  const applied = manifest(project);
  await applyManifest(store, applied, { actor: 'test' });
  const due = await nextDue('ad_image@1');
  expect(due).toMatch(/T04:00:00.000Z$/);

  await store.pool.query('delete from larder.schedules where project = $1', [project]);
  await Promise.all([ensureSchedules(store, project), ensureSchedules(store, project)]);
  expect(await nextDue('ad_image@1')).toBe(due);

  const schedule = { cron: '30 6 * * *', time_zone: 'UTC', missed: 'skip' } as const;
  const changed = {
    ...applied,
    feature_views: { ...applied.feature_views, 'ad_image@1': { ...adImage, schedule } },
  };
  const { changes } = await applyManifest(store, changed, { actor: 'test' });
  expect(changes.map(({ text }) => text)).toEqual([
    'change schedule of view ad_image@1: 0 4 * * * → 30 6 * * *, missed runs are skipped',
  ]);
  expect(await nextDue('ad_image@1')).toMatch(/T06:30:00.000Z$/);
});

test('a view is scheduled as long as a model version that is served, or that a rollback goes to, reads it', async ({
  store,
}) => {
  const project = 'served';
  const by = { project, model: 'ad_ctr', alias: 'champion', actor: 'test', reason: 'test' };
  const promote = (toVersion: number) => moveAlias(store, { ...by, toVersion, acceptIncomplete: true });
  const scheduled = async () => {
    const standing = await viewStandings(store, project);
    return [1, 2, 3].filter((version) => standing(`ad_image@${version}`).schedule !== null);
  };
  /** With one more version of the view, which the next version of the model reads. */
  const reading = (version: number, whole: ReturnType<typeof manifest>) => {
    const [, ...others] = adCtr.inputs;
    const model: ModelManifest = {
      ...adCtr,
      inputs: [{ view: 'ad_image', version, features: ['embedding', 'brightness'] }, ...others],
    };
    const view = { ...adImage, version, fingerprint: hash(`ad_image@${version}`) };
    return withModel(withView(whole, view), model);
  };
  const first = manifest(project);
  await applyManifest(store, first, { actor: 'test' });
  await promote(1);

  const second = reading(2, first);
  expect((await planManifest(store, second)).notScheduled).toEqual([]);
  await applyManifest(store, second, { actor: 'test' });
  expect(await scheduled()).toEqual([1, 2]);
  await promote(2);
  await ensureSchedules(store, project);
  expect(await scheduled()).toEqual([1, 2]);

  await applyManifest(store, reading(3, second), { actor: 'test' });
  await promote(3);
  const loop = keepSchedules({
    store,
    project,
    logger: createLogger('test', { level: 'silent' }),
    intervalMs: 10,
  });
  onTestFinished(() => loop.stop());
  await vi.waitFor(async () => expect(await scheduled()).toEqual([2, 3]), { timeout: 60_000 });
  expect((await planManifest(store, reading(3, second))).notScheduled).toEqual(['ad_image@1']);
  await promote(1);
  await vi.waitFor(async () => expect(await scheduled()).toEqual([1, 3]), { timeout: 60_000 });
});

test('what a dropped model read is not scheduled, until the model is back', async ({ store }) => {
  const project = 'dropped';
  const by = { project, model: 'ad_ctr', alias: 'champion', actor: 'test', reason: 'test' };
  const scheduled = async () => {
    const standing = await viewStandings(store, project);
    return [1, 2].filter((version) => standing(`ad_image@${version}`).schedule !== null);
  };
  const first = manifest(project);
  await applyManifest(store, first, { actor: 'test' });
  await moveAlias(store, { ...by, toVersion: 1, acceptIncomplete: true });
  const newer = withView(first, { ...adImage, version: 2, fingerprint: hash('ad_image@2') });
  const without = { ...newer, models: {} };
  await applyManifest(store, without, { actor: 'test', prune: true });
  expect(await scheduled()).toEqual([2]);
  expect((await planManifest(store, without)).notScheduled).toEqual(['ad_image@1']);
  await applyManifest(store, newer, { actor: 'test' });
  expect(await scheduled()).toEqual([1, 2]);
});
