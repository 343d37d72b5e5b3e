import { predictAnswerSchema, predictBatchAnswerSchema, problemSchema } from '@larder/contracts';
import { adCtrScore, putRows } from '@larder/serving/testing';
import { describe, expect } from 'vitest';
import { test, type Service } from '../testing/inference-test.ts';

const SHOPPER = { country: 'NL', shopper_id: 7 };
const REQUEST = { requested_at: '2026-11-20T06:30:00+00:00', placement: 'feed', bid: 0.5 };
const STORED = {
  embedding: [0.5, 0.25, -1, 2],
  brightness: 0.61,
  ctr: 0.125,
  clicks: 4,
  impressions: 400,
  age: 31,
  premium: true,
};
const SCORE = adCtrScore({ ...STORED, hourUtc: 6, bid: 0.5, placement: 'feed' });

async function putAd(service: Service, adId: string): Promise<void> {
  await putRows(service.onlineStore, service.project, [
    {
      ref: 'ad_image@1',
      keys: { ad_id: adId },
      values: { embedding: Float32Array.from(STORED.embedding), brightness: 0.61, note: null },
    },
    { ref: 'ad_stats@1', keys: { ad_id: adId }, values: { impressions: 400n, clicks: 4, ctr: 0.125 } },
    { ref: 'shopper_profile@1', keys: SHOPPER, values: { age: 31, premium: true } },
  ]);
}

describe('predict', () => {
  test('answers as the contract says', async ({ service }) => {
    await putAd(service, 'ad-1');
    const answer = await service.http.post('/v1/models/ad_ctr/predict', {
      entities: { ad_id: 'ad-1', ...SHOPPER },
      request: REQUEST,
    });
    expect(answer.status).toBe(200);
    const body = predictAnswerSchema.parse(answer.body);
    expect(body.outputs['ctr']).toBeCloseTo(SCORE, 5);
    expect(body).toMatchObject({ model: 'ad_ctr', version: 1, degraded: false, degraded_reasons: [] });
    expect(Object.keys(body)).not.toContain('features');
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('x-request-id')).toMatch(/-7/);
  });
});
void predictBatchAnswerSchema;
void problemSchema;
