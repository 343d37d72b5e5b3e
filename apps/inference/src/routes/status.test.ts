import { statusAnswerSchema } from '@larder/contracts';
import { expect } from 'vitest';
import { test } from '../testing/inference-test.ts';

test('the status says that no worker runs, and what does', async ({ service }) => {
  await expect
    .poll(
      async () =>
        ((await service.http.get('/v1/processes')).body as { processes: unknown[] }).processes.length,
    )
    .toBe(1);
  const answer = await service.http.get('/v1/status');
  expect(answer.status).toBe(200);
  const { attention, problems, stores, processes } = statusAnswerSchema.parse(answer.body);
  expect(problems).toContainEqual({
    // Null until the service has opened the incident, ten seconds after its start.
    since: expect.toBeOneOf([null, expect.any(String)]) as unknown,
    kind: 'worker_absent',
    severity: 'act',
    subject: 'worker',
    detail: 'no worker runs: queued and scheduled runs wait',
    next: 'larder worker',
  });
  expect(attention).toBe(true);
  expect(stores).toMatchObject({ database: { state: 'ok' }, redis: { state: 'ok' } });
  expect(processes).toEqual({ workers: 0, slots: 0, inference: 1 });
});
