import { keyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore } from '@larder/online-store';
import { expect } from 'vitest';
import { adCtrScore } from '../testing/ad-ctr-score.ts';
import { fixturePredictor } from '../testing/predictor-fixture.ts';
import { test } from '../testing/served-test.ts';

test('while the store is down every view is answered from defaults and counted, and nothing is resolved', async ({
  served,
}) => {
  const { project } = served;
  // Nothing listens on the tcpmux port.
  const redis = connectRedis('redis://127.0.0.1:1', { role: 'serving' });
  const onlineStore = createOnlineStore({
    redis,
    project: project.name,
    keyHasher: async () => keyHasher(Buffer.alloc(32)),
  });
  const resolveMissing = () => Promise.reject(new Error('asked'));
  const predictor = await fixturePredictor({ project, onlineStore, model: 'ad_ctr', resolveMissing });
  const request = { requested_at: '2026-11-20T06:30:00+00:00', placement: 'feed', bid: 0.5 };
  const rows = ['a', 'b'].map((adId) => ({ entities: { ad_id: adId } }));
  const shared = { entities: { country: 'NL', shopper_id: 7 }, request };
  try {
    const predictions = await predictor.predict({ rows, shared, rowsPointer: '/rows' });
    const nothing = { embedding: null, brightness: null, ctr: null, clicks: null, impressions: null };
    const score = adCtrScore({
      ...nothing,
      age: null,
      premium: null,
      hourUtc: 6,
      bid: 0.5,
      placement: 'feed',
    });
    expect([...(predictions.outputs['ctr'] ?? [])]).toEqual([
      expect.closeTo(score, 5),
      expect.closeTo(score, 5),
    ]);
    for (const row of predictions.rows)
      expect(row).toMatchObject({ degradedReasons: ['online_store:UNAVAILABLE'] });
    expect([...predictor.counts.statuses]).toEqual([0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
  } finally {
    await predictor.runner.close();
    redis.disconnect();
  }
});
