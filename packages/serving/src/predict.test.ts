import { isLarderError } from '@larder/core';
import { describe, expect } from 'vitest';
import type { PredictedRow, Predictions } from './predictor.ts';
import type { InputRow } from './inputs/inputs.ts';
import { adCtrScore, putRows } from './testing/index.ts';
import { test } from './testing/served-test.ts';

const SHOPPER = { country: 'NL', shopper_id: 7 };
const REQUEST = { requested_at: '2026-11-20T06:30:00+00:00', placement: 'feed', bid: 0.5 };
const FULL = {
  embedding: [0.5, 0.25, -1, 2],
  brightness: 0.75,
  ctr: 0.125,
  clicks: 4,
  impressions: 400,
  age: 31,
  premium: true,
  hourUtc: 6,
  bid: 0.5,
  placement: 'feed',
};

function adRows(adId: string, at?: { readonly statsMs: number }) {
  return [
    {
      ref: 'ad_image@1',
      keys: { ad_id: adId },
      values: { embedding: Float32Array.from(FULL.embedding), brightness: FULL.brightness, note: null },
    },
    {
      ref: 'ad_stats@1',
      keys: { ad_id: adId },
      values: { impressions: 400n, clicks: FULL.clicks, ctr: FULL.ctr },
      ...(at && { eventTimestampMs: at.statsMs }),
    },
  ];
}

const SHOPPER_ROW = { ref: 'shopper_profile@1', keys: SHOPPER, values: { age: 31, premium: true } };

function only(predictions: Predictions): PredictedRow & { readonly output: number } {
  const [row] = predictions.rows;
  if (row === undefined || isLarderError(row)) throw row ?? new Error('no row');
  return { ...row, output: Object.values(predictions.outputs)[0]?.[row.place] as number };
}

describe('one row', () => {
  test('stored, request and on-demand features meet in one tensor', async ({ served }) => {
    await putRows(served.onlineStore, served.project, [...adRows('ad-1'), SHOPPER_ROW]);
    const row = only(
      await served.adCtr.predict({ rows: [{ entities: { ad_id: 'ad-1', ...SHOPPER }, request: REQUEST }] }),
    );
    expect(row.output).toBeCloseTo(adCtrScore(FULL), 5);
    expect(row.degradedReasons).toEqual([]);
    expect(row.predictionId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  test('missing features are answered from defaults, degraded, with reasons', async ({ served }) => {
    const entities = { ad_id: 'ad-unknown', country: 'NL', shopper_id: 404 };
    const row = only(await served.adCtr.predict({ rows: [{ entities, request: REQUEST }] }));
    const nothing = {
      embedding: null,
      brightness: null,
      ctr: null,
      clicks: null,
      impressions: null,
      age: null,
      premium: null,
    };
    expect(row.output).toBeCloseTo(adCtrScore({ ...FULL, ...nothing }), 5);
    expect(row.degradedReasons).toEqual([
      'ad_image@1:NOT_FOUND',
      'ad_stats@1:NOT_FOUND',
      'shopper_profile@1:NOT_FOUND',
    ]);
  });

  test('a row older than its TTL counts as missing, whatever Redis still holds', async ({ served }) => {
    const eightDaysAgo = Date.now() - 8 * 86_400_000;
    await putRows(served.onlineStore, served.project, [
      ...adRows('ad-stale', { statsMs: eightDaysAgo }),
      SHOPPER_ROW,
    ]);
    const request = {
      rows: [{ entities: { ad_id: 'ad-stale', ...SHOPPER }, request: REQUEST }],
      features: true,
    };
    const row = only(await served.adCtr.predict(request));
    expect(row.output).toBeCloseTo(adCtrScore({ ...FULL, ctr: null, clicks: null, impressions: null }), 5);
    expect(row.degradedReasons).toEqual(['ad_stats@1:OUTSIDE_MAX_AGE']);
    const shown = row.features?.find(({ ref }) => ref === 'ad_stats@1:ctr');
    expect(shown).toMatchObject({ value: null, status: 'OUTSIDE_MAX_AGE', source: 'default' });
    expect(shown?.age_ms).toBeGreaterThanOrEqual(8 * 86_400_000);
  });

  test('a null of the source is not a degradation; the default replaces it', async ({ served }) => {
    const values = { embedding: null, brightness: null, note: null };
    await putRows(served.onlineStore, served.project, [
      { ref: 'ad_image@1', keys: { ad_id: 'ad-null' }, values },
      ...adRows('ad-null').slice(1),
      SHOPPER_ROW,
    ]);
    const request = {
      rows: [{ entities: { ad_id: 'ad-null', ...SHOPPER }, request: REQUEST }],
      features: true,
    };
    const row = only(await served.adCtr.predict(request));
    expect(row.output).toBeCloseTo(adCtrScore({ ...FULL, embedding: null, brightness: null }), 5);
    expect(row.degradedReasons).toEqual([]);
    const byRef = new Map(row.features?.map((feature) => [feature.ref, feature]));
    expect(byRef.get('ad_image@1:embedding')).toMatchObject({
      value: null,
      status: 'NULL_VALUE',
      source: 'online',
    });
    expect(byRef.get('ad_image@1:brightness')).toMatchObject({
      value: 0.5,
      status: 'NULL_VALUE',
      source: 'default',
    });
  });

  test('features: the model first, then what only functions read, then the request', async ({ served }) => {
    await putRows(served.onlineStore, served.project, [...adRows('ad-shown'), SHOPPER_ROW]);
    const rows = [{ entities: { ad_id: 'ad-shown', ...SHOPPER }, request: REQUEST }];
    const row = only(await served.adCtr.predict({ rows, features: true }));
    expect(row.features?.map(({ ref, source }) => `${ref} ${source}`)).toEqual([
      'ad_image@1:embedding online',
      'ad_image@1:brightness online',
      'ad_stats@1:ctr online',
      'moment:hour_sin on_demand',
      'moment:hour_cos on_demand',
      'shopper_profile@1:age online',
      'shopper_profile@1:premium online',
      'offer:smoothed on_demand',
      'offer:in_feed on_demand',
      'offer:at_noon on_demand',
      'ad_stats@1:clicks online',
      'ad_stats@1:impressions online',
      'request:requested_at request',
      'request:bid request',
      'request:placement request',
    ]);
    expect(row.features?.find(({ ref }) => ref === 'ad_stats@1:impressions')?.value).toBe('400');
    expect(row.features?.find(({ ref }) => ref === 'request:bid')?.value).toBe(0.5);
  });
});

describe('wrong requests', () => {
  const good = { entities: { ad_id: 'ad-1', ...SHOPPER }, request: REQUEST };
  test.for([
    ['/entities/ad_id', /missing/, { ...good, entities: SHOPPER }],
    ['/entities/ad_id', /string/, { ...good, entities: { ...good.entities, ad_id: 42 } }],
    ['/entities/shopper_id', /whole number/, { ...good, entities: { ...good.entities, shopper_id: 1.5 } }],
    ['/entities/a~1b~0', /unknown/, { ...good, entities: { ...good.entities, 'a/b~': 1 } }],
    ['/entities', /object/, { ...good, entities: 'ad-1' }],
    ['/entities', /bytes/, { ...good, entities: { ...good.entities, ad_id: 'x'.repeat(2_000) } }],
    ['/request/requested_at', /missing/, { entities: good.entities }],
    ['/request/requested_at', /ISO 8601/, { ...good, request: { ...REQUEST, requested_at: '2026-11-20' } }],
    ['/request/requested_at', /ISO 8601/, { ...good, request: { ...REQUEST, requested_at: null } }],
    ['/request/bid', /number/, { ...good, request: { ...REQUEST, bid: '0.5' } }],
    ['/request/bid', /float32/, { ...good, request: { ...REQUEST, bid: 1e300 } }],
    ['/request', /object/, { ...good, request: [] }],
    [
      '/request/__proto__',
      /unknown/,
      JSON.parse(
        '{"entities":{"ad_id":"a","country":"NL","shopper_id":1},"request":{"__proto__":1}}',
      ) as InputRow,
    ],
  ] as const)('refused at %s: %s (%#)', async ([pointer, detail, row], { served }) => {
    const { rows } = await served.adCtr.predict({ rows: [row] });
    const [error] = rows;
    if (!isLarderError(error)) throw new Error('the row was answered');
    expect(error.code).toBe('REQUEST_INVALID');
    expect(error.errors.find((problem) => problem.pointer === pointer)?.detail).toMatch(detail);
  });

  test('a hostile row gets a bounded list of problems', async ({ served }) => {
    const entities = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`k${at}`, at]));
    const [error] = (await served.adCtr.predict({ rows: [{ entities }] })).rows;
    expect(isLarderError(error) && error.errors.length).toBeLessThan(40);
  });
});

