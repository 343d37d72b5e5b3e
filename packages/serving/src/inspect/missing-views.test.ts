import { createLogger, systemClock } from '@larder/core';
import { createOfflineStore, migrate } from '@larder/offline-store';
import { expect, onTestFinished } from 'vitest';
import { test } from '../testing/windows-test.ts';
import { missingViews } from './missing-views.ts';

test('a view whose rows are pushed is never said to be filled by a backfill', async ({
  windows,
  database,
}) => {
  const offlineStore = createOfflineStore({
    databaseUrl: database.url,
    logger: createLogger('test', { level: 'silent' }),
  });
  onTestFinished(() => offlineStore.close());
  await migrate(offlineStore);
  const { manifest } = windows.project;
  const view = manifest.feature_views['ad_image@1'];
  if (view === undefined) throw new Error('The project has no ad_image@1.');
  const pushed = { ...view, source: { ...view.source, kind: 'push' } };
  const entity = { key: 'a', keys: { ad_id: 'a' }, erased: false, goneSince: new Map() };
  const deps = { manifest, onlineStore: windows.onlineStore, offlineStore, clock: systemClock };
  const details = (await missingViews(deps, [view, pushed], entity)).map(({ detail }) => detail);
  expect(details).toEqual([
    expect.stringContaining('larder backfill ad_image@1'),
    'Nothing of ad_image@1 was pushed yet. Push it: POST /v1/views/ad_image/push',
  ]);
});
