import { isLarderError, LarderError } from '@larder/core';
import { predictionOf, type FeatureViewManifest, type FieldValue, type Manifest } from '@larder/features';
import type { PredictionRecord } from '@larder/offline-store';
import { expect } from 'vitest';
import { createPredictor } from '../create-predictor.ts';
import { fixturePredictor } from '../testing/predictor-fixture.ts';
import { putRows } from '../testing/open-fixture.ts';
import { test as base, type Served } from '../testing/served-test.ts';
import type { Predictions, PredictRequest } from '../predictor.ts';

const NOW_MS = Date.now();
const AHEAD = { calibrated: 0.25, shown: true, reason: 'ahead', basis_points: 2_500, model_version: 1 };

type Opened = ReturnType<typeof fixturePredictor>;
type Options = Partial<Parameters<typeof fixturePredictor>[0]>;

const test = base
  .override({ config: [async ({}, use) => use('kinds.config.ts'), { scope: 'file' }] })
  .extend<{ open: (options: Options) => Opened }>({
    open: async ({ served }, use) => {
      const opened: Awaited<Opened>[] = [];
      await use(async (options) => {
        const clock = { nowMs: () => NOW_MS };
        const predictor = await fixturePredictor({ ...served, model: 'ad_verdict', clock, ...options });
        opened.push(predictor);
        return predictor;
      });
      for (const { runner } of opened) await runner.close();
    },
  });

const put = (
  { onlineStore, project }: Served,
  adId: string,
  {
    ageMs = 0,
    ref = 'ad_verdicts@2',
    ...values
  }: { ageMs?: number; ref?: string; [name: string]: FieldValue | undefined },
): Promise<void> =>
  putRows(onlineStore, project, [
    {
      ref,
      keys: { ad_id: adId },
      values: values as Record<string, FieldValue>,
      eventTimestampMs: NOW_MS - ageMs,
    },
  ]);

const ask = (adId: string, request: object = {}): PredictRequest => ({
  rows: [{ entities: { ad_id: adId }, request }],
  deadlineMs: 5_000,
});

/** What answered each row: `precomputed`, why the model was asked, or the code of its error. */
const origins = ({ rows }: Predictions): string[] =>
  rows.map((row) => {
    if (isLarderError(row)) return row.code;
    return row.origin?.source === 'live' ? row.origin.reason : (row.origin?.source ?? 'asked');
  });

function withView(manifest: Manifest, change: (view: FeatureViewManifest) => object): Manifest {
  const view = manifest.feature_views['ad_verdicts@2'] as FeatureViewManifest;
  const changed = { ...view, ...change(view) };
  return {
    ...manifest,
    feature_views: { ...manifest.feature_views, [`${changed.name}@${changed.version}`]: changed },
  };
}

function withRequest(manifest: Manifest, request: object): Manifest {
  return withView(manifest, (view) => {
    const compute = view.compute as Exclude<FeatureViewManifest['compute'], null>;
    return {
      compute: {
        ...compute,
        options: { ...compute.options, request: { ...predictionOf(view)?.request, ...request } },
      },
    };
  });
}

test('another version of the model, which has other request fields, is asked for what it knows', async ({
  served,
  open,
}) => {
  const ofOther = { colour: { constant: 'red' }, asked_at: 'run_time' };
  await put(served, 'other', { ...AHEAD, model_version: 2 });
  for (const [request, floor, reason] of [
    [ofOther, {}, 'OTHER_MODEL_VERSION'],
    [{ ...ofOther, floor: { constant: 'high' } }, { floor: 0.5 }, 'OTHER_REQUEST'],
  ] as const) {
    const predictor = await open({ manifest: withRequest(served.project.manifest, request) });
    const predicted = await predictor.predict({ ...ask('other', floor), mode: 'precomputed_or_live' });
    expect(origins(predicted)).toEqual([`ad_verdicts@2:${reason}`]);
  }
});

