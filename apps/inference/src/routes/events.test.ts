import { eventsAnswerSchema } from '@larder/contracts';
import { expect } from 'vitest';
import { test } from '../testing/inference-test.ts';

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
