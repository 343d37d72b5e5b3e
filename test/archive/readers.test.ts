import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HistoryRow } from '@larder/offline-store';
import { test } from '@larder/offline-store/testing';
import { describe, expect } from 'vitest';
import { archivePrices } from './archived-prices.ts';
import { READERS_PYTHON } from './python.config.ts';

const run = promisify(execFile);

interface ReadRow {
  readonly ad_id: string;
  readonly event_us: number;
  readonly created_us: number;
  readonly revision: number;
}

const order = (a: ReadRow, b: ReadRow): number =>
  a.ad_id.localeCompare(b.ad_id) ||
  a.event_us - b.event_us ||
  a.created_us - b.created_us ||
  a.revision - b.revision;

const expected = (row: HistoryRow, onlineAt: Date) => ({
  ad_id: row.keys['ad_id'] as string,
  month: new Date(row.eventTimestampMs).toISOString().slice(0, 7),
  event_us: row.eventTimestampMs * 1_000,
  created_us: row.createdTimestampMs * 1_000,
  online_us: onlineAt.getTime() * 1_000,
  revision: row.revision,
  is_gone: row.isGone === true,
  price: row.values['price'] ?? null,
  title: row.values['title'] ?? null,
  embedding: row.values['embedding'] ? [...(row.values['embedding'] as Float32Array)] : null,
});

describe.skipIf(READERS_PYTHON === undefined)(
  'the archive as it is, in Python',
  () => {
    test('DuckDB, Polars and pandas read every row and every value', async ({ store }) => {
      const { files, rows, onlineAt, remove } = await archivePrices(store);
      try {
        for (const library of ['duckdb', 'polars', 'pandas', 'polars by its list']) {
          const script = join(import.meta.dirname, 'read_archive.py');
          const { stdout } = await run(READERS_PYTHON as string, [script, library, files], {
            maxBuffer: 64 * 2 ** 20,
          });
          const read = JSON.parse(stdout) as { names: string[]; rows: ReadRow[] };
          expect(read.names).toEqual(
            expect.arrayContaining([
              'ad_id',
              'created_timestamp',
              'event_timestamp',
              'landed_at',
              'month',
              'online_at',
            ]),
          );
          const wanted = rows.map((row) => expected(row, onlineAt));
          expect({ library, rows: read.rows.toSorted(order) }).toEqual({
            library,
            rows: wanted.toSorted(order),
          });
        }
      } finally {
        remove();
      }
    });
  },
  240_000,
);
