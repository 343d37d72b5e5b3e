import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import fc from 'fast-check';
import type { JsonValue } from '@larder/features';
import { joinedColumns, type OfflineStore } from '@larder/offline-store';
import {
  createJoinHistories,
  drawJoinCase,
  joinProject,
  joinViews,
  landJoinCase,
  naiveJoin,
  spineCsv,
  type JoinCase,
  type JoinedRow,
  type JoinedValue,
} from '@larder/offline-store/testing/point-in-time';
import { test } from '@larder/offline-store/testing';
import { sql } from 'kysely';
import { expect } from 'vitest';
import {
  archiveView,
  joinInDuckdb,
  openArchive,
  openDuckdb,
  scanFile,
  type Archive,
  type Duckdb,
} from '../index.ts';

/** Which chunks have a position when the archive is written, and which get one afterwards; the others have none. */
interface Drawn {
  readonly case: JoinCase;
  readonly archived: number;
  readonly numbered: number;
}
const drawn = fc.record({ case: drawJoinCase, archived: fc.nat(5), numbered: fc.nat(5) });

async function record(store: OfflineStore, chunkId: number, position: number | null): Promise<void> {
  for (const view of joinViews)
    await (
      position === null
        ? sql`insert into larder.unnumbered_changes (project, kind, view, version, chunk_id, rows, first_event_timestamp, last_event_timestamp)
          values ('joined', 'landed', ${view.name}, ${view.version}, ${chunkId}, 1, '0001-01-01', '9999-01-01')`
        : sql`insert into larder.changes (project, position, kind, view, version, chunk_id, rows, first_event_timestamp, last_event_timestamp, recorded_at, numbered_at)
          values ('joined', ${position * 10 + joinViews.indexOf(view)}, 'landed', ${view.name}, ${view.version}, ${chunkId}, 1, '0001-01-01', '9999-01-01', now(), now())`
    ).execute(store.db);
}

/** Lands the case and archives a part of it. */
async function archivePart(
  store: OfflineStore,
  archive: Archive,
  duckdb: Duckdb,
  part: Drawn,
): Promise<void> {
  await landJoinCase(store, part.case);
  for (const table of ['larder.unnumbered_changes', 'larder.changes', 'larder.feeds'])
    await sql`delete from ${sql.table(table)} where project = 'joined'`.execute(store.db);
  await sql`insert into larder.feeds (project, last_position) values ('joined', ${part.archived * 10 + 9})`.execute(
    store.db,
  );
  for (let chunk = 1; chunk <= 5; chunk++) await record(store, chunk, chunk <= part.archived ? chunk : null);
  for (const view of joinViews)
    await archiveView(store, { project: joinProject, view, archive, duckdb, rewrite: true });
  const upTo = Math.max(part.archived, part.numbered);
  await sql`delete from larder.unnumbered_changes where project = 'joined' and chunk_id <= ${upTo}`.execute(
    store.db,
  );
  for (let chunk = part.archived + 1; chunk <= upTo; chunk++) await record(store, chunk, chunk);
  await sql`update larder.feeds set last_position = ${upTo * 10 + 9} where project = 'joined'`.execute(
    store.db,
  );
}

async function joined(
  store: OfflineStore,
  archive: Archive,
  duckdb: Duckdb,
  { join, spine }: JoinCase,
): Promise<JoinedRow[]> {
  const path = joinPath(duckdb.folder, 'spine.csv');
  writeFileSync(path, spineCsv({ join, spine }));
  const columns = { row: 'BIGINT', at_us: 'BIGINT', k0: 'BIGINT', k1: 'VARCHAR' };
  const relation = scanFile({ path, format: 'csv', columns, header: false });
  await joinInDuckdb(store, duckdb, join, { archive, spine: relation, resultTable: 'result' });
  const rows = await duckdb.all<Record<string, unknown>>('select * from result order by row');
  expect(Object.keys(rows[0] ?? {})).toEqual(joinedColumns(join).map(({ name }) => name));
  return rows.map((row) =>
    joinedColumns(join).map((column): JoinedValue => {
      const value = row[column.name];
      if (value === null) return null;
      if (column.holds !== 'feature') return Number(value);
      if (column.field.type === 'timestamp') return Number(value);
      return column.field.type === 'json'
        ? (JSON.parse(value as string) as JsonValue)
        : (value as JoinedValue);
    }),
  );
}

test('DuckDB joins the archive and what landed since as the naive join does', async ({ store }) => {
  await createJoinHistories(store);
  // No process of this test numbers changes.
  await sql`create table larder.changes_of_all_days partition of larder.changes default`.execute(store.db);
  const dir = mkdtempSync(joinPath(tmpdir(), 'larder-join-test-'));
  const archive = await openArchive(store, dir, 'joined');
  const duckdb = await openDuckdb({ folders: [archive.folder] });
  const seen = { statuses: new Set<unknown>(), archived: 0, fresh: 0 };
  try {
    await fc.assert(
      fc.asyncProperty(drawn, async (part) => {
        await archivePart(store, archive, duckdb, part);
        const expected = naiveJoin(part.case);
        expect(await joined(store, archive, duckdb, part.case)).toEqual(expected);
        for (const row of expected) seen.statuses.add(row[1]);
        seen.archived += part.archived;
        seen.fresh += 5 - part.archived;
      }),
      { numRuns: 25 },
    );
    expect(seen.statuses).toEqual(new Set([0, 1, 2]));
    expect(Math.min(seen.archived, seen.fresh)).toBeGreaterThan(0);
  } finally {
    await duckdb.close();
    rmSync(dir, { recursive: true });
  }
});
