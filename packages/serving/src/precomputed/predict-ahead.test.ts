import { isLarderError, type LarderError } from '@larder/core';
import { decodeJsonValue, type FieldValue } from '@larder/features';
import { keyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore } from '@larder/online-store';
import { describe, expect } from 'vitest';
import { putRows } from '../testing/index.ts';
import { fixturePredictor } from '../testing/predictor-fixture.ts';
import { test as base, type Served } from '../testing/served-test.ts';
import type { PredictedRow, Predictor, PredictRequest } from '../predictor.ts';

const HOUR_MS = 3_600_000;
const COMPUTED_AT_MS = Date.UTC(2026, 10, 29, 4);

interface Ahead {
  /** What the predictors take for now. */
  now: number;
  /** Has a post-processing, and two versions of its predictions. */
  readonly verdicts: Predictor;
  /** Reads predictions by default. */
  readonly scores: Predictor;
}

const test = base
  .override({ config: [async ({}, use) => use('kinds.config.ts'), { scope: 'file' }] })
  .extend<{ ahead: Ahead }>({
    ahead: async ({ served }, use) => {
      const clock = { nowMs: () => ahead.now };
      const verdicts = await fixturePredictor({ ...served, model: 'ad_verdict', clock });
      const scores = await fixturePredictor({ ...served, model: 'ad_ahead', clock });
      const ahead: Ahead = { now: COMPUTED_AT_MS, verdicts, scores };
      await use(ahead);
      await verdicts.runner.close();
      await scores.runner.close();
    },
  });

const put = (
  { onlineStore, project }: Served,
  ref: string,
  adId: string,
  values: Record<string, FieldValue>,
) =>
  putRows(onlineStore, project, [{ ref, keys: { ad_id: adId }, values, eventTimestampMs: COMPUTED_AT_MS }]);

const putScore = (served: Served, adId: string) =>
  put(served, 'ad_ahead_scores@1', adId, { score: 0.25, model_version: 1 });

async function answerOf(
  predictor: Predictor,
  adId: string,
  asked: Pick<PredictRequest, 'mode'> & { readonly request?: object } = {},
): Promise<PredictedRow | LarderError> {
  const { mode, request = {} } = asked;
  const { rows } = await predictor.predict({ rows: [{ entities: { ad_id: adId }, request }], mode });
  return rows[0] as PredictedRow | LarderError;
}

describe('a prediction that is too old', () => {
  test('answers up to its TTL, and the model after it', async ({ served, ahead }) => {
    await putScore(served, 'aging');
    ahead.now = COMPUTED_AT_MS + HOUR_MS;
    for (const mode of ['precomputed', 'precomputed_or_live'] as const)
      expect(await answerOf(ahead.scores, 'aging', { mode })).toMatchObject({
        outputs: { score: 0.25 },
        origin: {
          source: 'precomputed',
          view: 'ad_ahead_scores@1',
          computedAtMs: COMPUTED_AT_MS,
          ageMs: HOUR_MS,
        },
      });
    ahead.now += 1;
    expect(await answerOf(ahead.scores, 'aging', { mode: 'precomputed_or_live' })).toMatchObject({
      origin: { source: 'live', reason: 'ad_ahead_scores@1:OUTSIDE_MAX_AGE' },
    });
    expect(await answerOf(ahead.scores, 'aging', { mode: 'precomputed' })).toMatchObject({
      code: 'PREDICTION_NOT_PRECOMPUTED',
      status: 409,
      message: expect.stringContaining('ad_ahead_scores@1:OUTSIDE_MAX_AGE'),
    });
  });
});

test('a model that declares a mode is asked in it, unless the caller names another', async ({
  served,
  ahead: { scores },
}) => {
  await putScore(served, 'by-default');
  expect(await answerOf(scores, 'by-default')).toMatchObject({ origin: { source: 'precomputed' } });
  expect(await answerOf(scores, 'none')).toMatchObject({
    origin: { source: 'live', reason: 'ad_ahead_scores@1:NOT_FOUND' },
  });
  expect(await answerOf(scores, 'by-default', { mode: 'live' })).not.toHaveProperty('origin');
});

