import { findArchive, type Archive } from '@larder/archive';
import { LarderError } from '@larder/core';
import { viewRef } from '@larder/features';
import type { OfflineStore, PointInTimeJoin } from '@larder/offline-store';
import { sql } from 'kysely';
import type { Engine, EngineChoice } from '../training-set-request.ts';

export interface ChosenEngine {
  readonly name: Engine;
  readonly why: string;
  /** Of the archive that DuckDB reads. */
  readonly archive: Archive | null;
}

export interface ChooseEngineOptions {
  readonly asked: EngineChoice;
  readonly archive: Archive | null;
  readonly joins: readonly Pick<PointInTimeJoin, 'views'>[];
  readonly rows: number;
}

/**
 * PostgreSQL looks up every row in every view: ADR 9 measured 9.6 µs of CPU time. DuckDB reads every view once; its
 * costs are orders of magnitude, which `npm run bench -- pit-duckdb` shows.
 */
const POSTGRESQL_US_PER_ROW = 9;
const DUCKDB_US_PER_HISTORY_ROW = 1;
const DUCKDB_US_PER_ROW = 1;
const DUCKDB_START_US = 1_000_000;

/** The archive for a build that may use DuckDB; null where there is none. @throws ARCHIVE_BEHIND when DuckDB is asked for without one */
export async function archiveFor(
  store: OfflineStore,
  {
    asked,
    folder,
    project,
  }: { readonly asked: EngineChoice; readonly folder: string | null; readonly project: string },
): Promise<Archive | null> {
  if (asked === 'postgresql') return null;
  const archive = folder === null ? null : await findArchive(store, folder, project);
  if (archive === null && asked === 'duckdb')
    throw new LarderError(
      'ARCHIVE_BEHIND',
      'DuckDB joins over the archive, and there is none yet. Run: larder archive',
    );
  return archive;
}

/** Chooses the engine that is expected to be faster, unless one is asked for. */
export async function chooseEngine(
  { db }: Pick<OfflineStore, 'db'>,
  { asked, archive, joins, rows }: ChooseEngineOptions,
): Promise<ChosenEngine> {
  if (asked !== 'auto')
    return { name: asked, why: 'asked for', archive: asked === 'duckdb' ? archive : null };
  if (archive === null) return { name: 'postgresql', why: 'there is no archive', archive: null };
  // windowed views are joined by PostgreSQL, whatever joins the others
  const refs = joins.flatMap(({ views }) =>
    views.flatMap(({ view }) => (view.windowed === undefined ? viewRef(view) : [])),
  );
  if (refs.length === 0)
    return { name: 'postgresql', why: 'the archive has no events of windowed views', archive: null };
  const { rows: archived } = await sql<{ ref: string; rows: number }>`
    select view || '@' || version as ref, sum(rows)::float8 as rows from larder.archive_files
    where archive_id = ${archive.archiveId} and not removed and view || '@' || version = any(${refs}::text[]) group by 1`.execute(
    db,
  );
  const missing = refs.find((ref) => !archived.some((each) => each.ref === ref));
  if (missing !== undefined)
    return { name: 'postgresql', why: `${missing} is not in the archive`, archive: null };
  const history = archived.reduce((sum, each) => sum + each.rows, 0);
  const postgresql = rows * refs.length * POSTGRESQL_US_PER_ROW;
  const duckdb =
    DUCKDB_START_US + history * DUCKDB_US_PER_HISTORY_ROW + rows * refs.length * DUCKDB_US_PER_ROW;
  const costs = `about ${seconds(postgresql)} by PostgreSQL, ${seconds(duckdb)} by DuckDB over the archive`;
  return duckdb < postgresql
    ? { name: 'duckdb', why: costs, archive }
    : { name: 'postgresql', why: costs, archive: null };
}

function seconds(microseconds: number): string {
  const value = microseconds / 1e6;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
}
