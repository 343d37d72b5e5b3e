import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';

const GOOD = { LARDER_DATABASE_URL: 'postgresql:///x?host=/tmp', LARDER_REDIS_URL: 'unix:///tmp/redis.sock' };

describe('readConfig', () => {
  test('reads slots, connections and the queue, which is the online Redis unless named', () => {
    const config = readConfig({
      ...GOOD,
      LARDER_WORKER_SLOTS: '3',
      LARDER_CONNECTION_ADS_COPY_URL: 'postgresql://source/ads',
      PATH: '/bin',
    });
    expect(config).toMatchObject({ slots: 3, queueRedisUrl: GOOD.LARDER_REDIS_URL, metricsPort: null });
    expect(config.connections).toEqual({ ads_copy: 'postgresql://source/ads' });
    expect(readConfig({ ...GOOD, LARDER_QUEUE_REDIS_URL: 'redis://q' }).queueRedisUrl).toBe('redis://q');
    expect(readConfig(GOOD).slots).toBeGreaterThan(0);
    expect(readConfig({ ...GOOD, LARDER_PROJECT: '/shop/larder.config.ts' })).toMatchObject({
      artifacts: { url: null, cacheFolder: '/shop/.larder/cache' },
      modelVersionsKept: 10,
    });
  });

  test('names every problem at once', () => {
    const read = () =>
      readConfig({
        LARDER_REDIS_URL: 'http://x',
        LARDER_WORKER_SLOTS: '0',
        LARDER_WORKER_METRICS_PORT: 'abc',
        LARDER_WORKERS: '2',
        LARDER_CONNECTION_ADS_URL: 'nowhere',
      });
    for (const name of [
      'LARDER_DATABASE_URL is missing',
      'LARDER_REDIS_URL must',
      'LARDER_WORKER_SLOTS must be a whole number from 1 to 256\n',
      'LARDER_WORKER_METRICS_PORT must be a whole number from 0 to 65535\n',
      'LARDER_WORKERS is not a setting',
      'LARDER_CONNECTION_ADS_URL must',
    ])
      expect(read).toThrow(name);
  });
});
