import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { sql } from 'kysely';
import type { RegistryStore } from '../registry-store.ts';
import type { EntityCounts } from './entity-counts.ts';

/** How much of a view version has landed. */
export interface ViewCoverage {
  readonly ref: string;
  /** From 0 to 1. */
  readonly share: number;
  readonly landed: number;
  /** Null: no run tells how many there are; what has landed then counts as everything. */
  readonly expected: number | null;
}

/** What runs tell of a view version without reading history. */
interface RunFacts {
  readonly view: string;
  readonly version: number;
  /** Rows of the newest run over all rows that was counted; null: there is none. */
  readonly expected: number | null;
  /** Rows that it has landed so far, also unchanged ones. */
  readonly landed: number | null;
  /** The same of the newest such run that has ended. */
  readonly landed_before: number | null;
  readonly open: boolean;
  /** Something landed outside of that run since it ended: pushes, or runs over some entities. */
  readonly landed_since: boolean;
  readonly any_landed: boolean;
  /** The newest other version with a counted run over all rows, and its rows. */
  readonly other_version: number | null;
  readonly other_expected: number | null;
  readonly newest_landed_at: Date | null;
  /** Of a windowed view: the tiles of the events before it are built. Null: no windowed view. */
  readonly windows_built: boolean | null;
}

/** Condition: the run (alias `r`) takes every row of its source, and its rows are counted. A run over missing entities lists the others as unchanged. */
export const OVER_ALL_ROWS = sql<boolean>`(r.trigger <> 'push' and r.planned_at is not null and r.row_limit is null
  and (r.scope @> '{"all": true}' or r.scope @> '{"missing": true}'))`;

export interface CoverageOptions {
  readonly manifest: Manifest;
  /** References of view versions of the manifest. */
  readonly refs: readonly string[];
  /** Counts of entities in history, for views whose runs cannot tell. */
  readonly counts: EntityCounts;
}

/**
 * Coverage of view versions: rows that are online ÷ rows of the newest run over all rows. What its runs cannot tell is
 * counted in history: entities of this version ÷ entities of the newest other version that was filled by a run. A windowed view is
 * covered when the tiles of the events before it are built: an entity without events has empty windows.
 */
export async function readViewCoverage(
  store: RegistryStore,
  { manifest, refs, counts }: CoverageOptions,
): Promise<ViewCoverage[]> {
  const coverages: ViewCoverage[] = [];
  for (const facts of await readFacts(store, manifest, refs)) {
    const ref = `${facts.view}@${facts.version}`;
    const ofRuns = { ref, ...shareOfRuns(facts) };
    if (facts.windows_built !== null) {
      coverages.push({ ...ofRuns, share: facts.windows_built ? 1 : 0 });
      continue;
    }
    coverages.push((await countedShare(facts, ofRuns, { manifest, counts })) ?? ofRuns);
  }
  return coverages;
}

function shareOfRuns({
  expected,
  landed,
  landed_before: landedBefore,
  other_expected: otherExpected,
  any_landed: anyLanded,
}: RunFacts): Omit<ViewCoverage, 'ref'> {
  if (expected !== null) {
    // While a newer run lands again what an earlier one has landed, nothing is lost.
    const most = Math.max(landed ?? 0, landedBefore ?? 0);
    return { share: expected === 0 ? 1 : Math.min(1, most / expected), landed: most, expected };
  }
  if (otherExpected !== null) return { share: 0, landed: 0, expected: otherExpected };
  return { share: anyLanded ? 1 : 0, landed: 0, expected: null };
}

