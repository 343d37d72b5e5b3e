import { entityKeysAnswerSchema, onlineFeaturesAnswerSchema } from '@larder/contracts';
import { putRows } from '@larder/serving/testing';
import { describe, expect } from 'vitest';
import { SHOPPER } from '../testing/ads.ts';
import { test, type Service } from '../testing/inference-test.ts';

/** Keys of this file only: the service's own `ad-1` is newer than the rows written here. */
const AD = 'ad-online';
const BUYER = { ...SHOPPER, shopper_id: 8 };
const DAY_MS = 86_400_000;

async function putAds(service: Service): Promise<{ eventTimestampMs: number }> {
  const eventTimestampMs = Date.now() - 1_000;
  await putRows(service.onlineStore, service.project, [
    {
      ref: 'ad_image@1',
      keys: { ad_id: AD },
      values: { embedding: Float32Array.of(1, 2, 3, 4), brightness: 0.61, note: null },
      eventTimestampMs,
    },
    {
      ref: 'ad_stats@1',
      keys: { ad_id: AD },
      values: { impressions: 9_007_199_254_740_993n, clicks: 4, ctr: 0.125 },
      eventTimestampMs: eventTimestampMs - 8 * DAY_MS,
    },
    { ref: 'shopper_profile@1', keys: BUYER, values: { age: 31, premium: true }, eventTimestampMs },
  ]);
  return { eventTimestampMs };
}

describe('POST /v1/features/online', () => {
  test('returns features and whole views, each view with its status', async ({ service }) => {
    const { eventTimestampMs } = await putAds(service);
    const answer = await service.http.post('/v1/features/online', {
      features: ['ad_image@1:brightness', 'ad_stats', 'ad_image:note'],
      entities: [{ ad_id: AD }, { ad_id: 'nobody' }, { ad_id: AD }],
    });
    expect(answer.status).toBe(200);
    const body = onlineFeaturesAnswerSchema.parse(answer.body);
    expect(body.features).toEqual([
      'ad_image@1:brightness',
      'ad_stats@1:impressions',
      'ad_stats@1:clicks',
      'ad_stats@1:ctr',
      'ad_image@1:note',
    ]);
    expect(body.views).toEqual(['ad_image@1', 'ad_stats@1']);
    const at = (ms: number) => new Date(ms).toISOString();
    const present = {
      values: [0.61, null, null, null, null],
      views: [
        { status: 'PRESENT', event_timestamp: at(eventTimestampMs) },
        { status: 'OUTSIDE_MAX_AGE', event_timestamp: at(eventTimestampMs - 8 * DAY_MS) },
      ],
    };
    const absent = { status: 'NOT_FOUND', event_timestamp: null };
    expect(body.rows).toEqual([
      present,
      { values: [null, null, null, null, null], views: [absent, absent] },
      present,
    ]);
  });

  test('reads views of several entities when every row has all join keys', async ({ service }) => {
    await putAds(service);
    const features = ['shopper_profile:premium', 'ad_image:embedding'];
    const answer = await service.http.post('/v1/features/online', {
      features,
      entities: [
        { ad_id: AD, ...BUYER },
        { ad_id: 'none', ...BUYER },
      ],
    });
    const { rows } = onlineFeaturesAnswerSchema.parse(answer.body);
    expect(rows.map(({ values }) => values)).toEqual([
      [true, [1, 2, 3, 4]],
      [true, null],
    ]);
    const refused = await service.http.post('/v1/features/online', {
      features,
      entities: [
        { ad_id: AD, ...BUYER },
        { ad_id: 7, country: 'NL', colour: 'red' },
      ],
    });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({
      code: 'REQUEST_INVALID',
      errors: expect.arrayContaining([
        expect.objectContaining({ pointer: '/entities/1/ad_id' }),
        { pointer: '/entities/1/shopper_id', detail: 'is missing' },
        { pointer: '/entities/1/colour', detail: 'is not a join key of the requested features' },
      ]),
    });
  });

  test('reads 1,000 entities and refuses more', async ({ service }) => {
    await putAds(service);
    const entities = Array.from({ length: 1_000 }, (_, i) => ({ ad_id: i === 1 ? AD : `nobody-${i}` }));
    const answer = await service.http.post('/v1/features/online', { features: ['ad_image'], entities });
    const { rows } = onlineFeaturesAnswerSchema.parse(answer.body);
    expect(rows.filter(({ views }) => views[0]?.status === 'PRESENT')).toHaveLength(1);
    expect(rows[1]?.values[0]).toEqual([1, 2, 3, 4]);
    const more = await service.http.post('/v1/features/online', {
      features: ['ad_image'],
      entities: [...entities, { ad_id: 'one more' }],
    });
    expect(more).toMatchObject({ status: 422, body: { errors: [{ pointer: '/entities' }] } });
  });

  test('refuses a request whose answer would take a gigabyte', async ({ service }) => {
    const entities = Array.from({ length: 1_000 }, (_, i) => ({ ad_id: `ad-${i}` }));
    const features = Array.from({ length: 500 }, () => 'ad_image:embedding');
    const answer = await service.http.post('/v1/features/online', { features, entities });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/entities' }] } });
    const fewer = await service.http.post('/v1/features/online', {
      features,
      entities: entities.slice(0, 2),
    });
    expect(fewer.status).toBe(200);
  });

  test('names every reference that cannot be read', async ({ service }) => {
    const answer = await service.http.post('/v1/features/online', {
      features: ['ad_image:brightness', 'ad_image:colour', 'nothing', 'ad_image@2', 'moment:hour_sin'],
      entities: [{ ad_id: AD }],
    });
    expect(answer.status).toBe(422);
    const { errors } = answer.body as { errors: { pointer: string; detail: string }[] };
    expect(errors.map(({ pointer }) => pointer)).toEqual([
      '/features/1',
      '/features/2',
      '/features/3',
      '/features/4',
    ]);
    expect(errors[0]?.detail).toContain('it has embedding, brightness, note');
    expect(errors[3]?.detail).toContain('computed on demand');
  });
});

