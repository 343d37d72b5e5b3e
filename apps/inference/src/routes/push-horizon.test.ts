import { pushAnswerSchema } from '@larder/contracts';
import { expect } from 'vitest';
import { test } from '../testing/inference-test.ts';

test('a push of 1,000 rows in 1,000 months creates partitions only within the horizon', async ({
  service,
}) => {
  const monthBefore = (months: number) => {
    const date = new Date();
    date.setUTCHours(0, 0, 0, 0);
    date.setUTCMonth(date.getUTCMonth() - months, 1);
    return date.toISOString();
  };
  const rows = Array.from({ length: 1_000 }, (_, at) => ({
    ad_id: `ad-${at}`,
    event_timestamp: monthBefore(at),
    impressions: '1',
    clicks: 1,
    ctr: 1,
  }));
  const answer = await service.http.post('/v1/views/ad_stats/push', { rows });
  const { accepted, rejected, run_id: runId } = pushAnswerSchema.parse(answer.body);
  // Ten years, plus the month in which they begin if its first day is not before them.
  expect([119, 120, 121]).toContain(accepted);
  expect(rejected).toHaveLength(1_000 - accepted);
  expect(new Set(rejected.map(({ code }) => code))).toEqual(new Set(['EVENT_TIMESTAMP_TOO_OLD']));
  expect(rejected[0]).toMatchObject({
    index: accepted,
    errors: [
      {
        pointer: `/rows/${accepted}/event_timestamp`,
        detail: expect.stringMatching(/before .*, the horizon of project shop.*eventHorizon/),
      },
    ],
  });

  const { rows: partitions } = await service.offlineStore.pool.query(
    `select xmin::text as made_by, count(*)::int as made from pg_class
     where relkind = 'r' and relname like 'ad\\_stats\\_v1\\_%' group by xmin`,
  );
  const made = partitions.map((group) => group.made as number);
  expect(made.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(accepted + 2);
  expect(Math.max(...made)).toBeLessThanOrEqual(12);

  const failures = await service.http.get(`/v1/runs/${runId}/failures`);
  expect((failures.body as { failures: unknown[] }).failures[0]).toMatchObject({
    code: 'EVENT_TIMESTAMP_TOO_OLD',
  });
});
