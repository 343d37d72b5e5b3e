import { join } from 'node:path';
import { runLoop } from '@larder/example-ads/loop';
import { test } from '@larder/testing';
import { expect, inject } from 'vitest';

const LIMIT_MS = 300_000;

test(
  'labels, training set, training, seal, apply, promote: the next version answers',
  async ({ database, redis }) => {
    const said: string[] = [];
    const result = await runLoop({
      folder: join(inject('testFolder'), 'loop'),
      ads: 16,
      impressionsPerAd: 50,
      compare: true,
      databaseUrl: database.url,
      redisUrl: redis.url,
      port: 26_610,
      say: (line) => said.push(line),
    }).catch((error: unknown) => {
      throw new Error(said.join('\n'), { cause: error });
    });
    expect(result).toMatchObject({ impressions: 800, version: 2 });
    expect(result.clicks).toBeGreaterThan(5);
    // on four ads that it has not seen: far from certain, but the scores differ
    expect(result.auc).toBeGreaterThan(0.2);
    expect(result.auc).not.toBe(0.5);
    const truth = said.join('\n').match(/the hidden truth itself \| (\S+) \|/)?.[1];
    expect(Number(truth)).toBeGreaterThan(0.5);
  },
  LIMIT_MS,
);
