import { viewRef, type FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import { historyPlace, historyTable, type HistoryProject } from '../history/history-table.ts';
import { keyRows, keysMatch, type KeyValues } from '../history/key-parameters.ts';
import { NEWEST_FIRST } from '../history/newest-first.ts';
import type { OfflineStore } from '../offline-store.ts';
import type { RunStatus } from '../tables/runs.table.ts';

/** What runs and history know of an entity that has no online row of a view version. */
export interface Absence {
  readonly ref: string;
  /** The newest failure of this key that is still on record. */
  readonly failure: AbsentFailure | null;
  /** The newest row of history. */
  readonly landed: LandedRow | null;
  /** The newest run that has not ended. */
  readonly open: AbsentRun | null;
  /** The newest run over all rows of the source that succeeded, at least in part. */
  readonly full: AbsentRun | null;
  /** The newest run that has ended; runs of pushes aside. */
  readonly ended: AbsentRun | null;
  /** Something of this view version has landed, by a run or a push. */
  readonly anyLanded: boolean;
}

export interface AbsentFailure {
  readonly runId: string;
  readonly code: string;
  readonly reason: string;
  readonly retryable: boolean;
  readonly attempts: number;
  readonly failedAt: Date;
  /** When its run retries the row automatically; null: it does not. */
  readonly retryAt: Date | null;
}

export interface LandedRow {
  readonly eventTimestamp: Date;
  readonly landedAt: Date;
  /** The source no longer has the key, as a run found then; null: it has. */
  readonly goneSince: Date | null;
  /** Its chunk has not been confirmed by the online store yet. */
  readonly landing: boolean;
}

export interface AbsentRun {
  readonly runId: string;
  readonly status: RunStatus;
  readonly finishedAt: Date | null;
  /** Some of its rows failed without a readable key, or whole chunks did; looked up among the first failures only. */
  readonly failedWithoutKey: boolean;
}

interface AbsentEntity {
  readonly key: string;
  readonly keys: KeyValues;
}

type Store = Pick<OfflineStore, 'db'>;

/** Reads why an entity may have no online rows of these view versions, in their order: one indexed lookup per view and question. */
export async function readAbsences(
  store: Store,
  project: HistoryProject,
  views: readonly FeatureViewManifest[],
  entity: AbsentEntity,
): Promise<Absence[]> {
  if (views.length === 0) return [];
  const known = await readRuns(store, project, views, entity.key);
  return Promise.all(
    views.map(async (view, at) => {
      const { has_history: hasHistory, any_landed: anyLanded, ...runs } = known[at] as RunsRow;
      const landed = hasHistory ? await newestRow(store, project, view, entity.keys) : null;
      return {
        ref: viewRef(view),
        failure: revive(runs.failure, ['failedAt', 'retryAt']),
        landed,
        open: revive(runs.open, ['finishedAt']),
        full: revive(runs.full, ['finishedAt']),
        ended: revive(runs.ended, ['finishedAt']),
        anyLanded,
      };
    }),
  );
}

interface RunsRow {
  readonly has_history: boolean;
  readonly any_landed: boolean;
  readonly failure: AbsentFailure | null;
  readonly open: AbsentRun | null;
  readonly full: AbsentRun | null;
  readonly ended: AbsentRun | null;
}

/** A run may have a million failures. */
const LOOKED_AT = 5_000;
const RUN = sql`jsonb_build_object('runId', r.run_id, 'status', r.status, 'finishedAt', r.finished_at,
  'failedWithoutKey', exists (
    select from (select entity_key from larder.row_failures f where f.run_id = r.run_id limit ${sql.lit(LOOKED_AT)}) looked_at
    where entity_key is null))`;
const OF_VIEW = sql`r.view = wanted.view and r.version = wanted.version`;

async function readRuns(
  store: Store,
  { project, entities }: HistoryProject,
  views: readonly FeatureViewManifest[],
  key: string,
): Promise<readonly RunsRow[]> {
  const wanted = views.map((view) => {
    const place = historyPlace({ project, entities }, view);
    return { view: view.name, version: view.version, schema: place.schema, table: place.name };
  });
  const newestRun = (condition: ReturnType<typeof sql>) => sql`(
    select ${RUN} from larder.runs r
    where r.project = ${project} and ${OF_VIEW} and r.trigger <> 'push' and ${condition}
    order by r.revision desc limit 1)`;
  const { rows } = await sql<RunsRow>`
    select to_regclass(format('%I.%I', wanted.schema, wanted."table")) is not null as has_history,
      exists (select from larder.view_freshness v
        where v.project = ${project} and v.view = wanted.view and v.version = wanted.version
          and v.newest_landed_at is not null) as any_landed,
      (select jsonb_build_object('runId', f.run_id, 'code', f.code, 'reason', f.reason, 'retryable', f.retryable,
          'attempts', f.attempts, 'failedAt', f.failed_at, 'retryAt', f.retry_at)
        from larder.row_failures f join larder.runs r using (run_id)
        where f.entity_key = ${key} and r.project = ${project} and ${OF_VIEW}
        order by f.failed_at desc limit 1) as failure,
      ${newestRun(sql`r.finished_at is null`)} as open,
      ${newestRun(sql`r.status in ('succeeded', 'partial') and r.scope @> '{"all": true}' and r.row_limit is null`)} as "full",
      ${newestRun(sql`r.finished_at is not null`)} as ended
    from rows from (jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb)
        as (view text, version integer, schema text, "table" text))
      with ordinality as wanted (view, version, schema, "table", ordinality)
    order by wanted.ordinality`.execute(store.db);
  return rows;
}

async function newestRow(
  store: Store,
  project: HistoryProject,
  view: FeatureViewManifest,
  keys: KeyValues,
): Promise<LandedRow | null> {
  const place = historyTable(project, view);
  const { rows } = await sql<LandedRow>`
    select history.event_timestamp as "eventTimestamp", history.landed_at as "landedAt",
      case when ${sql.raw(place.isGone)} then history.created_timestamp end as "goneSince",
      exists (select from larder.chunks c where c.chunk_id = history.chunk_id and c.state = 'landed_history') as landing
    from ${keyRows(place, [keys])}
    join ${sql.table(`${place.schema}.${place.name}`)} as history on ${keysMatch(place)}
    order by ${sql.raw(NEWEST_FIRST)}
    limit 1`.execute(store.db);
  return rows[0] ?? null;
}

/** JSON has no instants: these members are read from their text. */
function revive<T extends object>(found: T | null, instants: readonly (keyof T)[]): T | null {
  if (found === null) return null;
  const read = instants.map((name) => {
    const text = found[name] as unknown as string | null;
    return [name, text === null ? null : new Date(text)] as const;
  });
  return { ...found, ...Object.fromEntries(read) };
}
