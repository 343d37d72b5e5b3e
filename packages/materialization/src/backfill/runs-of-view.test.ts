import { expect } from 'vitest';
import { newRun, test } from '../testing/runs.ts';
import { createRun, runsOfView } from '../runs/index.ts';

test('runs of a removed view are found as long as it has some', async ({ store, project }) => {
  const manifest = { project, feature_views: {} };
  await createRun(store, newRun(project, { view: 'ad_old', version: 2 }));
  expect(await runsOfView(store, manifest, 'ad_old')).toEqual({ view: 'ad_old' });
  expect(await runsOfView(store, manifest, 'ad_old@2')).toEqual({ view: 'ad_old', version: 2 });
  for (const name of ['ad_old@3', 'ad_new', "ad_old' or true", '', 'ad_old@', 'ad_old@99999999999'])
    await expect(runsOfView(store, manifest, name)).rejects.toMatchObject({ code: 'VIEW_NOT_FOUND' });
});
