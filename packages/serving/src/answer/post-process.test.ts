import { isLarderError } from '@larder/core';
import type { PredictionRecord } from '@larder/offline-store';
import { expect } from 'vitest';
import { putRows } from '../testing/index.ts';
import { fixturePredictor } from '../testing/predictor-fixture.ts';
import { test as base, type Served } from '../testing/served-test.ts';
import type { Predictor } from '../predictor.ts';

const SCORE = 1 / (1 + Math.exp(-0.75));

const test = base
  .override({ config: [async ({}, use) => use('kinds.config.ts'), { scope: 'file' }] })
  .extend<{ verdicts: { predictor: Predictor; logged: PredictionRecord[] } }>({
    verdicts: async ({ served }, use) => {
      const logged: PredictionRecord[] = [];
      const predictionLog = { append: (record: PredictionRecord) => logged.push(record) > 0, confirm: null };
      const predictor = await fixturePredictor({
        ...served,
        model: 'ad_verdict',
        predictionLog: predictionLog as never,
      });
      await putBrightness(served);
      await use({ predictor, logged });
      await predictor.runner.close();
    },
  });

function putBrightness({ onlineStore, project }: Served): Promise<void> {
  const values = { embedding: null, brightness: 0.75, note: null };
  return putRows(onlineStore, project, [{ ref: 'ad_image@1', keys: { ad_id: 'ad-1' }, values }]);
}

const row = (floor: number, how = '') => ({ entities: { ad_id: 'ad-1' }, request: { floor, how } });

test('a row is answered with what the function makes of the score: several outputs of several types', async ({
  verdicts: { predictor, logged },
}) => {
  const { rows, outputs } = await predictor.predict({ rows: [row(0.1)], features: true });
  const [answered] = rows;
  if (answered === undefined || isLarderError(answered)) throw answered ?? new Error('no row');
  expect(answered.outputs).toEqual({
    calibrated: expect.closeTo(SCORE / 2, 6) as number,
    shown: true,
    reason: 'none',
    basis_points: String(Math.round(SCORE * 5_000)),
  });
  expect(outputs['score']?.[0]).toBeCloseTo(SCORE, 6);
  expect(answered.features?.map(({ ref }) => ref)).toEqual([
    'ad_image@1:brightness',
    'request:floor',
    'request:how',
  ]);
  expect(logged).toHaveLength(1);
  expect(logged[0]).toMatchObject({
    outputs: answered.outputs,
    rawOutputs: { score: expect.closeTo(SCORE, 6) as number },
    output: answered.outputs?.['calibrated'],
  });
});

test('every row of a batch is decided by its own request; one that fails is an error alone', async ({
  verdicts: { predictor, logged },
}) => {
  const { rows } = await predictor.predict({
    rows: [row(0.5), row(0.1, 'throw'), row(0.1)],
    rowsPointer: '/rows',
  });
  expect(rows.map((each) => (isLarderError(each) ? each.code : each.outputs?.['reason']))).toEqual([
    'below 0.5',
    'ON_DEMAND_FAILED',
    'none',
  ]);
  expect(rows[1]).toMatchObject({ message: 'The post-processing verdict threw; the log has the cause.' });
  expect(logged).toHaveLength(2);
});

test('a request field that only the post-processing reads is asked for', async ({
  verdicts: { predictor },
}) => {
  const { rows } = await predictor.predict({ rows: [{ entities: { ad_id: 'ad-1' } }] });
  expect(rows[0]).toMatchObject({
    code: 'REQUEST_INVALID',
    errors: [{ pointer: '/request/floor' }, { pointer: '/request/how' }],
  });
});