describe('many rows', () => {
  test('repeated entities are read once, rows come back in order, a bad row does not affect the others', async ({
    served,
  }) => {
    await putRows(served.onlineStore, served.project, [...adRows('ad-b1'), SHOPPER_ROW]);
    const before = served.adCtr.counts.statuses.slice();
    const shared = { entities: SHOPPER, request: REQUEST };
    const rows = [
      { entities: { ad_id: 'ad-b1' } },
      { entities: { ad_id: 7 } },
      { entities: { ad_id: 'ad-b1' }, request: { ...REQUEST, placement: 'side' } },
      { entities: { ad_id: 'none' } },
    ];
    const predictions = await served.adCtr.predict({ rows, shared, rowsPointer: '/rows' });
    const scores = predictions.rows.map((row) =>
      isLarderError(row) ? row.errors : predictions.outputs['ctr']?.[row.place],
    );
    expect(scores[0]).toBeCloseTo(adCtrScore(FULL), 5);
    expect(scores[1]).toEqual([{ pointer: '/rows/1/entities/ad_id', detail: 'must be a string' }]);
    expect(scores[2]).toBeCloseTo(adCtrScore({ ...FULL, placement: 'side' }), 5);
    expect(isLarderError(predictions.rows[3]) ? [] : predictions.rows[3]?.degradedReasons).toEqual([
      'ad_image@1:NOT_FOUND',
      'ad_stats@1:NOT_FOUND',
    ]);
    const readings = served.adCtr.counts.statuses.map((count, at) => count - (before[at] as number));
    // ad_image: ad-b1 and none; the shopper once
    expect([...readings]).toEqual([1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0]);
  });

  test('a wrong shared member refuses the whole request', async ({ served }) => {
    const shared = { entities: { shopper_id: 'x' } };
    await expect(
      served.adCtr.predict({ rows: [{ entities: { ad_id: 'a' } }], shared, rowsPointer: '/rows' }),
    ).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      errors: [{ pointer: '/shared/entities/shopper_id' }],
    });
  });
});
