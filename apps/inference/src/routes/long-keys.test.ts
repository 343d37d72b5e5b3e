import { expect } from 'vitest';
import { body } from '../testing/ads.ts';
import { test } from '../testing/inference-test.ts';

const LONG = { ad_id: 'x'.repeat(2_000) };
const DETAIL =
  'The key of ad takes 2000 bytes; at most 1024 are allowed. Use a shorter join key, such as a hash of it';

test('a key that is too long for the stores is refused by every route, and named', async ({ service }) => {
  const { http } = service;
  const good = body('ad-1');
  const refused = [
    await http.post('/v1/models/ad_ctr/predict', { ...good, entities: { ...good.entities, ...LONG } }),
    await http.post('/v1/features/online', { features: ['ad_stats'], entities: [LONG] }),
    await http.post('/v1/backfills', { view: 'ad_image', scope: { entities: [{ ad_id: 'ad-1' }, LONG] } }),
  ];
  expect(refused.map((answer) => [answer.status, answer.body])).toMatchObject(
    ['/entities', '/entities/0', '/scope/entities/1'].map((pointer) => [
      422,
      { code: 'REQUEST_INVALID', errors: [{ pointer, detail: DETAIL }] },
    ]),
  );
  expect(await http.get(`/v1/entities/ad/${LONG.ad_id}`)).toMatchObject({
    status: 422,
    body: { code: 'ENTITY_KEY_INVALID', detail: `${DETAIL}.` },
  });
  const row = { ...LONG, event_timestamp: new Date().toISOString(), impressions: 1, clicks: 1, ctr: 1 };
  expect((await http.post('/v1/views/ad_stats/push', { rows: [row] })).body).toMatchObject({
    accepted: 0,
    rejected: [{ index: 0, errors: [{ pointer: '/rows/0', detail: expect.stringContaining('2000 bytes') }] }],
  });
});
