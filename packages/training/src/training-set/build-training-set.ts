import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { openDuckdb, type Duckdb } from '@larder/archive';
import { isLarderError, LARDER_VERSION, LarderError, newId, type Clock } from '@larder/core';
import {
  viewRef,
  type Manifest,
  type OnDemandFeatureViewManifest,
  type OnDemandFunction,
} from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { resolveFeatures, type ResolvedFeatures } from './features/resolve-features.ts';
import { hashRows } from './hash/hash-rows.ts';
import { historyLimits, type HistoryLimits } from './history-limits.ts';
import { joinGroup } from './join/join-group.ts';
import { computeOnDemand } from './on-demand/compute-on-demand.ts';
import { countMissing } from './output/count-missing.ts';
import { openOutputFolder } from './output/output-folder.ts';
import { hashedColumns, hashedSpine } from './output/set-columns.ts';
import { writeParts, type WrittenSet } from './output/write-parts.ts';
import { keyHashes } from './record/key-hashes.ts';
import { recordComplete, recordFailure, recordStart } from './record/training-set-record.ts';
import { loadSpine, type LoadedSpine } from './spine/load-spine.ts';
import { openSpine } from './spine/open-spine.ts';
import { planSplit, type PlannedSplit } from './split/plan-split.ts';
import { featureStatistics } from './statistics/feature-statistics.ts';
import type { TrainingSetManifest } from './training-set-manifest.ts';
import type { SpineSource, TrainingSetRequest } from './training-set-request.ts';
import type { FeatureStatistics, TrainingSetStatistics } from './training-set-statistics.ts';

export interface TrainingSetDeps {
  readonly store: OfflineStore;
  /** Of a model version: its content with the live policies. Of a list: what is applied. */
  readonly definitions: TrainingSetDefinitions;
  /** Addresses of the project's connections, by name. */
  readonly connections: Readonly<Record<string, string>>;
  /** Work in progress; needs about three times the size of the set. @default the system's */
  readonly temporaryFolder?: string | undefined;
  readonly actor: string;
  readonly clock: Clock;
}

export interface TrainingSetDefinitions {
  readonly manifest: Manifest;
  readonly functionOf: (definition: OnDemandFeatureViewManifest) => OnDemandFunction;
}

export interface BuildOptions {
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
  /** Ends the build; nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
  /** Of a set that is recorded already. @default a new one */
  readonly trainingSetId?: string | undefined;
  /** Of the service that builds it. @default null: a command */
  readonly processId?: string | undefined;
}

export interface BuildProgress {
  readonly stage: 'spine' | 'join' | 'on_demand' | 'write' | 'statistics';
  /** Rows of the stage that are done. */
  readonly done: number;
  /** Null: not known yet. */
  readonly total: number | null;
}

/** Memory of DuckDB; with Node and the streams between them, a build stays below half a gigabyte. */
const MEMORY_MB = 192;
const MAX_FUTURE_MS = 5 * 60_000;

/**
 * Joins the features to the rows of the spine, each as it was known at the row's time, and writes the set to a folder
 * that appears when it is complete. Needs constant memory.
 * @throws SPINE_INVALID, REQUEST_INVALID, FOLDER_NOT_EMPTY, ON_DEMAND_FAILED, DISK_FULL, DATABASE_UNAVAILABLE, the
 * signal's reason
 */
