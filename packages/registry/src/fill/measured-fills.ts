import type { FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import { OVER_ALL_ROWS } from '../coverage/view-coverage.ts';
import type { RegistryStore } from '../registry-store.ts';
import type { FillEstimate } from './estimate-fill.ts';

/** What earlier runs tell of filling a view version. */
export interface MeasuredFill {
  /** Rows of the newest run over all rows of another version of the view. */
  readonly rows: number | null;
  readonly rate: FillEstimate['rate'];
}

/** A shorter run says more about starting than about computing. */
const MIN_ROWS = 20;
/** Runs that are looked at for the rates of other views. */
const NEWEST_RUNS = 500;
/** Own functions have nothing in common but their kind. */
const OWN_KIND = 'own';

interface MeasuredRow {
  readonly rows: number | null;
  readonly same_rate: number | null;
  readonly same_ref: string | null;
  readonly kind_rate: number | null;
  readonly kind_ref: string | null;
}

const RATE = sql<number>`((r.rows_done + r.rows_failed)::float8 / greatest(0.001,
  extract(epoch from r.finished_at - r.started_at) - r.paused_ms / 1000.0))::float8`;

/** Condition: most rows of the run (alias `r`) were computed, without a limit on their rate. */
const MEASURES = sql<boolean>`(r.finished_at is not null and r.started_at is not null and r.trigger <> 'push'
  and r.max_rows_per_second is null and r.rows_done >= ${sql.lit(MIN_ROWS)} and r.rows_skipped <= r.rows_done)`;

/** In the order of the views: rates of the view itself, else of the newest run of a view with the same ready-made computation. */
export async function readMeasuredFills(
  store: RegistryStore,
  project: string,
  views: readonly FeatureViewManifest[],
): Promise<MeasuredFill[]> {
  const wanted = views.map(({ name, version, compute }) => ({
    view: name,
    version,
    kind:
      compute === null
        ? 'none'
        : compute.kind === OWN_KIND || compute.code_sha256 !== null
          ? null
          : compute.kind,
  }));
  const { rows } = await sql<MeasuredRow>`
    with newest as materialized (
      select r.view, r.version, r.revision, ${RATE} as rate, coalesce(v.definition #>> '{compute,kind}', 'none') as kind
      from (select * from larder.runs where project = ${project} and trigger <> 'push'
        order by revision desc limit ${sql.lit(NEWEST_RUNS)}) r
      join larder.view_versions v on v.project = r.project and v.view = r.view and v.version = r.version
      where ${MEASURES}
    )
    select other.rows, same.rate as same_rate, same.ref as same_ref, kind.rate as kind_rate, kind.ref as kind_ref
    from rows from (jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as (view text, version integer, kind text))
      with ordinality as wanted (view, version, kind, ordinality)
    left join lateral (
      select r.rows_total::float8 as rows from larder.runs r
      where r.project = ${project} and r.view = wanted.view and ${OVER_ALL_ROWS} and r.finished_at is not null
      order by r.version desc, r.revision desc limit 1) other on true
    left join lateral (
      select ${RATE} as rate, r.view || '@' || r.version as ref from larder.runs r
      where r.project = ${project} and r.view = wanted.view and ${MEASURES}
      order by r.revision desc limit 1) same on true
    left join lateral (
      select n.rate, n.view || '@' || n.version as ref from newest n
      where n.kind = wanted.kind order by n.revision desc limit 1) kind on true
    order by wanted.ordinality`.execute(store.db);
  return rows.map((row) => ({ rows: row.rows, rate: rateOf(row) }));
}

function rateOf(row: MeasuredRow): FillEstimate['rate'] {
  if (row.same_rate !== null && row.same_ref !== null)
    return { rowsPerSecond: row.same_rate, measuredIn: row.same_ref };
  if (row.kind_rate !== null && row.kind_ref !== null)
    return { rowsPerSecond: row.kind_rate, measuredIn: row.kind_ref };
  return null;
}
