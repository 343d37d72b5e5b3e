import { readyAnswerSchema, type PredictAnswer } from '@larder/contracts';
import { createBackfill } from '@larder/materialization/runs';
import { startPostgresProxy } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { body } from './testing/ads.ts';
import { test, type Service } from './testing/inference-test.ts';
import { environmentOf, startProcess } from './testing/start-process.ts';

async function start(service: Service, env: Readonly<Record<string, string>>) {
  const started = startProcess({ ...environmentOf(service.config), ...env });
  const url = await started.url();
  const ready = async () => (await fetch(`${url}/health/ready`)).status;
  await expect.poll(ready, { timeout: 60_000 }).toBe(200);
  return { ...started, url, ready };
}

const predict = (url: string) =>
  fetch(`${url}/v1/models/ad_ctr/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body('ad-1')),
  });

test('SIGTERM: unready at once, goes on serving, then closes the port and exits 0 with a complete log', async ({
  service,
}) => {
  const { runId } = await createBackfill(service.offlineStore, {
    manifest: service.project.manifest,
    view: 'ad_image',
    scope: { all: true },
  });
  const { url, ready, kill, exited } = await start(service, { LARDER_DRAIN_SECONDS: '8' });
  const stream = await fetch(`${url}/v1/runs/${runId}/events`);
  const events = stream.text();
  let ended = false;
  void events.finally(() => (ended = true));

  const signalledAtMs = performance.now();
  kill('SIGTERM');
  await expect.poll(ready, { timeout: 6_000, interval: 20 }).toBe(503);
  const unreadyAtMs = performance.now();
  const unready = await fetch(`${url}/health/ready`);
  expect(readyAnswerSchema.parse(await unready.json())).toMatchObject({ status: 'not_ready' });
  const ids: string[] = [];
  while (performance.now() - unreadyAtMs < 1_500) {
    const answer = await predict(url);
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    ids.push(((await answer.json()) as PredictAnswer).prediction_id);
    expect(ended).toBe(false);
  }
  expect((await fetch(`${url}/v1/runs/${runId}`)).status).toBe(200);

  expect(await exited).toBe(0);
  expect(performance.now() - signalledAtMs).toBeGreaterThan(7_900);
  expect(await events).toContain('event: progress');
  await expect(predict(url)).rejects.toThrow('fetch failed');
  const { rows } = await service.offlineStore.pool.query(
    'select from larder.predictions where prediction_id = any($1::uuid[])',
    [ids],
  );
  expect(rows).toHaveLength(ids.length);
});

test('a second signal ends it at once', async ({ service }) => {
  const { ready, kill, exited } = await start(service, { LARDER_DRAIN_SECONDS: '300' });
  kill('SIGTERM');
  await expect.poll(ready, { timeout: 30_000, interval: 20 }).toBe(503);
  kill('SIGTERM');
  expect(await exited).toBe(1);
});

test('a PostgreSQL that hangs keeps it for a few seconds', async ({ service }) => {
  const proxy = await startPostgresProxy(service.config.databaseUrl);
  onTestFinished(() => proxy.cut());
  const { url, kill, exited } = await start(service, { LARDER_DATABASE_URL: proxy.url });
  proxy.silence();
  expect((await predict(url)).status).toBe(200);
  const signalledAtMs = performance.now();
  kill('SIGTERM');
  await exited;
  expect(performance.now() - signalledAtMs).toBeLessThan(25_000);
});
