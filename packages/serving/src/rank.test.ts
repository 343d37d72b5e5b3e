import { isLarderError } from '@larder/core';
import { loadedFunctions, type OnDemandArguments } from '@larder/features';
import { expect } from 'vitest';
import type { PlanOptions } from './plan/compile-plan.ts';
import { putRows } from './testing/index.ts';
import { fixturePredictor } from './testing/predictor-fixture.ts';
import { test as base, type Served } from './testing/served-test.ts';

const test = base.override({
  config: [async ({}, use) => use('kinds.config.ts'), { scope: 'file' }],
});

const ADS = ['a', 'b', 'c', 'd'];
const request = { placement: 'feed', requested_at: '2026-11-20T06:30:00Z' };
const shoppers = [1, 2].map((id) => ({ country: 'NL', shopper_id: id }));

async function putAll({ onlineStore, project }: Served): Promise<void> {
  await putRows(onlineStore, project, [
    ...ADS.flatMap((adId, at) => [
      {
        ref: 'ad_image@1',
        keys: { ad_id: adId },
        values: { embedding: null, brightness: at / 4, note: null },
      },
      { ref: 'ad_stats@1', keys: { ad_id: adId }, values: { impressions: 1n, clicks: 1, ctr: at / 8 } },
    ]),
    ...shoppers.map((keys, at) => ({
      ref: 'shopper_profile@1',
      keys,
      values: { age: 20 + at, premium: at === 0 },
    })),
  ]);
}

/** A predictor that counts how often each function runs. */
async function counting(
  served: Served,
  changed: (name: string, given: OnDemandArguments) => void = () => {},
) {
  const counts: Record<string, number> = {};
  const loaded = loadedFunctions(served.project);
  const functionOf: PlanOptions['functionOf'] = (definition) => ({
    compute: (given) => {
      counts[definition.name] = (counts[definition.name] ?? 0) + 1;
      changed(definition.name, given);
      return loaded(definition).compute(given);
    },
  });
  const predictor = await fixturePredictor({ ...served, model: 'ad_rank', functionOf });
  return { counts, predictor };
}

test('ranking for one shopper evaluates what follows from the shopper once, and gives what single requests give', async ({
  served,
}) => {
  await putAll(served);
  const { counts, predictor } = await counting(served);
  const [shopper] = shoppers;
  const ranked = await predictor.predict({
    rows: ADS.map((adId) => ({ entities: { ad_id: adId } })),
    shared: { entities: shopper, request },
    rowsPointer: '/rows',
    features: true,
  });
  expect(counts).toEqual({ moment: 1, spender: 1, fit: ADS.length });
  expect(predictor.counts.statuses.reduce((sum, count) => sum + count, 0)).toBe(2 * ADS.length + 1);
  for (const [at, adId] of ADS.entries()) {
    const alone = await predictor.predict({
      rows: [{ entities: { ad_id: adId, ...shopper }, request }],
      features: true,
    });
    expect(ranked.outputs['rank']?.[at]).toBe(alone.outputs['rank']?.[0]);
    const [single, inBatch] = [alone.rows[0], ranked.rows[at]].map((row) =>
      row !== undefined && !isLarderError(row) ? row.features?.map(({ ref, value }) => [ref, value]) : row,
    );
    expect(inBatch).toEqual(single);
  }
  await predictor.runner.close();
});

test('rows of two shoppers and of other requests get their own values', async ({ served }) => {
  await putAll(served);
  const { counts, predictor } = await counting(served);
  const rows = ADS.flatMap((adId) =>
    shoppers.map((shopper, at) => ({
      entities: { ad_id: adId, ...shopper },
      request: at === 0 ? request : { ...request, placement: 'side' },
    })),
  );
  const many = await predictor.predict({ rows, rowsPointer: '/rows' });
  // Nobody's placement is shared; the moment is, although every row says it again.
  expect(counts).toEqual({ moment: 1, spender: rows.length, fit: rows.length });
  for (const [at, row] of rows.entries()) {
    const alone = await predictor.predict({ rows: [row] });
    expect(many.outputs['rank']?.[at]).toBe(alone.outputs['rank']?.[0]);
  }
  await predictor.runner.close();
});

test('a function cannot change what it shares with the other rows', async ({ served }) => {
  await putAll(served);
  const { predictor } = await counting(served, (name, given) => {
    if (name === 'fit') (given.features['shopper_profile'] as Record<string, unknown>)['age'] = 99;
  });
  const { rows } = await predictor.predict({
    rows: ADS.map((adId) => ({ entities: { ad_id: adId } })),
    shared: { entities: shoppers[0], request },
    rowsPointer: '/rows',
  });
  expect(rows.map((row) => isLarderError(row) && row.code)).toEqual(ADS.map(() => 'ON_DEMAND_FAILED'));
  await predictor.runner.close();
});
