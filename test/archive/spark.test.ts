import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from '@larder/offline-store/testing';
import { describe, expect } from 'vitest';
import { archivePrices, joinedByPostgresql } from './archived-prices.ts';
import { SPARK_PYTHON } from './python.config.ts';

const run = promisify(execFile);
const TTL_MS = 2 * 86_400_000;

describe.skipIf(SPARK_PYTHON === undefined)(
  'the archive in Spark',
  () => {
    test('a training set by Spark SQL has the rows of PostgreSQL', async ({ store }) => {
      const prices = await archivePrices(store);
      try {
        const { spine, joined } = await joinedByPostgresql(prices, TTL_MS);
        const script = join(import.meta.dirname, 'spark_training_set.py');
        const { stdout } = await run(SPARK_PYTHON as string, [script, prices.files, spine, String(TTL_MS)], {
          maxBuffer: 64 * 2 ** 20,
        });
        const rows = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown);
        expect(rows).toEqual(joined);
        expect(new Set(joined.map(([, status]) => status))).toEqual(new Set([0, 1, 2]));
      } finally {
        prices.remove();
      }
    });
  },
  400_000,
);