test('a durable log that hangs ends at the deadline', async ({ served, open }) => {
  const predictionLog = { append: () => true, confirm: () => new Promise<never>(() => {}) };
  const predictor = await open({ predictionLog: predictionLog as never });
  await put(served, 'hung', AHEAD);
  await expect(
    predictor.predict({ ...ask('hung'), mode: 'precomputed', deadlineMs: 2_000 }),
  ).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
});

test('a large batch is answered as its rows alone are, and each row is logged once', async ({
  served,
  open,
}) => {
  const logged: PredictionRecord[] = [];
  const predictionLog = { append: (record: PredictionRecord) => logged.push(record) > 0, confirm: null };
  const predictor = await open({ predictionLog: predictionLog as never });
  const kinds = [
    (adId: string) => put(served, adId, { ...AHEAD, basis_points: 9_007_199_254_740_993n }),
    (adId: string) => put(served, adId, { ...AHEAD, calibrated: null, reason: 'a\u0000b' }),
    (adId: string) => put(served, adId, { ...AHEAD, model_version: 7 }),
    (adId: string) =>
      putRows(served.onlineStore, served.project, [
        {
          ref: 'ad_image@1',
          keys: { ad_id: adId },
          values: { embedding: null, brightness: 0.75, note: null },
        },
      ]),
  ];
  for (const [i, kind] of kinds.entries()) await kind(`mixed-${i}`);
  const rows = Array.from({ length: 600 }, (_, i) => ({
    entities: { ad_id: i % 7 === 6 ? 6 : `mixed-${i % 7}` },
    ...(i % 11 === 0 && { request: { how: i % 2 === 0 ? 'throw' : '' } }),
  }));
  const shared = { request: { floor: 0.2 } };
  const batch = await predictor.predict({
    rows,
    shared,
    rowsPointer: '/rows',
    mode: 'precomputed_or_live',
    features: true,
    deadlineMs: 9_000,
  });
  const shown = (predictions: Predictions, at: number) => {
    const row = predictions.rows[at];
    if (row === undefined || isLarderError(row)) return { code: row?.code };
    return {
      outputs: row.outputs,
      degraded: row.degradedReasons,
      origin: row.origin,
      features: row.features?.length,
    };
  };
  expect(new Set(origins(batch))).toEqual(
    new Set([
      'precomputed',
      'ON_DEMAND_FAILED',
      'REQUEST_INVALID',
      'ad_verdicts@2:NOT_FOUND',
      'ad_verdicts@2:OTHER_MODEL_VERSION',
    ]),
  );
  const answered = batch.rows.filter((row) => !isLarderError(row));
  expect(new Set(logged.map(({ predictionId }) => predictionId)).size).toBe(answered.length);
  expect(logged).toHaveLength(answered.length);
  for (const [at, row] of rows.slice(0, 160).entries()) {
    const alone = await predictor.predict({
      rows: [row],
      shared,
      mode: 'precomputed_or_live',
      features: true,
      deadlineMs: 9_000,
    });
    expect(shown(batch, at), `row ${at}`).toEqual(shown(alone, 0));
  }
});

test('rows that are computed ahead are answered while the model takes no more', async ({ served, open }) => {
  const predictor = await open({});
  const busy = new LarderError('MODEL_OVERLOADED', 'The model is busy.');
  const { predict } = createPredictor({
    plan: predictor.plan,
    onlineStore: served.onlineStore,
    runner: {
      ...predictor.runner,
      admit: () => {
        throw busy;
      },
    },
    predictionLog: null,
    clock: { nowMs: () => NOW_MS },
  });
  await put(served, 'there', AHEAD);
  const rows = ['there', 'nowhere', 'there'].map((ad_id) => ({ entities: { ad_id } }));
  const mixed = await predict({ rows, rowsPointer: '/rows', mode: 'precomputed_or_live' });
  expect(origins(mixed)).toEqual(['precomputed', 'MODEL_OVERLOADED', 'precomputed']);
  await expect(predict({ ...ask('nowhere'), mode: 'precomputed_or_live' })).rejects.toBe(busy);
});
