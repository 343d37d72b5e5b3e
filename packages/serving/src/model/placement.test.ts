import { isLarderError } from '@larder/core';
import { expect } from 'vitest';
import { adCtrScore, fixturePredictor } from '../testing/index.ts';
import { test } from '../testing/served-test.ts';

const NOTHING = {
  embedding: null,
  brightness: null,
  ctr: null,
  clicks: null,
  impressions: null,
  age: null,
  premium: null,
};

test('a model in the thread pool returns the same as inline, under concurrency', async ({ served }) => {
  const { project, onlineStore } = served;
  const pooled = await fixturePredictor({ project, onlineStore, model: 'ad_ctr', placement: 'pool' });
  const hours = Array.from({ length: 40 }, (_, at) => at % 24);
  const scores = await Promise.all(
    hours.map(async (hour, at) => {
      const request = {
        requested_at: `2026-11-20T${String(hour).padStart(2, '0')}:00:00Z`,
        placement: 'side',
        bid: at,
      };
      const rows = [{ entities: { ad_id: `none-${at}`, country: 'NL', shopper_id: at }, request }];
      const { outputs, rows: answered } = await pooled.predict({ rows, deadlineMs: 10_000 });
      if (isLarderError(answered[0])) throw answered[0];
      return outputs['ctr']?.[0];
    }),
  );
  for (const [at, hour] of hours.entries())
    expect(scores[at]).toBeCloseTo(adCtrScore({ ...NOTHING, hourUtc: hour, bid: at, placement: 'side' }), 5);
  await pooled.runner.close();
});