describe('GET /v1/entities/{entity}', () => {
  test('has returned every key once the cursor is null', async ({ service }) => {
    const keys = Array.from({ length: 250 }, (_, i) => `page-${i}`);
    await putRows(
      service.onlineStore,
      service.project,
      keys.map((ad_id) => ({
        ref: 'ad_stats@1',
        keys: { ad_id },
        values: { impressions: 1n, clicks: 1, ctr: 1 },
      })),
    );
    await putAds(service);
    const found = new Set<string>();
    let cursor: string | null = null;
    let pages = 0;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const answer = await service.http.get(`/v1/entities/ad?view=ad_stats&limit=50${query}`);
      const page = entityKeysAnswerSchema.parse(answer.body);
      for (const key of page.keys) found.add(key);
      cursor = page.cursor;
      pages += 1;
    } while (cursor !== null);
    expect(pages).toBeGreaterThan(1);
    expect([...found].filter((key) => key.startsWith('page-')).toSorted()).toEqual(keys.toSorted());
    const images = await service.http.get('/v1/entities/ad?view=ad_image@1&limit=1000');
    expect(images.body).toEqual({ entity: 'ad', keys: expect.arrayContaining(['ad-1', AD]), cursor: null });
    expect(entityKeysAnswerSchema.parse(images.body).keys).toHaveLength(2);
  });

  test.for([
    ['/v1/entities/ad?view=shopper_profile', 422, '/view'],
    ['/v1/entities/ad?limit=0', 422, '/limit'],
    ['/v1/entities/ad?cursor=x', 422, '/cursor'],
    // s18446744073709551616, one more than Redis can count to
    ['/v1/entities/ad?cursor=czE4NDQ2NzQ0MDczNzA5NTUxNjE2', 422, '/cursor'],
    ['/v1/entities/ad?colour=red', 422, '/colour'],
    ['/v1/entities/ad?view=nothing', 404, undefined],
    ['/v1/entities/nothing', 404, undefined],
  ] as const)('refuses %s', async ([path, status, pointer], { service }) => {
    const answer = await service.http.get(path);
    expect(answer.status).toBe(status);
    expect((answer.body as { errors?: { pointer: string }[] }).errors?.[0]?.pointer).toBe(pointer);
  });
});
