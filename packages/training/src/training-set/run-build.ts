import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { textLiteral, type Archive, type Duckdb } from '@larder/archive';
import { viewRef } from '@larder/features';
import { loggedBefore } from '@larder/offline-store';
import { checkDefinitions, setChanged } from './again/check-definitions.ts';
import type { BuildProgress, TrainingSetDeps } from './build-training-set.ts';
import type { ResolvedFeatures } from './features/resolve-features.ts';
import { hashRows } from './hash/hash-rows.ts';
import { historyLimits } from './history-limits.ts';
import { chooseEngine } from './join/choose-engine.ts';
import { joinGroups } from './join/join-groups.ts';
import { describeSet } from './output/describe-set.ts';
import { computeOnDemand } from './on-demand/compute-on-demand.ts';
import { hashedColumns, hashedSpine } from './output/set-columns.ts';
import { writeParts } from './output/write-parts.ts';
import { keyHashes } from './record/key-hashes.ts';
import { loadSpine } from './spine/load-spine.ts';
import { openSpine } from './spine/open-spine.ts';
import { planSplit } from './split/plan-split.ts';
import { setStatistics } from './statistics/set-statistics.ts';
import type { TrainingSetManifest } from './training-set-manifest.ts';
import type { SpineSource, TrainingSetRequest } from './training-set-request.ts';
import type { TrainingSetStatistics } from './training-set-statistics.ts';

export interface BuildContext {
  readonly deps: TrainingSetDeps;
  readonly request: TrainingSetRequest;
  /** The set to build again; null: a new one. */
  readonly again: TrainingSetManifest | null;
  readonly features: ResolvedFeatures;
  readonly duckdb: Duckdb;
  /** That DuckDB may join over. */
  readonly archive: Archive | null;
  readonly trainingSetId: string;
  readonly onProgress: (progress: BuildProgress) => void;
  readonly signal: AbortSignal;
}

export interface Built {
  readonly manifest: TrainingSetManifest;
  readonly statistics: TrainingSetStatistics;
  readonly hashes: Buffer | null;
}

const MAX_FUTURE_MS = 5 * 60_000;

/** The stages of a build, each from tables of DuckDB into tables or files. @param folder for the files of the set */
export async function runBuild(context: BuildContext, folder: string): Promise<Built> {
  const { deps, request, again, features, duckdb, onProgress, signal } = context;
  const { store, definitions, connections, clock } = deps;
  const { timeColumn = 'event_timestamp', cutOff = 'created', format = 'parquet' } = request;
  const { project } = definitions.manifest;
  const createdAt = new Date(clock.nowMs());
  if (again !== null) checkDefinitions(again, features, definitions.manifest);
  await duckdb.run(`attach ${textLiteral(join(duckdb.folder, 'work.duckdb'))} as work; use work`);

  onProgress({ stage: 'spine', done: 0, total: null });
  const source = await settled(store, request.spine, createdAt);
  const { manifest } = definitions;
  const file = await openSpine(duckdb, source, {
    store,
    manifest,
    connections,
    maxRows: deps.maxSpineRows ?? Number.POSITIVE_INFINITY,
    ...features,
    timeColumn,
    asOf: asOfOf(source, createdAt),
    signal,
  });
  const latest = new Date(createdAt.getTime() + MAX_FUTURE_MS);
  const spine = await loadSpine(duckdb, file, { features, timeColumn, latest });
  if (source.kind !== 'file') await rm(file.path, { force: true });
  const spineHash = await hashRows(duckdb, 'spine', hashedSpine(spine));
  if (again !== null && again.spine.sha256 !== spineHash)
    throw setChanged(again, 'the rows or columns of its spine are not as they were');
  const split = await planSplit(duckdb, spine, request.split ?? null);

  const ttls = new Map(again?.views.map(({ ref, ttl_ms: ttlMs }) => [ref, ttlMs]));
  const joins = features.groups.map(({ entity, views }) => ({
    project: manifest,
    entity,
    views: views.map(({ view, features: read }) => ({
      view,
      features: read,
      ttlMs: ttls.get(viewRef(view)) ?? view.ttl_ms,
    })),
    cutOff,
  }));
  const limits =
    again === null
      ? await historyLimits(store, joins, project)
      : { landedBefore: new Date(again.history.landed_before), revision: again.history.revision };
  const asked = request.engine ?? 'auto';
  const engine = await joinGroups(duckdb, {
    store,
    spine,
    joins: joins.map((joined) => ({ ...joined, landedBefore: limits.landedBefore })),
    asked,
    engine: await chooseEngine(store, { asked, archive: context.archive, joins, rows: spine.rows }),
    signal,
    onRows: (done) => onProgress({ stage: 'join', done, total: spine.rows * joins.length }),
  });
  if (features.columns.some(({ kind }) => kind === 'on_demand'))
    await computeOnDemand(duckdb, {
      features,
      spine,
      signal,
      onRows: (done) => onProgress({ stage: 'on_demand', done, total: spine.rows }),
    });

  onProgress({ stage: 'write', done: 0, total: spine.rows });
  const written = await writeParts(duckdb, {
    features,
    spine,
    split,
    format,
    folder,
    onRows: (done) => onProgress({ stage: 'write', done, total: spine.rows }),
  });
  const all = `(${written.relations.map((relation) => `select * from ${relation}`).join(' union all ')})`;
  const contentHash = await hashRows(duckdb, all, hashedColumns(features, spine));
  if (again !== null && again.content_sha256 !== contentHash)
    throw setChanged(
      again,
      'history does not hold the same rows any more: keys were erased, or rows were dropped by retention',
    );
  const described = await describeSet(context, {
    source,
    spine,
    split,
    files: written.files,
    limits,
    createdAt,
    spineHash,
    contentHash,
    timeColumn,
    cutOff,
    ttls,
    engine,
  });
  const statistics = await setStatistics(context, written);
  const hashes = await keyHashes(duckdb, store, { project, features, spine });
  return { manifest: described, statistics, hashes };
}

/** Predictions and labels that are being written, or come later, must not change the set when it is built again. */
async function settled(
  store: TrainingSetDeps['store'],
  source: SpineSource,
  createdAt: Date,
): Promise<SpineSource> {
  if (source.kind !== 'predictions' || source.labelsAsOf !== null) return source;
  const before = Math.min(createdAt.getTime(), (await loggedBefore(store)).getTime());
  return { ...source, labelsAsOf: new Date(before).toISOString() };
}

function asOfOf(source: SpineSource, createdAt: Date): Date {
  return source.kind === 'predictions' && source.labelsAsOf !== null
    ? new Date(source.labelsAsOf)
    : createdAt;
}