export async function buildTrainingSet(
  deps: TrainingSetDeps,
  request: TrainingSetRequest,
  options: BuildOptions = {},
): Promise<TrainingSetManifest> {
  const { onProgress = () => {}, signal = new AbortController().signal, trainingSetId = newId() } = options;
  const features = resolveFeatures(deps.definitions, request.features);
  const folder = await openOutputFolder(request.folder);
  const { store } = deps;
  try {
    await recordStart(store, {
      trainingSetId,
      project: deps.definitions.manifest.project,
      model: features.model,
      request: { ...request, folder: undefined },
      folder: resolve(request.folder),
      actor: deps.actor,
      processId: options.processId ?? null,
    });
    try {
      const duckdb = await openDuckdb({
        memoryLimitMb: MEMORY_MB,
        folders: [folder.building, ...spineFolders(request.spine)],
        ...(deps.temporaryFolder !== undefined && { tempFolder: deps.temporaryFolder }),
        signal,
      });
      try {
        const build = new Build(deps, request, { features, duckdb, trainingSetId, onProgress, signal });
        const { manifest, statistics, hashes } = await build.run(folder.building);
        await writeFile(join(folder.building, 'statistics.json'), json(statistics));
        await writeFile(join(folder.building, 'manifest.json'), json(manifest));
        await recordComplete(store, manifest, { statistics, keyHashes: hashes });
        await folder.publish();
        return manifest;
      } finally {
        await duckdb.close();
      }
    } catch (error) {
      const problem = failure(error, signal);
      await recordFailure(store, trainingSetId, {
        code: isLarderError(problem) ? problem.code : 'INTERNAL',
        reason: problem instanceof Error ? problem.message : String(problem),
      }).catch(() => {});
      throw problem;
    }
  } finally {
    await folder.discard();
  }
}

function spineFolders(spine: SpineSource): string[] {
  return spine.kind === 'file' ? [dirname(resolve(spine.path))] : [];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function failure(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted)
    return new LarderError('TRAINING_SET_STOPPED', 'The build was stopped; nothing of the set is left.', {
      cause: error,
    });
  const message = error instanceof Error ? error.message : '';
  if (/ENOSPC|No space left on device/.test(message))
    return new LarderError('DISK_FULL', `The disk is full: ${message}`, { cause: error });
  return error;
}

interface BuildContext {
  readonly features: ResolvedFeatures;
  readonly duckdb: Duckdb;
  readonly trainingSetId: string;
  readonly onProgress: (progress: BuildProgress) => void;
  readonly signal: AbortSignal;
}

class Build {
  readonly #deps: TrainingSetDeps;
  readonly #request: TrainingSetRequest;
  readonly #context: BuildContext;

  constructor(deps: TrainingSetDeps, request: TrainingSetRequest, context: BuildContext) {
    this.#deps = deps;
    this.#request = request;
    this.#context = context;
  }

