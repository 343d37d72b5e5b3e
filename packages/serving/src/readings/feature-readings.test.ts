import { expect } from 'vitest';
import { putRows } from '../testing/index.ts';
import { fixturePredictor } from '../testing/predictor-fixture.ts';
import { test as base } from '../testing/served-test.ts';
import { featureReadings } from './feature-readings.ts';

const test = base.override({
  config: [async ({}, use) => use('kinds.config.ts'), { scope: 'file' }],
});

const REQUEST = { placement: 'feed', requested_at: '2026-11-20T06:30:00Z' };
const SHOPPER = { country: 'NL', shopper_id: 1 };
const ADS = ['a', 'b', 'c', 'd'];

test('statuses and sources of each feature are folded from the counts of its view, its nulls and its function', async ({
  served,
}) => {
  const { onlineStore, project } = served;
  const eventTimestampMs = Date.now() - 3_600_000;
  await putRows(onlineStore, project, [
    ...ADS.slice(0, 3).map((adId, at) => ({
      ref: 'ad_image@1',
      keys: { ad_id: adId },
      eventTimestampMs,
      values: { embedding: null, brightness: at === 0 ? null : 0.5, note: null },
    })),
    { ref: 'shopper_profile@1', keys: SHOPPER, values: { age: 20, premium: true } },
  ]);
  const ages: Record<string, number[]> = {};
  const predictor = await fixturePredictor({
    ...served,
    model: 'ad_rank',
    agesOf: (ref) => ({ observe: (age) => void (ages[ref] ??= []).push(age) }),
  });
  const predict = () =>
    predictor.predict({
      rows: ADS.map((adId) => ({ entities: { ad_id: adId } })),
      shared: { entities: SHOPPER, request: REQUEST },
      rowsPointer: '/rows',
    });
  for (let at = 0; at < ADS.length; at++) await predict();

  const read = [...featureReadings(predictor.plan, predictor.counts)].filter(({ count }) => count > 0);
  const of = (name: string) =>
    Object.fromEntries(
      read
        .filter(({ feature }) => feature === name)
        .map(({ status, source, count }) => [`${status} ${source}`, count]),
    );
  expect(read.length).toBeGreaterThan(5);
  expect(of('ad_image@1:brightness')).toEqual({
    'PRESENT online': 8,
    'NULL_VALUE default': 4,
    'NOT_FOUND default': 4,
  });
  // Once per entity, however many rows share it.
  expect(of('shopper_profile@1:age')).toEqual({ 'PRESENT online': 4 });
  const onDemand = read.filter(({ source }) => source === 'on_demand');
  expect(onDemand.length).toBeGreaterThan(0);
  for (const { feature } of onDemand)
    expect(Object.values(of(feature)).reduce((sum, count) => sum + count, 0)).toBe(16);

  // One entity per request, another one each time: three of the four ads have a row.
  expect(ages['ad_image@1']).toHaveLength(3);
  for (const age of ages['ad_image@1'] ?? []) {
    expect(age).toBeGreaterThanOrEqual(3_600);
    expect(age).toBeLessThan(3_700);
  }
  expect(ages['shopper_profile@1']).toHaveLength(4);
});