test('every output of a post-processing is as the model gives it', async ({ served, ahead }) => {
  await put(served, 'ad_image@1', 'post', { embedding: null, brightness: 0.75, note: null });
  const request = { floor: 0.2, how: '' };
  const live = await answerOf(ahead.verdicts, 'post', { mode: 'live', request });
  if (isLarderError(live)) throw live;
  expect(Object.keys(live.outputs ?? {})).toEqual(['calibrated', 'shown', 'reason', 'basis_points']);
  const { schema = [] } = served.project.manifest.feature_views['ad_verdicts@2'] ?? {};
  const computed = schema.flatMap((field) => {
    const decoded = decodeJsonValue(field, live.outputs?.[field.name] ?? null);
    return decoded.ok ? [[field.name, decoded.value] as const] : [];
  });
  await put(served, 'ad_verdicts@2', 'post', { ...Object.fromEntries(computed), model_version: 1 });
  const read = await answerOf(ahead.verdicts, 'post', { mode: 'precomputed' });
  expect(read).toMatchObject({ origin: { source: 'precomputed', view: 'ad_verdicts@2' } });
  expect((read as PredictedRow).outputs).toEqual(live.outputs);
});

test('of two versions of the view, the newest whose prediction can be used answers', async ({
  served,
  ahead: { verdicts },
}) => {
  const values = { shown: true, reason: 'none', basis_points: 1n, model_version: 1 };
  await put(served, 'ad_verdicts@1', 'two', { ...values, calibrated: 0.125 });
  const first = { request: { floor: 0.1 }, mode: 'precomputed' } as const;
  const viewOf = async (asked: typeof first | { readonly mode: 'precomputed' }) => {
    const answer = await answerOf(verdicts, 'two', asked);
    return isLarderError(answer) ? answer.message : (answer.origin as { readonly view: string }).view;
  };
  expect(await viewOf(first)).toBe('ad_verdicts@1');
  // What is left out has the values of the newest version.
  expect(await viewOf({ mode: 'precomputed' })).toContain('(ad_verdicts@2:NOT_FOUND)');
  await put(served, 'ad_verdicts@2', 'two', { ...values, calibrated: 0.25 });
  expect(await viewOf({ mode: 'precomputed' })).toBe('ad_verdicts@2');
  expect(await viewOf(first)).toBe('ad_verdicts@1');
});

test('without Redis a model answers from its defaults, and nothing is precomputed', async ({ served }) => {
  // Nothing listens on the tcpmux port.
  const redis = connectRedis('redis://127.0.0.1:1', { role: 'serving' });
  const { project } = served;
  const onlineStore = createOnlineStore({
    redis,
    project: project.name,
    keyHasher: async () => keyHasher(Buffer.alloc(32)),
  });
  const scores = await fixturePredictor({ project, onlineStore, model: 'ad_ahead' });
  const verdicts = await fixturePredictor({ project, onlineStore, model: 'ad_verdict' });
  try {
    expect(await answerOf(scores, 'away', { mode: 'precomputed_or_live' })).toMatchObject({
      degradedReasons: ['online_store:UNAVAILABLE'],
      origin: { source: 'live', reason: 'online_store:UNAVAILABLE' },
    });
    await expect(answerOf(scores, 'away', { mode: 'precomputed' })).rejects.toMatchObject({
      code: 'ONLINE_STORE_UNAVAILABLE',
      message: expect.stringMatching(/A precomputed prediction has no defaults\.$/),
    });
    await expect(answerOf(verdicts, 'away', { mode: 'precomputed_or_live' })).rejects.toMatchObject({
      code: 'ONLINE_STORE_UNAVAILABLE',
      message: expect.stringMatching(/ad_verdict is declared to fail instead of answering from defaults\.$/),
    });
  } finally {
    await scores.runner.close();
    await verdicts.runner.close();
    redis.disconnect();
  }
});
