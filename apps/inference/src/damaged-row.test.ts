import { entityAnswerSchema, predictAnswerSchema } from '@larder/contracts';
import { connectRedis, type Redis } from '@larder/online-store';
import { adCtrScore } from '@larder/serving/testing';
import { expect, onTestFinished } from 'vitest';
import { body, putAd, STORED } from './testing/ads.ts';
import { test, type Service } from './testing/inference-test.ts';

const WITHOUT_IMAGE = adCtrScore({ ...STORED, embedding: null, brightness: null });

const truncatedInVector = (row: Buffer) => row.subarray(0, 30);
const damages: readonly [name: string, inspected: string, damage: (row: Buffer) => Buffer][] = [
  ['cut off in the vector', 'UNREADABLE', truncatedInVector],
  ['cut off in the text', 'UNREADABLE', (row) => row.subarray(0, -1)],
  ['with a byte too many', 'UNREADABLE', (row) => Buffer.concat([row, Buffer.of(0)])],
  [
    'with text that is not UTF-8',
    'UNREADABLE',
    (row) => Buffer.concat([row.subarray(0, -1), Buffer.of(0xff)]),
  ],
  ['with null bits of features it does not have', 'UNREADABLE', (row) => row.fill(0xf8, 22, 23)],
  ['of another schema', 'NOT_LOADED', (row) => row.fill(0, 1, 5)],
  ['of a format of tomorrow', 'NOT_LOADED', (row) => row.fill(9, 0, 1)],
  ['that is not one', 'UNREADABLE', () => Buffer.from('hello')],
  ['of no bytes', 'UNREADABLE', () => Buffer.alloc(0)],
];

test.for(damages)(
  'a row %s is not served, and every way of reading reports it',
  async ([name, inspected, damage], { service, redis }) => {
    const { http } = service;
    const adId = `ad-${name.replaceAll(/[^a-z]/g, '-')}`;
    await damageImage(service, { redisUrl: redis.url, adId, damage });
    const before = await unreadable(service);

    const predicted = predictAnswerSchema.parse(
      (await http.post('/v1/models/ad_ctr/predict', { ...body(adId), options: { features: true } })).body,
    );
    expect(predicted).toMatchObject({ degraded: true, degraded_reasons: ['ad_image@1:UNREADABLE'] });
    expect(predicted.outputs['ctr']).toBeCloseTo(WITHOUT_IMAGE, 5);
    const brightness = predicted.features?.find(({ ref }) => ref === 'ad_image@1:brightness');
    expect(brightness).toMatchObject({ value: 0.5, status: 'NOT_FOUND', source: 'default' });
    expect(await unreadable(service)).toBe(before + 1);

    const online = await http.post('/v1/features/online', {
      features: ['ad_image', 'ad_stats:clicks'],
      entities: [{ ad_id: adId }],
    });
    expect(online.body).toMatchObject({
      rows: [
        {
          values: [null, null, null, 4],
          views: [{ status: 'NOT_FOUND', event_timestamp: null }, { status: 'PRESENT' }],
        },
      ],
    });
    const { views } = entityAnswerSchema.parse((await http.get(`/v1/entities/ad/${adId}`)).body);
    expect(views).toMatchObject([
      { ref: 'ad_image@1', status: inspected, values: null },
      { ref: 'ad_stats@1', status: 'PRESENT' },
    ]);
  },
);

test('the prediction log keeps no pointer to a row that could not be read', async ({ service, redis }) => {
  await damageImage(service, { redisUrl: redis.url, adId: 'ad-logged', damage: truncatedInVector });
  const { body: answer } = await service.http.post('/v1/models/ad_ctr/predict', body('ad-logged'));
  const { prediction_id: id } = predictAnswerSchema.parse(answer);
  await expect
    .poll(async () => {
      const { rows } = await service.offlineStore.pool.query(
        'select views -> 0 as image from larder.predictions where prediction_id = $1',
        [id],
      );
      return rows[0]?.image;
    })
    .toEqual({
      ref: 'ad_image@1',
      status: 'UNREADABLE',
      event_timestamp_ms: null,
      created_timestamp_ms: null,
      revision: null,
    });
});

async function damageImage(
  service: Service,
  row: {
    readonly redisUrl: string;
    readonly adId: string;
    readonly damage: (row: Buffer) => Buffer;
  },
): Promise<void> {
  await putAd(service, row.adId);
  const redis: Redis = connectRedis(row.redisUrl, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  const key = `larder:shop:{ad:${row.adId}}`;
  const stored = await redis.hgetBuffer(key, 'ad_image@1');
  if (stored === null) throw new Error('the ad has no image');
  await redis.hset(key, 'ad_image@1', row.damage(stored));
}

async function unreadable({ http }: Service): Promise<number> {
  const { text } = await http.get('/metrics');
  return Number(
    /larder_view_readings_total\{view="ad_image@1",status="UNREADABLE"\} (\d+)/.exec(text)?.[1] ?? 0,
  );
}
