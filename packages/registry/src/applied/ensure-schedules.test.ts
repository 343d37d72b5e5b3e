import { viewStandings } from '@larder/materialization/views';
import { expect } from 'vitest';
import { applyManifest } from '../apply/apply-manifest.ts';
import { adImage, manifest, test } from '../testing/registry.ts';
import { ensureSchedules } from './ensure-schedules.ts';

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
