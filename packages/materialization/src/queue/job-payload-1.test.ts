import { readFileSync } from 'node:fs';
import { connectRedis } from '@larder/online-store';
import { Queue } from 'bullmq';
import { expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { createChunkQueue } from './chunk-queue.ts';
import { queuePrefix } from './queue-prefix.ts';

// Queued by the first release: never change this file. A new version gets its own fixture next to it.
const payload = JSON.parse(
  readFileSync(new URL('fixtures/job-payload-1.json', import.meta.url), 'utf8'),
) as object;

test('a job of version 1 is still understood, and still queued the same way', async ({ shop }) => {
  const processed: unknown[] = [];
  const connection = connectRedis(shop.redisUrl, { role: 'queue' });
  const queue = new Queue('chunks', { connection, prefix: queuePrefix('shop') });
  await queue.pause();
  const chunks = createChunkQueue({
    project: 'shop',
    redisUrl: shop.redisUrl,
    concurrency: 1,
    logger: shop.logger,
    process: async ({ chunkId, attempt }) => void processed.push({ chunkId, attempt }),
  });
  await queue.add('chunk', payload, { jobId: 'c17-3' });
  await chunks.add([{ chunkId: 17, attempt: 4 }]);
  expect((await queue.getJob('c17-4'))?.data).toEqual({ ...payload, attempt: 4 });
  expect(await chunks.has({ chunkId: 17, attempt: 3 })).toBe(true);
  await queue.resume();
  await expect
    .poll(() => processed, { timeout: 60_000, interval: 20 })
    .toEqual([
      { chunkId: 17, attempt: 3 },
      { chunkId: 17, attempt: 4 },
    ]);
  await chunks.close();
  await queue.close();
  connection.disconnect();
});
