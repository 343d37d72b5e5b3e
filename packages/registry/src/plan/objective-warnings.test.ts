import type { FeatureViewManifest } from '@larder/features';
import { expect, test } from 'vitest';
import { adImage } from '../testing/registry.ts';
import { objectiveWarnings } from './objective-warnings.ts';

const HOUR_MS = 3_600_000;
/** A Wednesday. */
const NOW = new Date('2026-11-18T10:00:00Z');

function warningsFor(changed: Partial<FeatureViewManifest>): Promise<string[]> {
  return objectiveWarnings({ feature_views: { 'ad_image@1': { ...adImage, ...changed } } }, NOW);
}

test('an objective that is shorter than the pause between two scheduled runs is told', async () => {
  expect(await warningsFor({ schedule: '0 4 * * *', freshness_objective_ms: 6 * HOUR_MS })).toEqual([
    'the freshness objective of view ad_image@1 is 6h, and up to 1d pass between its scheduled runs: it will be stale before the next one',
  ]);
  expect(await warningsFor({ schedule: '0 4 * * *', freshness_objective_ms: 24 * HOUR_MS })).toEqual([]);
  expect(await warningsFor({ schedule: '0 4 * * *' })).toEqual([]);
  expect(await warningsFor({ schedule: null, freshness_objective_ms: 1_000 })).toEqual([]);
});

test('the longest pause counts: a weekend, the end of a month, a zone that changes its clocks', async () => {
  const weekdays = { schedule: '0 9-17 * * 1-5' };
  expect(await warningsFor({ ...weekdays, freshness_objective_ms: 24 * HOUR_MS })).toEqual([
    expect.stringContaining('up to 2d 16h pass'),
  ]);
  expect(await warningsFor({ ...weekdays, freshness_objective_ms: 64 * HOUR_MS })).toEqual([]);
  expect(await warningsFor({ schedule: '0 0 1 * *', freshness_objective_ms: 30 * 24 * HOUR_MS })).toEqual([
    expect.stringContaining('up to 31d pass'),
  ]);
  // Due twice an hour apart, and never again in the time that is looked at.
  expect(await warningsFor({ schedule: '0 4,5 29 2 *', freshness_objective_ms: HOUR_MS })).toEqual([]);
});
