import { followedParents, viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { sql } from 'kysely';
import type { RunStore } from '../runs/index.ts';

/** How old the newest is that is known of a view version. */
export interface ViewAge {
  readonly ref: string;
  /** Null: none declared. */
  readonly objectiveMs: number | null;
  /** What is stored was current then: its newest event, or the start of the last run over all rows. Without rows: when it was applied. */
  readonly asOf: Date;
  readonly filled: boolean;
  /** When it is, or was, beyond its objective: never sooner after the apply that added it, so that it can be filled. */
  readonly staleFrom: Date | null;
  readonly stale: boolean;
  /** Since when a change that it is computed from waits; null: none does, or the view is not computed from others. */
  readonly behindSince: Date | null;
}

/** A chain reads a change within seconds while a worker runs that has its code. */
const BEHIND_S = 60;

interface AgeRow {
  readonly view: string;
  readonly version: number;
  readonly newest: Date | null;
  readonly created: Date | null;
  readonly chained: boolean;
  readonly behindSince: Date | null;
  readonly now: Date;
}

/** The ages of applied view versions by PostgreSQL's clock; nothing is counted. */
export async function viewAges(store: RunStore, manifest: Manifest): Promise<ViewAge[]> {
  const { project } = manifest;
  const views = Object.values(manifest.feature_views);
  const { rows } = await sql<AgeRow>`
    select w.view, w.version, greatest(f.newest_event_timestamp, run.started_at) as newest, v.created_at as created,
      c.project is not null as chained, unread.numbered_at as "behindSince", now() as now
    from unnest(${views.map(({ name }) => name)}::text[], ${views.map(({ version }) => version)}::integer[]) w (view, version)
    left join larder.view_versions v on v.project = ${project} and v.view = w.view and v.version = w.version
    left join larder.view_freshness f on f.project = ${project} and f.view = w.view and f.version = w.version
    left join larder.chains c on c.project = ${project} and c.view = w.view and c.version = w.version
    left join lateral (
      select numbered_at from larder.changes
      where project = c.project and position > split_part(coalesce(c.cursor, '0'), '@', 1)::bigint
      order by position limit 1) unread on unread.numbered_at < now() - ${BEHIND_S} * interval '1 second'
    left join lateral (
      select r.started_at from larder.runs r
      where r.project = ${project} and r.view = w.view and r.version = w.version and r.trigger <> 'push'
        and r.status in ('succeeded', 'partial') and r.scope @> '{"all": true}' and r.row_limit is null
      order by r.revision desc limit 1) run on true`.execute(store.db);
  const byRef = new Map(rows.map((row) => [viewRef({ name: row.view, version: row.version }), row]));
  return views.map((view) => ageOf(view, newestOf(manifest, view, byRef), byRef.get(viewRef(view))));
}

/** A chain that has followed everything is as fresh as the least fresh of the views that it is computed from. */
function newestOf(
  manifest: Manifest,
  view: FeatureViewManifest,
  rows: ReadonlyMap<string, AgeRow>,
): Date | null {
  const row = rows.get(viewRef(view));
  const own = row?.newest ?? null;
  if (row === undefined || !row.chained || row.behindSince !== null) return own;
  const parents = followedParents(manifest, view).flatMap(({ name, version }) => {
    const parent = manifest.feature_views[viewRef({ name, version })];
    return parent === undefined ? [] : [newestOf(manifest, parent, rows)];
  });
  if (parents.length === 0 || parents.includes(null)) return own;
  const oldest = new Date(Math.min(...parents.map(Number)));
  return own === null || oldest > own ? oldest : own;
}

function ageOf(view: FeatureViewManifest, newest: Date | null, row: AgeRow | undefined): ViewAge {
  const objectiveMs = view.freshness_objective_ms ?? null;
  const nowMs = row?.now.getTime() ?? Date.now();
  const asOf = newest ?? row?.created ?? new Date(nowMs);
  const sinceMs = Math.max(asOf.getTime(), row?.created?.getTime() ?? 0);
  const staleFrom = objectiveMs === null ? null : new Date(sinceMs + objectiveMs);
  return {
    ref: viewRef(view),
    objectiveMs,
    asOf,
    filled: newest !== null,
    staleFrom,
    stale: staleFrom !== null && nowMs > staleFrom.getTime(),
    behindSince: row?.behindSince ?? null,
  };
}
