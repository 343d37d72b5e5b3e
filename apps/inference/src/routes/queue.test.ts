import { pressureAnswerSchema } from '@larder/contracts';
import { createBackfill } from '@larder/materialization/runs';
import { startPostgresProxy } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { startInference } from '../start-inference.ts';
import { createHttp, type Http } from '../testing/http.ts';
import { logger, test } from '../testing/inference-test.ts';

const pressureOf = async (http: Http) =>
  pressureAnswerSchema.parse((await http.get('/v1/queue/pressure')).body);

const metricsOf = async (http: Http) =>
  Object.fromEntries(
    [...(await http.get('/metrics')).text.matchAll(/^(larder_queue_\w+) (\S+)$/gm)].map(([, name, value]) => [
      name,
      Number(value),
    ]),
  );

test('the pressure is one number for scalers, the same in metrics, and missing instead of 0 while PostgreSQL is away', async ({
  service,
}) => {
  const proxy = await startPostgresProxy(service.config.databaseUrl);
  const inference = await startInference({ ...service.config, databaseUrl: proxy.url }, logger);
  const http = createHttp(inference.url);
  onTestFinished(async () => {
    await inference.close();
    await proxy.cut();
  });
  expect(await pressureOf(http)).toEqual({
    work_seconds: 0,
    oldest_age_seconds: 0,
    slots: 0,
    workers: 0,
    rows: 0,
    views: [],
  });
  await createBackfill(service.offlineStore, {
    manifest: service.project.manifest,
    view: 'ad_image',
    scope: { all: true },
  });
  await expect
    .poll(() => pressureOf(http), { timeout: 60_000 })
    .toMatchObject({
      work_seconds: 1,
      views: [{ view: 'ad_image@1', rows: 0, measured: false }],
    });
  expect(await metricsOf(http)).toMatchObject({ larder_queue_work_seconds: 1, larder_queue_slots: 0 });

  await proxy.cut();
  await expect.poll(() => metricsOf(http), { timeout: 60_000 }).toEqual({});
  expect((await http.get('/v1/queue/pressure')).status).toBe(503);
  await proxy.restore();
  await expect
    .poll(() => metricsOf(http), { timeout: 60_000 })
    .toMatchObject({ larder_queue_work_seconds: 1 });
});
