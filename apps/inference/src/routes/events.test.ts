import { entityAnswerSchema, eventsAnswerSchema } from '@larder/contracts';
import { startSequencer } from '@larder/offline-store';
import { expect } from 'vitest';
import { logger, test } from '../testing/inference-test.ts';

const event = (id: string, bid: unknown = 1) => ({
  event_id: id,
  event_timestamp: new Date().toISOString(),
  ad_id: 'ad-9',
  bid,
});

test('an event is readable through the windows once it is answered, and counts once', async ({ service }) => {
  const read = async () => {
    const online = await service.http.post('/v1/features/online', {
      features: ['ad_clicks:clicks_1h'],
      entities: [{ ad_id: 'ad-9' }],
    });
    return (online.body as { rows: { values: number[]; views: { status: string }[] }[] }).rows[0];
  };
  expect(await read()).toMatchObject({ values: [0], views: [{ status: 'PRESENT' }] });
  const events = [event('e1'), event('e2'), event('e3', 'much')];
  const answer = await service.http.post('/v1/events/clicks', { events });
  expect(answer.status).toBe(200);
  const { accepted, duplicates, rejected, run_id: runId } = eventsAnswerSchema.parse(answer.body);
  expect({ accepted, duplicates, rejected }).toEqual({
    accepted: 2,
    duplicates: 0,
    rejected: [
      {
        index: 2,
        code: 'REQUEST_INVALID',
        errors: [{ pointer: '/events/2/bid', detail: 'must be a number' }],
      },
    ],
  });
  expect(answer.headers.get('location')).toBe(`/v1/runs/${runId}`);
  expect(await read()).toMatchObject({ values: [2] });
  expect((await service.http.post('/v1/events/clicks', { events })).body).toMatchObject({
    accepted: 0,
    duplicates: 2,
  });
  expect(await read()).toMatchObject({ values: [2] });
  expect((await service.http.get(`/v1/runs/${runId}`)).body).toMatchObject({
    view: 'clicks',
    trigger: 'push',
    status: 'partial',
    rows: { total: 3, done: 2, failed: 1 },
  });
});

test('who looks at the windows sees which push changed them last, and how fresh they are', async ({
  service: { http, offlineStore },
}) => {
  const push = async (at: Date, id: string) => {
    const events = [{ ...event(id), ad_id: 'ad-seen', event_timestamp: at.toISOString() }];
    return eventsAnswerSchema.parse((await http.post('/v1/events/clicks', { events })).body).run_id;
  };
  const newest = new Date();
  await push(newest, 's1');
  const late = await push(new Date(newest.getTime() - 60_000), 's2');
  // events that were there already change nothing
  await push(newest, 's1');
  const { body } = await http.get('/v1/entities/ad/ad-seen');
  const windows = entityAnswerSchema.parse(body).views.find(({ ref }) => ref === 'ad_clicks@1');
  expect(windows).toMatchObject({
    event_timestamp: newest.toISOString(),
    written_by: { run_id: late, chunk_id: expect.any(Number) },
    landed_at: expect.any(String),
    online_at: expect.any(String),
  });

  const sequencer = startSequencer({ store: offlineStore, logger, idleIntervalMs: 20 });
  await expect
    .poll(async () => (await http.get('/v1/views/ad_clicks')).body, { timeout: 60_000 })
    .toMatchObject({
      freshness: {
        newest_event_timestamp: newest.toISOString(),
        newest_landed_at: expect.any(String),
        newest_online_at: windows?.online_at,
      },
    });
  await sequencer.close();
});
