import { createLogger } from '@larder/core';
import { connectRedis } from '@larder/online-store';
import { startTlsRedis } from '@larder/testing';
import { Queue } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { createConsumer } from './consumer.ts';

test('jobs pass over TLS, and none while the Redis shows a certificate of another authority', async () => {
  const store = await startTlsRedis();
  onTestFinished(() => store.stop());
  const redisUrl = `rediss://localhost:${store.port}?sslrootcert=${encodeURIComponent(store.caFile)}`;
  const taken: string[] = [];
  const consumer = createConsumer({
    queue: 'jobs',
    prefix: 'larder:test:{queue}',
    redisUrl,
    concurrency: 1,
    logger: createLogger('test', { level: 'silent' }),
    process: async (job) => void taken.push(String(job.id)),
  });
  const socket = connectRedis(store.socketUrl, { role: 'worker' });
  const tls = connectRedis(redisUrl, { role: 'worker' });
  const queue = new Queue('jobs', { connection: tls, prefix: 'larder:test:{queue}' });
  queue.on('error', () => {});
  await queue.add('job', {}, { jobId: 'first' });
  await expect.poll(() => taken, { timeout: 60_000 }).toEqual(['first']);

  const refused = new Promise<Error>((resolve) => tls.once('error', resolve));
  await store.show('other-authority');
  expect(await refused).toMatchObject({ code: expect.stringMatching(/CERT|VERIFY/) });
  const byOther = new Queue('jobs', { connection: socket, prefix: 'larder:test:{queue}' });
  byOther.on('error', () => {});
  await byOther.add('job', {}, { jobId: 'second' });
  expect(taken).toEqual(['first']);

  await store.show('right');
  await expect.poll(() => taken, { timeout: 60_000 }).toEqual(['first', 'second']);
  await consumer.close();
  await queue.close();
  await byOther.close();
  for (const redis of [tls, socket]) redis.disconnect();
});