  async run(building: string) {
    const { store, definitions, clock } = this.#deps;
    const { timeColumn = 'event_timestamp', cutOff = 'created', split: asked = null } = this.#request;
    const { duckdb, features, trainingSetId, onProgress, signal } = this.#context;
    const createdAt = new Date(clock.nowMs());
    await duckdb.run(
      `attach '${join(duckdb.folder, 'work.duckdb').replaceAll("'", "''")}' as work; use work`,
    );
    onProgress({ stage: 'spine', done: 0, total: null });
    const file = await openSpine(duckdb, this.#request.spine);
    const latest = new Date(createdAt.getTime() + MAX_FUTURE_MS);
    const spine = await loadSpine(duckdb, file, { features, timeColumn, latest });
    const split = await planSplit(duckdb, spine, asked);
    const spineHash = await hashRows(duckdb, 'spine', hashedSpine(spine));
    const views = features.groups.flatMap((group) => group.views.map(({ view }) => view));
    const limits = await historyLimits(store, definitions.manifest, views);
    for (const [g, { entity, views: joined }] of features.groups.entries()) {
      const before = g * spine.rows;
      await joinGroup(duckdb, {
        store,
        spine,
        join: {
          project: definitions.manifest,
          entity,
          views: joined.map(({ view, features: read }) => ({ view, features: read, ttlMs: view.ttl_ms })),
          cutOff,
          landedBefore: limits.landedBefore,
        },
        table: `joined_${g}`,
        signal,
        onRows: (rows) =>
          onProgress({ stage: 'join', done: before + rows, total: spine.rows * features.groups.length }),
      });
    }
    if (features.columns.some(({ kind }) => kind === 'on_demand'))
      await computeOnDemand(duckdb, {
        features,
        spine,
        signal,
        onRows: (done) => onProgress({ stage: 'on_demand', done, total: spine.rows }),
      });
    const { format = 'parquet' } = this.#request;
    onProgress({ stage: 'write', done: 0, total: spine.rows });
    const written = await writeParts(duckdb, {
      features,
      spine,
      split,
      format,
      folder: building,
      onRows: (done) => onProgress({ stage: 'write', done, total: spine.rows }),
    });
    const manifest = await this.#manifest({
      spine,
      split,
      written,
      limits,
      createdAt,
      spineHash,
      timeColumn,
      cutOff,
    });
    const statistics = await this.#statistics(written);
    const hashes = await keyHashes(duckdb, store, { project: definitions.manifest.project, features, spine });
    return { manifest, statistics: { ...statistics, training_set_id: trainingSetId }, hashes };
  }

  async #manifest(made: {
    readonly spine: LoadedSpine;
    readonly split: PlannedSplit;
    readonly written: WrittenSet;
    readonly limits: HistoryLimits;
    readonly createdAt: Date;
    readonly spineHash: string;
    readonly timeColumn: string;
    readonly cutOff: 'created' | 'online';
  }): Promise<TrainingSetManifest> {
    const { duckdb, features, trainingSetId } = this.#context;
    const { spine, split, written, limits } = made;
    const all = `(${written.relations.map((relation) => `select * from ${relation}`).join(' union all ')})`;
    return {
      format: 1,
      training_set_id: trainingSetId,
      project: this.#deps.definitions.manifest.project,
      created_at: made.createdAt.toISOString(),
      larder_version: LARDER_VERSION,
      model: features.model,
      features: await countMissing(duckdb, features),
      views: features.groups.flatMap((group) =>
        group.views.map(({ view }) => ({
          ref: viewRef(view),
          fingerprint: view.fingerprint,
          ttl_ms: view.ttl_ms,
        })),
      ),
      on_demand: features.onDemand.views.map(({ name }) => ({
        name,
        code: this.#deps.definitions.manifest.on_demand_feature_views[name]?.code_sha256 ?? '',
      })),
      cut_off: made.cutOff,
      history: { landed_before: limits.landedBefore.toISOString(), revision: limits.revision },
      spine: {
        source: sourceJson(this.#request.spine),
        time_column: made.timeColumn,
        sha256: made.spineHash,
        rows: spine.rows,
        columns: hashedSpine(spine).map(({ name, portableType }, i) => ({
          name,
          type: portableType,
          role: spine.columns[i]?.role ?? 'passed',
        })),
        from: spine.from.toISOString(),
        to: spine.to.toISOString(),
        utc_assumed: spine.utcAssumed,
      },
      split: split.statement,
      engine: { name: 'postgresql', asked: this.#request.engine ?? 'auto', why: 'the only engine so far' },
      files: [...written.files],
      content_sha256: await hashRows(duckdb, all, hashedColumns(features, spine)),
    };
  }

  async #statistics({ files, relations }: WrittenSet): Promise<TrainingSetStatistics> {
    const { duckdb, features, trainingSetId, onProgress } = this.#context;
    const [first] = files;
    const relation = relations[0] as string;
    const rows = first?.rows ?? 0;
    const statistics: FeatureStatistics[] = [];
    for (const [i, column] of features.columns.entries()) {
      onProgress({ stage: 'statistics', done: i, total: features.columns.length });
      statistics.push(await featureStatistics(duckdb, relation, { column, rows }));
    }
    return {
      format: 1,
      training_set_id: trainingSetId,
      part: first?.part === 'all' ? 'all' : 'train',
      rows,
      features: statistics,
    };
  }
}

function sourceJson(spine: SpineSource): TrainingSetManifest['spine']['source'] {
  if (spine.kind !== 'predictions') return spine;
  const { labelsAsOf, ...rest } = spine;
  return { ...rest, labels_as_of: labelsAsOf };
}
