import { createLogger } from '@larder/core';
import { test } from '@larder/testing';
import { expect } from 'vitest';
import { createChunkQueue } from './chunk-queue.ts';

test('a job that another process is running does not count as waiting', async ({ redis }) => {
  const release = Promise.withResolvers<void>();
  const holders: string[] = [];
  const open = (name: string) =>
    createChunkQueue({
      project: 'shop',
      redisUrl: redis.url,
      concurrency: 1,
      logger: createLogger('test', { level: 'silent' }),
      process: () => (holders.push(name), release.promise),
    });
  const queues = { a: open('a'), b: open('b') };
  const attempt = { chunkId: 1, attempt: 1 };
  await queues.a.add([attempt]);
  await expect.poll(() => holders.length, { timeout: 60_000 }).toBe(1);
  const idle = holders[0] === 'a' ? queues.b : queues.a;
  expect(await idle.has(attempt)).toBe(true);
  expect(await idle.waits(attempt)).toBe(false);
  release.resolve();
  await Promise.all([queues.a.close(), queues.b.close()]);
});
