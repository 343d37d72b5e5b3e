import { predictAnswerSchema } from '@larder/contracts';
import { expect, vi } from 'vitest';
import { body } from './testing/ads.ts';
import { createHttp } from './testing/http.ts';
import { test, type Service } from './testing/inference-test.ts';
import { environmentOf, startProcess } from './testing/start-process.ts';

const CALLERS = 8;

/** Ids of all predictions that callers got an answer for, until the service stops answering. */
function callUntilGone(url: string): { readonly ids: readonly string[]; readonly ended: Promise<unknown> } {
  const http = createHttp(url);
  const ids: string[] = [];
  const call = async (): Promise<void> => {
    for (;;) {
      const answer = await http.post('/v1/models/ad_ctr/predict', body('ad-1')).catch(() => null);
      if (answer?.status !== 200) return;
      ids.push(predictAnswerSchema.parse(answer.body).prediction_id);
    }
  };
  return { ids, ended: Promise.all(Array.from({ length: CALLERS }, call)) };
}

async function logged({ offlineStore }: Service, ids: readonly string[]): Promise<number> {
  const { rows } = await offlineStore.pool.query(
    'select count(*)::int as found from larder.predictions where prediction_id = any($1::uuid[])',
    [ids],
  );
  return rows[0]?.found as number;
}

test('SIGKILL during predictions loses no answered prediction when the log is durable', async ({
  service,
}) => {
  const started = startProcess({ ...environmentOf(service.config), LARDER_PREDICTION_LOG: 'durable' });
  const { ids, ended } = callUntilGone(await started.url());
  await vi.waitFor(() => expect(ids.length).toBeGreaterThan(100), { timeout: 60_000 });
  started.kill('SIGKILL');
  await ended;
  expect(await logged(service, ids)).toBe(ids.length);
});

test('SIGTERM during predictions loses no answered prediction', async ({ service }) => {
  const started = startProcess(environmentOf(service.config));
  const { ids, ended } = callUntilGone(await started.url());
  await vi.waitFor(() => expect(ids.length).toBeGreaterThan(300), { timeout: 60_000 });
  started.kill('SIGTERM');
  await ended;
  expect(await started.exited).toBe(0);
  expect(await logged(service, ids)).toBe(ids.length);
});
