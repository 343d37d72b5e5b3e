import { createLogger } from '@larder/core';
import { connectRedis } from '@larder/online-store';
import { test } from '@larder/testing';
import { Queue } from 'bullmq';
import { expect } from 'vitest';
import { createConsumer } from './consumer.ts';

test('a running job that is delivered again still takes its slot, and close waits for it', async ({
  redis,
}) => {
  const deliveries: string[] = [];
  const first = Promise.withResolvers<void>();
  const consumer = createConsumer({
    queue: 'jobs',
    prefix: 'larder:test:{queue}',
    redisUrl: redis.url,
    concurrency: 2,
    logger: createLogger('test', { level: 'silent' }),
    // As with chunks: the second delivery finds the work claimed.
    process: (job) => (deliveries.push(String(job.id)) === 1 ? first.promise : Promise.resolve()),
  });
  const connection = connectRedis(redis.url, { role: 'worker' });
  const queue = new Queue('jobs', { connection, prefix: 'larder:test:{queue}' });
  await queue.add('job', {}, { jobId: 'long' });
  await expect.poll(() => deliveries, { timeout: 60_000 }).toEqual(['long']);
  consumer.replace();
  await expect.poll(() => deliveries, { timeout: 60_000 }).toEqual(['long', 'long']);
  await queue.add('job', {}, { jobId: 'short' });
  await expect.poll(() => deliveries, { timeout: 60_000 }).toEqual(['long', 'long', 'short']);

  expect([consumer.freeSlots(), consumer.holds('long')]).toEqual([1, true]);
  let drained = false;
  const closed = consumer.close().then(() => (drained = true));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(drained).toBe(false);
  first.resolve();
  await closed;
  expect(consumer.freeSlots()).toBe(2);
  await queue.close();
  connection.disconnect();
});
