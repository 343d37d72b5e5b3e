import { entityAnswerSchema, predictAnswerSchema } from '@larder/contracts';
import { connectRedis } from '@larder/online-store';
import { expect, onTestFinished } from 'vitest';
import { body, putAd } from './testing/ads.ts';
import { test } from './testing/inference-test.ts';

test('a row of a newer format is refused, counted and shown, and breaks nothing', async ({
  service,
  redis,
}) => {
  const { http } = service;
  await putAd(service, 'ad-newer');
  const connection = connectRedis(redis.url, { role: 'worker' });
  onTestFinished(() => connection.disconnect());
  const key = 'larder:shop:{ad:ad-newer}';
  const row = await connection.hgetBuffer(key, 'ad_image@1');
  if (row === null) throw new Error('the ad has no image');
  row[0] = 2;
  await connection.hset(key, 'ad_image@1', row);

  const predicted = predictAnswerSchema.parse(
    (await http.post('/v1/models/ad_ctr/predict', body('ad-newer'))).body,
  );
  expect(predicted).toMatchObject({ degraded: true, degraded_reasons: ['ad_image@1:UNREADABLE'] });
  expect((await http.get('/metrics')).text).toMatch(
    /larder_view_readings_total\{view="ad_image@1",status="UNREADABLE"\} 1\n/,
  );
  const online = await http.post('/v1/features/online', {
    features: ['ad_image:brightness', 'ad_stats:clicks'],
    entities: [{ ad_id: 'ad-newer' }],
  });
  expect(online.body).toMatchObject({
    rows: [{ values: [null, 4], views: [{ status: 'NOT_FOUND' }, { status: 'PRESENT' }] }],
  });
  const { views } = entityAnswerSchema.parse((await http.get('/v1/entities/ad/ad-newer')).body);
  expect(views[0]).toMatchObject({
    ref: 'ad_image@1',
    status: 'NOT_LOADED',
    values: null,
    revision: 1,
    size_bytes: row.length,
  });
  expect(views[1]).toMatchObject({ ref: 'ad_stats@1', status: 'PRESENT' });
});
