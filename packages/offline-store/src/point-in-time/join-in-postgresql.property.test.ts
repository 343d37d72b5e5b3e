import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect } from 'vitest';
import { joinInPostgresql } from '../index.ts';
import {
  createJoinHistories,
  drawJoinCase,
  landJoinCase,
  naiveJoin,
  readJoinedCsv,
  spineCsv,
} from '../testing/point-in-time.ts';
import { test } from '../testing/store.ts';

test('PostgreSQL joins as the naive join does: ties, late rows, corrections, ends, TTL, every type', async ({
  store,
}) => {
  const { rows } = await store.pool.query<{ name: string }>('select current_database() as name');
  await store.pool.query(`alter database "${rows[0]?.name}" set timezone to 'America/New_York'`);
  await createJoinHistories(store);
  const statuses = new Set<unknown>();
  await fc.assert(
    fc.asyncProperty(drawJoinCase, fc.integer({ min: 1, max: 40 }), async (drawn, rowsPerPiece) => {
      await landJoinCase(store, drawn);
      const spine = Readable.from([Buffer.from(spineCsv(drawn))], { objectMode: false });
      const csv = await text(joinInPostgresql(store, drawn.join, spine, { rowsPerPiece }));
      const expected = naiveJoin(drawn);
      expect(readJoinedCsv(drawn.join, csv)).toEqual(expected);
      for (const row of expected) statuses.add(row[1]);
    }),
    { numRuns: 80 },
  );
  expect(statuses).toEqual(new Set([0, 1, 2]));
});
