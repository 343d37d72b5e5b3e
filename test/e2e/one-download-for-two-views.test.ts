import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { Run } from '@larder/contracts';
import { demoAds, drawPictures, seedAds } from '@larder/example-ads';
import { startStack } from '@larder/infra/stack';
import { test } from '@larder/testing';
import { expect, inject, vi } from 'vitest';
import { call } from './ads-stack.ts';

const ADS = demoAds().slice(0, 6);
const WAIT = { timeout: 150_000, interval: 50 };

test('ad_image and ad_text download each picture once between them, and again when both are forced', async ({
  database,
  redis,
  onTestFinished,
}) => {
  const folder = join(inject('testFolder'), 'shared');
  await drawPictures({ folder, ads: ADS });
  const requested: string[] = [];
  const feed = createServer((request, response) => {
    requested.push(`${request.method} ${request.url}`);
    void readFile(join(folder, request.url ?? '')).then((bytes) => response.end(bytes));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void feed.close());
  await once(feed, 'listening');
  const feedUrl = `http://127.0.0.1:${(feed.address() as AddressInfo).port}`;
  await seedAds({ databaseUrl: database.url, feedUrl, ads: ADS });
  const stack = await startStack({
    project: resolve(import.meta.dirname, '../../examples/ads/larder.config.ts'),
    root: folder,
    databaseUrl: database.url,
    redisUrl: redis.url,
    port: 26_590,
    env: { LARDER_CONNECTION_ADS_URL: database.url, LARDER_WORKER_SLOTS: '2' },
  });
  onTestFinished(() => stack.stop());

  const backfillBoth = async (force: boolean): Promise<void> => {
    const runs = await Promise.all(
      ['ad_image', 'ad_text'].map((view) =>
        call<Run>(`${stack.inferenceUrl}/v1/backfills`, { view, scope: { all: true }, force }),
      ),
    );
    for (const { run_id: runId } of runs) {
      const run = () => call<Run>(`${stack.inferenceUrl}/v1/runs/${runId}`);
      await vi.waitUntil(async () => (await run()).finished_at !== null, WAIT);
      expect(await run()).toMatchObject({ status: 'succeeded', rows: { done: ADS.length } });
    }
  };
  const everyPicture = ADS.map(({ adId }) => expect.stringContaining(`GET /creatives/${adId}.`) as string);
  await backfillBoth(false);
  expect(requested).toHaveLength(ADS.length);
  expect(requested).toEqual(expect.arrayContaining(everyPicture));
  await backfillBoth(true);
  expect(requested).toHaveLength(2 * ADS.length);
});
