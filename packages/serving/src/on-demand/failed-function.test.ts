import { isLarderError } from '@larder/core';
import { expect } from 'vitest';
import { fixturePredictor } from '../testing/predictor-fixture.ts';
import { test } from '../testing/served-test.ts';

test('a failed on-demand function leaves no values of an earlier request in the row that the model runs', async ({
  served,
}) => {
  const predictor = await fixturePredictor({ ...served, model: 'fragile_model' });
  const predict = (...hows: string[]) =>
    predictor.predict({ rows: hows.map((how) => ({ request: { how } })), rowsPointer: '/rows' });
  try {
    const [onZeros, onNine] = [0.5, 1 / (1 + Math.exp(-0.9))].map((score) => expect.closeTo(score, 5));
    const earlier = await predict('nine_long', 'nine_long', 'nine_long');
    expect([...(earlier.outputs['score'] ?? [])]).toEqual([onNine, onNine, onNine]);

    // The same tensor again: the middle row's function fails.
    const { rows, outputs } = await predict('nine_long', 'throw', 'nine_long');
    expect(rows.map((row) => (isLarderError(row) ? row.code : row.place))).toEqual([
      0,
      'ON_DEMAND_FAILED',
      2,
    ]);
    expect([...(outputs['score'] ?? [])]).toEqual([onNine, onZeros, onNine]);
  } finally {
    await predictor.runner.close();
  }
});
