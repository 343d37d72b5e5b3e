import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { openDuckdb } from '@larder/archive';
import { LarderError, newId, type Clock } from '@larder/core';
import type { Manifest, OnDemandFeatureViewManifest, OnDemandFunction } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { requestOf, type AgainRequest } from './again/request-of.ts';
import { resolveFeatures } from './features/resolve-features.ts';
import { archiveFor } from './join/choose-engine.ts';
import { openOutputFolder } from './output/output-folder.ts';
import { recordComplete, recordFailure, recordStart, recordWritten } from './record/training-set-record.ts';
import { recordedProblem } from './record/recorded-problem.ts';
import { runBuild } from './run-build.ts';
import type { TrainingSetManifest } from './training-set-manifest.ts';
import type { SpineSource, TrainingSetRequest } from './training-set-request.ts';

export interface TrainingSetDeps {
  readonly store: OfflineStore;
  /** Of a model version: its content with the live policies. Of a list: what is applied. */
  readonly definitions: TrainingSetDefinitions;
  /** Addresses of the project's connections, by name. */
  readonly connections: Readonly<Record<string, string>>;
  /** Work in progress; needs about three times the size of the set. @default the system's */
  readonly temporaryFolder?: string | undefined;
  /** Folder of the archives (`LARDER_ARCHIVE_DIR`); without it PostgreSQL joins. */
  readonly archiveFolder?: string | undefined;
  /** Rows that the file of a spine may have. @default any number */
  readonly maxSpineRows?: number | undefined;
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
  /** Keeps a record of the set; false for one that nobody will see. @default true */
  readonly recorded?: boolean | undefined;
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
/** A join over the archive sorts history itself. */
const ARCHIVE_MEMORY_MB = 1_024;

/**
 * Joins the features to the rows of the spine, each as it was known at the row's time, and writes the set to a folder
 * that appears when it is complete. Needs constant memory.
 * @throws SPINE_INVALID, REQUEST_INVALID, VIEW_NOT_FOUND, HISTORY_MISSING, FOLDER_NOT_EMPTY, ON_DEMAND_FAILED,
 * DISK_FULL, DATABASE_UNAVAILABLE, TRAINING_SET_STOPPED after the signal
 */
export function buildTrainingSet(
  deps: TrainingSetDeps,
  request: TrainingSetRequest,
  options: BuildOptions = {},
): Promise<TrainingSetManifest> {
  return build(deps, { ...options, request, again: null });
}

/**
 * Builds the set of a manifest again, from the same spine and the same history.
 * @throws as `buildTrainingSet`, and TRAINING_SET_CHANGED where definitions, spine or history are not the same
 */
export function buildAgain(
  deps: TrainingSetDeps,
  asked: AgainRequest,
  options: BuildOptions = {},
): Promise<TrainingSetManifest> {
  return build(deps, { ...options, request: requestOf(asked), again: asked.manifest });
}

interface Building extends BuildOptions {
  readonly request: TrainingSetRequest;
  readonly again: TrainingSetManifest | null;
}

async function build(deps: TrainingSetDeps, options: Building): Promise<TrainingSetManifest> {
  const {
    request,
    again,
    onProgress = () => {},
    signal = NEVER,
    trainingSetId = newId(),
    recorded = true,
  } = options;
  const { store, definitions, temporaryFolder } = deps;
  const features = resolveFeatures(definitions, request.features);
  const folder = await openOutputFolder(request.folder);
  try {
    const start = {
      trainingSetId,
      project: definitions.manifest.project,
      model: features.model,
      request: { ...request, folder: undefined },
      folder: resolve(request.folder),
      actor: deps.actor,
      processId: options.processId ?? null,
    };
    if (recorded) await recordStart(store, start);
    try {
      const archive = await archiveFor(store, {
        asked: request.engine ?? 'auto',
        folder: deps.archiveFolder ?? null,
        project: definitions.manifest.project,
      });
      const duckdb = await openDuckdb({
        memoryLimitMb: archive === null ? MEMORY_MB : ARCHIVE_MEMORY_MB,
        folders: [
          folder.building,
          ...spineFolders(request.spine),
          ...(archive === null ? [] : [archive.folder]),
        ],
        ...(temporaryFolder !== undefined && { tempFolder: temporaryFolder }),
        signal,
      });
      try {
        const context = {
          deps,
          request,
          again,
          features,
          duckdb,
          archive,
          trainingSetId,
          onProgress,
          signal,
        };
        const { manifest, statistics, hashes } = await runBuild(context, folder.building);
        await writeFile(join(folder.building, 'statistics.json'), json(statistics));
        await writeFile(join(folder.building, 'manifest.json'), json(manifest));
        const written = { manifest, statistics, keyHashes: hashes };
        if (recorded) await recordWritten(store, written);
        await folder.publish();
        if (recorded) await recordComplete(store, written);
        return manifest;
      } finally {
        await duckdb.close();
      }
    } catch (error) {
      const problem = failure(error, signal);
      if (recorded) await recordFailure(store, trainingSetId, recordedProblem(problem)).catch(() => {});
      throw problem;
    }
  } finally {
    await folder.discard();
  }
}

const NEVER = new AbortController().signal;

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
