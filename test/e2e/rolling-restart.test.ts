import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { test } from '@larder/testing';
import { expect, inject } from 'vitest';
import { restartEverything } from '../rolling/restart-everything.ts';

test(
  'every process is replaced under load: no caller sees an error, and all that they were told is true',
  { timeout: 600_000 },
  async ({ database, redis }) => {
    const { told, lost, exitCodes } = await restartEverything({
      stores: { databaseUrl: database.url, redisUrl: redis.url },
      folder: join(inject('testFolder'), randomUUID()),
      processes: 2,
      drainSeconds: 3,
      pauseMs: 10,
    });
    // A machine that stalls makes Redis count as away, which this test is not about.
    expect(told.errors.filter((error) => !error.includes('ONLINE_STORE_UNAVAILABLE'))).toEqual([]);
    expect(exitCodes).toEqual([0, 0, 0, 0]);
    expect(lost).toEqual({ predictions: 0, pushedRows: 0, runs: [] });
    expect(Math.min(...Object.values(told.requests))).toBeGreaterThan(0);
    expect(told.predictionIds.length).toBeGreaterThan(100);
    expect(told.pushed.size).toBeGreaterThan(100);
    expect(told.runs.length).toBeGreaterThan(0);
  },
);
