import { entityAnswerSchema, pushAnswerSchema } from '@larder/contracts';
import { expect } from 'vitest';
import { test } from '../testing/inference-test.ts';

const row = (adId: string, clicks: unknown) => ({
  ad_id: adId,
  event_timestamp: new Date().toISOString(),
  impressions: 100,
  clicks,
  ctr: 0.04,
});

test('a pushed row is readable at once, with the run that wrote it', async ({ service }) => {
  const answer = await service.http.post('/v1/views/ad_stats/push', {
    rows: [row('ad-1', 4), row('ad-2', 'many')],
  });
  expect(answer.status).toBe(200);
  const { accepted, rejected, run_id } = pushAnswerSchema.parse(answer.body);
  expect({ accepted, rejected }).toEqual({
    accepted: 1,
    rejected: [
      {
        index: 1,
        code: 'REQUEST_INVALID',
        errors: [{ pointer: '/rows/1/clicks', detail: 'must be a whole number within 2^53' }],
      },
    ],
  });
  expect(answer.headers.get('location')).toBe(`/v1/runs/${run_id}`);
  const online = await service.http.post('/v1/features/online', {
    features: ['ad_stats:clicks'],
    entities: [{ ad_id: 'ad-1' }],
  });
  expect(online.body).toMatchObject({ rows: [{ values: [4], views: [{ status: 'PRESENT' }] }] });
  const held = await service.http.get('/v1/entities/ad/ad-1');
  const stats = entityAnswerSchema.parse(held.body).views.find(({ ref }) => ref === 'ad_stats@1');
  expect(stats?.written_by?.run_id).toBe(run_id);
  expect((await service.http.get(`/v1/runs/${run_id}`)).body).toMatchObject({
    trigger: 'push',
    status: 'partial',
    rows: { total: 2, done: 1, failed: 1 },
  });
});

test('the same Idempotency-Key returns the same answer and lands once', async ({ service }) => {
  const body = { rows: [row('ad-3', 1)] };
  const headers = { 'idempotency-key': 'import-7' };
  const answers = await Promise.all(
    [1, 2, 3].map(() => service.http.post('/v1/views/ad_stats@1/push', body, headers)),
  );
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  const { rows } = await service.offlineStore.pool.query(
    `select 1 from shop_history.ad_stats_v1 where ad_id = 'ad-3'`,
  );
  expect(rows).toHaveLength(1);
  const other = await service.http.post('/v1/views/ad_stats/push', { rows: [row('ad-4', 1)] }, headers);
  expect(other).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
});

test('rows and bytes are bounded', async ({ service }) => {
  const rows = Array.from({ length: 1_001 }, (_, i) => row(`ad-${i}`, 1));
  expect(await service.http.post('/v1/views/ad_stats/push', { rows })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/rows' }] },
  });
  const large = { rows: [{ ...row('ad-1', 1), note: 'x'.repeat(5_000_000) }] };
  expect(await service.http.post('/v1/views/ad_stats/push', large)).toMatchObject({
    status: 413,
    body: { code: 'REQUEST_TOO_LARGE' },
  });
});

test('a member __proto__ is refused, and so is unbounded nesting', async ({ service }) => {
  const good = JSON.stringify(row('ad-odd', 1)).slice(0, -1);
  const push = (member: string) =>
    service.http.post('/v1/views/ad_stats/push', `{"rows":[${good},${member}}]}`, {
      'idempotency-key': 'odd',
    });
  expect(await push('"__proto__":{"clicks":2}')).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/rows/0/__proto__', detail: 'is unknown' }] },
  });
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const deep = `${open.repeat(50_000)}1${close.repeat(50_000)}`;
    expect(await push(`"more":${deep}`)).toMatchObject({ status: 422, body: { code: 'REQUEST_INVALID' } });
  }
  const { rows } = await service.offlineStore.pool.query(
    `select 1 from shop_history.ad_stats_v1 where ad_id = 'ad-odd'`,
  );
  expect(rows).toEqual([]);
});

test('an excessive number of problems is reported as one problem', async ({ service }) => {
  const names = Object.fromEntries(Array.from({ length: 250_000 }, (_, at) => [`A${at}`, 1]));
  expect(await service.http.post('/v1/views/ad_stats/push', { rows: [names] })).toMatchObject({
    status: 422,
    body: { code: 'REQUEST_INVALID' },
  });
});
