import { connectRedis } from '@larder/online-store';
import { Queue, Worker } from 'bullmq';
import { describe, expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { createChunkQueue } from './chunk-queue.ts';
import { queuePrefix } from './queue-prefix.ts';

describe('a job whose payload has a newer version', () => {
  test('is left for a newer worker, and jobs of this version continue', async ({ shop }) => {
    const processed: number[] = [];
    const older = createChunkQueue({
      project: 'shop',
      redisUrl: shop.redisUrl,
      concurrency: 1,
      logger: shop.logger,
      process: async ({ chunkId }) => void processed.push(chunkId),
    });
    const connection = connectRedis(shop.redisUrl, { role: 'queue' });
    const prefix = queuePrefix('shop');
    const queue = new Queue('chunks', { connection, prefix });
    const opts = { attempts: 1, removeOnComplete: true, removeOnFail: true };
    await queue.add('chunk', { v: 2, chunks: [1, 2] }, { ...opts, jobId: 'c1-1' });
    await expect.poll(() => queue.getDelayedCount(), { timeout: 60_000, interval: 20 }).toBe(1);
    await older.add([{ chunkId: 3, attempt: 1 }]);
    await expect.poll(() => processed, { timeout: 60_000, interval: 20 }).toEqual([3]);
    expect(await older.has({ chunkId: 1, attempt: 1 })).toBe(true);
    await older.close();

    const taken: unknown[] = [];
    const consuming = connectRedis(shop.redisUrl, { role: 'queue' });
    const newer = new Worker('chunks', async ({ data }) => void taken.push(data), {
      connection: consuming,
      prefix,
    });
    await expect.poll(() => taken, { timeout: 60_000, interval: 20 }).toEqual([{ v: 2, chunks: [1, 2] }]);
    expect(processed).toEqual([3]);
    await newer.close();
    await queue.close();
    consuming.disconnect();
    connection.disconnect();
  });
});