/** Null: runs tell enough, or history was not counted this time. */
async function countedShare(
  facts: RunFacts,
  { share, ref }: ViewCoverage,
  { manifest, counts }: Pick<CoverageOptions, 'manifest' | 'counts'>,
): Promise<ViewCoverage | null> {
  const worth = facts.expected === null ? facts.other_expected !== null : !facts.open && facts.landed_since;
  if (share >= 1 || !worth || facts.newest_landed_at === null) return null;
  const view = manifest.feature_views[ref];
  if (view === undefined) return null;
  const landed = await counts.of(manifest, view, facts.newest_landed_at);
  if (landed === null) return null;
  const expected = facts.expected ?? (await expectedOfOther(facts, landed, { manifest, view, counts }));
  if (expected === null) return null;
  const counted = expected === 0 ? 1 : Math.min(1, landed / expected);
  return counted > share ? { ref, share: counted, landed, expected } : null;
}

interface OtherVersion extends Pick<CoverageOptions, 'manifest' | 'counts'> {
  readonly view: FeatureViewManifest;
}

/** Entities of the newest other version: at most the rows of its newest run over all rows. */
async function expectedOfOther(
  { other_version: version, other_expected: rows }: RunFacts,
  landed: number,
  { manifest, view, counts }: OtherVersion,
): Promise<number | null> {
  if (version === null || rows === null || landed >= rows) return rows;
  const other = manifest.feature_views[viewRef({ ...view, version })] ?? { ...view, version };
  if (other.entity !== view.entity) return rows;
  // A source may have several rows per entity: entities are compared with entities.
  const entities = await counts.of(manifest, other, null);
  return entities === null ? null : Math.min(rows, entities);
}

const SUMS_OF_DONE = sql`
  select coalesce(sum(c.rows_total), 0)::float8 as expected,
    coalesce(sum(c.rows_done + c.rows_skipped) filter (where c.state = 'done'), 0)::float8 as landed
  from larder.chunks c where c.run_id = newest.run_id and newest.finished_at is null`;

async function readFacts(
  store: RegistryStore,
  { project, feature_views: views }: Manifest,
  refs: readonly string[],
): Promise<readonly RunFacts[]> {
  const wanted = refs.flatMap((ref) => {
    const view = views[ref];
    return view === undefined ? [] : [{ view: view.name, version: view.version }];
  });
  if (wanted.length === 0) return [];
  const { rows } = await sql<RunFacts>`
    select wanted.view, wanted.version,
      case when newest.run_id is null then null when newest.finished_at is null then open.expected
        else newest.rows_total end as expected,
      case when newest.finished_at is null then open.landed else newest.landed end as landed,
      ended.landed as landed_before,
      newest.run_id is not null and newest.finished_at is null as open,
      coalesce(fresh.newest_landed_at > newest.finished_at, false) as landed_since,
      fresh.newest_landed_at is not null as any_landed,
      other.version as other_version, other.rows_total as other_expected, fresh.newest_landed_at,
      case when windowed.view is not null then windowed.built_at is not null end as windows_built
    from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as wanted (view text, version integer)
    left join larder.view_freshness fresh
      on fresh.project = ${project} and fresh.view = wanted.view and fresh.version = wanted.version
    left join larder.windowed_views windowed on windowed.project = ${project} and windowed.view = wanted.view
      and windowed.version = wanted.version
    left join lateral (
      select r.run_id, r.finished_at, r.rows_total::float8, (r.rows_done + r.rows_skipped)::float8 as landed
      from larder.runs r
      where r.project = ${project} and r.view = wanted.view and r.version = wanted.version and ${OVER_ALL_ROWS}
      order by r.revision desc limit 1) newest on true
    left join lateral (
      select (r.rows_done + r.rows_skipped)::float8 as landed from larder.runs r
      where r.project = ${project} and r.view = wanted.view and r.version = wanted.version and ${OVER_ALL_ROWS}
        and r.finished_at is not null and newest.finished_at is null
      order by r.revision desc limit 1) ended on true
    left join lateral (${SUMS_OF_DONE}) open on true
    left join lateral (
      select r.version, r.rows_total::float8 from larder.runs r
      where r.project = ${project} and r.view = wanted.view and r.version <> wanted.version and ${OVER_ALL_ROWS}
        and r.finished_at is not null and newest.run_id is null
      order by r.version desc, r.revision desc limit 1) other on true`.execute(store.db);
  return rows;
}
