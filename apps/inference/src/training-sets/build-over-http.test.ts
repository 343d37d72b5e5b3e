import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@larder/core';
import { expect } from 'vitest';
import { startInference } from '../start-inference.ts';
import { body } from '../testing/ads.ts';
import { createHttp, type Http } from '../testing/http.ts';
import { logger, test } from '../testing/inference-test.ts';

const WAIT = { timeout: 150_000, interval: 50 };

interface Answer {
  readonly training_set_id: string;
  readonly status: string;
  readonly error: { readonly code: string; readonly reason: string } | null;
}

async function ended(http: Http, id: string): Promise<Answer> {
  const read = async () => (await http.get(`/v1/training-sets/${id}`)).body as Answer;
  await expect.poll(async () => (await read()).status, WAIT).toMatch(/complete|failed/);
  return read();
}

test('logged predictions become rows with the features of their model', async ({ service }) => {
  const { http } = service;
  const ids: string[] = [];
  for (const ad of ['ad-1', 'ad-1', 'ad-2']) {
    const predicted = await http.post('/v1/models/ad_ctr/predict', body(ad));
    ids.push((predicted.body as { prediction_id: string }).prediction_id);
  }
  // The log is written in the background.
  const logged = async () =>
    ((await http.get('/v1/predictions?model=ad_ctr')).body as { predictions: unknown[] }).predictions.length;
  await expect.poll(logged, WAIT).toBe(ids.length);
  const accepted = await http.post('/v1/training-sets', {
    model: 'ad_ctr',
    spine: { predictions: { model: 'ad_ctr', version: 1 } },
    format: 'csv',
  });
  expect(accepted).toMatchObject({ status: 202, body: { status: 'queued' } });
  const { training_set_id: id } = accepted.body as Answer;
  expect(await ended(http, id)).toMatchObject({
    status: 'complete',
    model: { name: 'ad_ctr', version: 1 },
    manifest: { spine: { source: { kind: 'predictions' }, rows: ids.length } },
  });
  const { rows: audit } = await service.offlineStore.pool.query(
    `select actor from larder.audit where action = 'training-set.build' and subject like '%' || $1`,
    [id],
  );
  expect(audit).toEqual([{ actor: expect.stringMatching(/^http from /) }]);
  const { text } = await http.get(`/v1/training-sets/${id}/rows?format=csv`);
  const [header = '', ...rows] = text.trimEnd().split('\n');
  expect(header.split(',')).toEqual(
    expect.arrayContaining(['ad_id', 'prediction_id', 'ad_image:brightness', 'offer:at_noon']),
  );
  expect(ids.filter((each) => !rows.some((row) => row.includes(each)))).toEqual([]);
  expect(rows).toHaveLength(ids.length);
});

test('a label that the model does not have is refused', async ({ service }) => {
  const ask = async (predictions: object) => {
    const { body: accepted } = await service.http.post('/v1/training-sets', {
      model: 'ad_ctr',
      spine: { predictions },
    });
    return (await ended(service.http, (accepted as Answer).training_set_id)).error;
  };
  expect(await ask({ model: 'ad_ctr', label: 'bought' })).toMatchObject({
    code: 'REQUEST_INVALID',
    reason: expect.stringContaining('bought'),
  });
});

test('a build beyond its memory has failed with a reason; the service and its folder are well', async ({
  service,
  config,
}) => {
  const folder = join(config.trainingSets.folder, `small-${newId()}`);
  const trainingSets = { ...config.trainingSets, folder, memoryMb: 64 };
  const small = await startInference({ ...config, trainingSets }, logger);
  try {
    const http = createHttp(small.url);
    const accepted = await http.send('/v1/training-sets?features=ad_stats:ctr', {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: 'ad_id,event_timestamp\nad-1,2026-11-01T00:00:00Z\n',
    });
    const { training_set_id: id } = accepted.body as Answer;
    expect(await ended(http, id)).toMatchObject({
      status: 'failed',
      error: {
        code: 'WORK_MEMORY_EXCEEDED',
        reason: expect.stringContaining('LARDER_TRAINING_SETS_MEMORY_MB'),
      },
    });
    expect((await http.post('/v1/models/ad_ctr/predict', body('ad-1'))).status).toBe(200);
    const left = existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
    expect(left.filter((name) => /\.csv$|building|manifest/.test(name))).toEqual([]);
    // The other service shows it too.
    expect((await service.http.get(`/v1/training-sets/${id}`)).body).toMatchObject({ status: 'failed' });
  } finally {
    await small.close();
  }
});
