import { isLarderError } from '@larder/core';
import type { FieldValue } from '@larder/features';
import { compileRowCodec } from '@larder/online-store';
import { expect } from 'vitest';
import type { Predictions } from '../predictor.ts';
import { fixturePredictor } from '../testing/predictor-fixture.ts';
import { adCtrScore, putRows } from '../testing/index.ts';
import { test, type Served } from '../testing/served-test.ts';
import type { MissingKey, ResolveMissing } from './resolve-missing.ts';

const SHOPPER = { country: 'NL', shopper_id: 7 };
const REQUEST = { requested_at: '2026-11-20T06:30:00+00:00', placement: 'feed', bid: 0.5 };
const SCORED = {
  embedding: null,
  brightness: null,
  ctr: null,
  clicks: null,
  impressions: null,
  age: 31,
  premium: true,
  hourUtc: 6,
  bid: 0.5,
  placement: 'feed',
};
const STATS = { impressions: 400n, clicks: 4, ctr: 0.125 };
const WITH_STATS = { ...SCORED, ctr: 0.125, clicks: 4, impressions: 400 };
const MISSING = ['ad_image@1:NOT_FOUND', 'ad_stats@1:NOT_FOUND'];

/** Packs a row as landing does. */
function packed(
  { project }: Served,
  ref: string,
  { values, ageMs = 0 }: { readonly values: Readonly<Record<string, FieldValue>>; readonly ageMs?: number },
): Buffer {
  const view = project.manifest.feature_views[ref];
  if (view === undefined) throw new Error(`The fixture has no view ${ref}.`);
  const eventTimestampMs = Date.now() - ageMs;
  return compileRowCodec(view).encode(
    { eventTimestampMs, createdTimestampMs: eventTimestampMs, revision: 1 },
    values,
  );
}

interface Asked {
  readonly adIds: readonly string[];
  readonly deadlineMs?: number;
}

/** Predicts for ads that the store lacks and a shopper that it holds. */
async function predict(
  served: Served,
  resolveMissing: ResolveMissing,
  { adIds, deadlineMs = 10_000 }: Asked,
) {
  await putRows(served.onlineStore, served.project, [
    { ref: 'shopper_profile@1', keys: SHOPPER, values: { age: 31, premium: true } },
  ]);
  const predictor = await fixturePredictor({ ...served, model: 'ad_ctr', resolveMissing });
  try {
    const rows = adIds.map((adId) => ({ entities: { ad_id: adId } }));
    const shared = { entities: SHOPPER, request: REQUEST };
    const predictions = await predictor.predict({
      rows,
      shared,
      rowsPointer: '/rows',
      deadlineMs,
      features: true,
    });
    return { predictions, counts: [...predictor.counts.statuses] };
  } finally {
    await predictor.runner.close();
  }
}

function row(predictions: Predictions, at: number) {
  const answered = predictions.rows[at];
  if (answered === undefined || isLarderError(answered)) throw answered ?? new Error('no row');
  return { ...answered, output: predictions.outputs['ctr']?.[answered.place] as number };
}

test('a row that arrives within the deadline is decoded as if the store had held it', async ({ served }) => {
  const asked: MissingKey[][] = [];
  const resolve: ResolveMissing = async (keys, leftMs) => {
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThan(10_000);
    asked.push([...keys]);
    await new Promise(setImmediate);
    return keys.map(({ view, entityKey }) =>
      view.name === 'ad_stats' && entityKey === 'late-1'
        ? packed(served, 'ad_stats@1', { values: STATS })
        : null,
    );
  };
  const { predictions, counts } = await predict(served, resolve, { adIds: ['late-1', 'late-2', 'late-1'] });
  expect(
    asked.map((keys) => keys.map(({ view, entityKey, status }) => [view.name, entityKey, status])),
  ).toEqual([
    [
      ['ad_image', 'late-1', 'NOT_FOUND'],
      ['ad_stats', 'late-1', 'NOT_FOUND'],
      ['ad_image', 'late-2', 'NOT_FOUND'],
      ['ad_stats', 'late-2', 'NOT_FOUND'],
    ],
  ]);
  for (const at of [0, 2]) {
    expect(row(predictions, at).output).toBeCloseTo(adCtrScore(WITH_STATS), 5);
    expect(row(predictions, at).degradedReasons).toEqual(['ad_image@1:NOT_FOUND']);
    expect(row(predictions, at).features).toContainEqual(
      expect.objectContaining({ ref: 'ad_stats@1:ctr', value: 0.125, status: 'PRESENT' }),
    );
  }
  expect(row(predictions, 1).output).toBeCloseTo(adCtrScore(SCORED), 5);
  expect(row(predictions, 1).degradedReasons).toEqual(MISSING);
  // The counts are of what the store held: two ads without rows, one shopper.
  expect(counts).toEqual([0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0]);
});

test.for<[string, (served: Served) => ResolveMissing]>([
  ['too late', () => () => new Promise(() => {})],
  ['failing', () => () => Promise.reject(new Error('no worker'))],
  [
    'failing at once',
    () => () => {
      throw new Error('no worker');
    },
  ],
  ['short of rows', () => async () => []],
  ['answering nothing', () => async () => undefined as unknown as []],
  ['answering what is not a row', () => async () => ['x', 1] as unknown as []],
  [
    'too old',
    (served) => async (keys) =>
      keys.map(() => packed(served, 'ad_stats@1', { values: STATS, ageMs: 8 * 86_400_000 })),
  ],
])('missing rows are answered from defaults when the port is %s', async ([, port], { served }) => {
  const { predictions } = await predict(served, port(served), { adIds: ['gone'], deadlineMs: 3_000 });
  expect(row(predictions, 0).output).toBeCloseTo(adCtrScore(SCORED), 5);
  expect(row(predictions, 0).degradedReasons).toEqual(MISSING);
});

test('the port is not called when every row is present', async ({ served }) => {
  const keys = { ad_id: 'here' };
  await putRows(served.onlineStore, served.project, [
    { ref: 'ad_image@1', keys, values: { embedding: null, brightness: null, note: null } },
    { ref: 'ad_stats@1', keys, values: STATS },
  ]);
  const resolve: ResolveMissing = () => Promise.reject(new Error('asked'));
  let asked = false;
  const { predictions } = await predict(
    served,
    (...given) => {
      asked = true;
      return resolve(...given);
    },
    { adIds: ['here'] },
  );
  expect(row(predictions, 0).output).toBeCloseTo(adCtrScore(WITH_STATS), 5);
  expect(asked).toBe(false);
});
