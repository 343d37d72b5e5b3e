import { predictAnswerSchema, predictBatchAnswerSchema } from '@larder/contracts';
import { adCtrScore } from '@larder/serving/testing';
import fc from 'fast-check';
import { expect } from 'vitest';
import { body, putAd, STORED } from '../testing/ads.ts';
import { test } from '../testing/inference-test.ts';

const ADS = 25;
const brightnessOf = (ad: number) => Math.fround(ad / 10);

test('concurrent requests never mix rows', async ({ service }) => {
  for (let ad = 0; ad < ADS; ad++) await putAd(service, `ad-${ad}`, brightnessOf(ad));
  const expected = (ad: number) =>
    adCtrScore(
      ad < ADS
        ? { ...STORED, brightness: brightnessOf(ad) }
        : { ...STORED, embedding: null, brightness: null, ctr: null, clicks: null, impressions: null },
    );
  // Beyond the last one: ads that are not stored.
  const ads = fc.array(fc.nat({ max: ADS + 3 }), { minLength: 1, maxLength: 12 });
  const request = fc.oneof(
    ads.map((asked) => ({ batch: true as const, asked })),
    fc.nat({ max: ADS + 3 }).map((ad) => ({ batch: false as const, asked: [ad] })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 24 }), async (requests) => {
      await Promise.all(
        requests.map(async ({ batch, asked }) => {
          const scores = await (batch ? predictBatch(asked) : predict(asked));
          for (const [at, ad] of asked.entries()) expect(scores[at]).toBeCloseTo(expected(ad), 5);
        }),
      );
    }),
    { numRuns: 25 },
  );

  async function predict([ad = 0]: readonly number[]): Promise<unknown[]> {
    const answer = await service.http.post('/v1/models/ad_ctr/predict', {
      ...body(`ad-${ad}`),
      options: { deadline_ms: 5_000 },
    });
    return [predictAnswerSchema.parse(answer.body).outputs['ctr']];
  }

  async function predictBatch(asked: readonly number[]): Promise<unknown[]> {
    const rows = asked.map((ad) => body(`ad-${ad}`));
    const answer = await service.http.post('/v1/models/ad_ctr/predict-batch', {
      rows,
      options: { deadline_ms: 5_000 },
    });
    return predictBatchAnswerSchema
      .parse(answer.body)
      .rows.map((row) => ('outputs' in row ? row.outputs['ctr'] : row.error));
  }
});
