import { expect, test } from 'vitest';
import { NOTHING_APPLIED } from '../registry-state.ts';
import { adImage, manifest, withView } from '../testing/registry.ts';
import { compareManifest } from './plan-manifest.ts';

const DAY_MS = 86_400_000;
const refusals = (retentionDays: number, ttlDays: number, predictionLogMs: number | 'forever' | undefined) =>
  compareManifest(
    NOTHING_APPLIED,
    withView(manifest('kept'), {
      ...adImage,
      retention_ms: retentionDays * DAY_MS,
      ttl_ms: ttlDays * DAY_MS,
    }),
    { predictionLogMs },
  ).lines.refusals;

test('history that ends before the log that points into it is refused', () => {
  expect(refusals(96, 7, 90 * DAY_MS)).toEqual([
    {
      code: 'RETENTION_TOO_SHORT',
      subject: 'view ad_image@1',
      pointer: '/feature_views/ad_image@1/retention',
      message: expect.stringMatching(
        /keeps 96d of history.*log is kept 90d.*Declare retention: '97d', or keep the log for at most 89d/,
      ) as string,
    },
  ]);
  expect(refusals(36_000, 7, 'forever')).toMatchObject([
    { message: expect.stringContaining("Declare retention: 'forever', or keep the log") as string },
  ]);
});

test('history that is kept long enough, or for ever, is accepted', () => {
  expect(refusals(97, 7, 90 * DAY_MS)).toEqual([]);
  expect(refusals(1, 1, undefined)).toEqual([]);
  const forever = withView(manifest('kept'), adImage);
  expect(compareManifest(NOTHING_APPLIED, forever, { predictionLogMs: 'forever' }).lines.refusals).toEqual(
    [],
  );
});
