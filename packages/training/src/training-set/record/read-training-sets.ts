import { LarderError } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import type { TrainingSetManifest } from '../training-set-manifest.ts';
import type { TrainingSetStatistics } from '../training-set-statistics.ts';

/** A training set on record. */
export interface TrainingSet {
  readonly trainingSetId: string;
  readonly model: string | null;
  readonly modelVersion: number | null;
  readonly status: 'building' | 'complete' | 'failed';
  /** Null until complete. */
  readonly manifest: TrainingSetManifest | null;
  readonly host: string;
  readonly folder: string;
  readonly actor: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly error: { readonly code: string; readonly reason: string } | null;
}

export interface ListOptions {
  readonly model?: string | undefined;
  readonly limit: number;
  /** `cursor` of the page before. */
  readonly cursor?: string | undefined;
}

const COLUMNS = [
  'training_set_id',
  'model',
  'model_version',
  'status',
  'manifest',
  'host',
  'folder',
  'actor',
  'created_at',
  'finished_at',
  'error_code',
  'error_reason',
] as const;

/** Newest first: their ids are ordered by time. */
export async function listTrainingSets(
  { db }: Pick<OfflineStore, 'db'>,
  project: string,
  { model, limit, cursor }: ListOptions,
): Promise<{ readonly trainingSets: readonly TrainingSet[]; readonly cursor: string | null }> {
  let query = db
    .selectFrom('larder.training_sets')
    .select(COLUMNS)
    .where('project', '=', project)
    .orderBy('training_set_id', 'desc')
    .limit(limit + 1);
  if (model !== undefined) query = query.where('model', '=', model);
  if (cursor !== undefined && ID.test(cursor)) query = query.where('training_set_id', '<', cursor);
  const rows = await query.execute();
  const page = rows.slice(0, limit).map(trainingSet);
  return { trainingSets: page, cursor: rows.length > limit ? (page.at(-1)?.trainingSetId ?? null) : null };
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws TRAINING_SET_NOT_FOUND */
export async function readTrainingSet(
  { db }: Pick<OfflineStore, 'db'>,
  project: string,
  id: string,
): Promise<TrainingSet & { readonly statistics: TrainingSetStatistics | null }> {
  const row = ID.test(id)
    ? await db
        .selectFrom('larder.training_sets')
        .select([...COLUMNS, 'statistics'])
        .where('project', '=', project)
        .where('training_set_id', '=', id)
        .executeTakeFirst()
    : undefined;
  if (row === undefined)
    throw new LarderError(
      'TRAINING_SET_NOT_FOUND',
      `There is no training set ${id}. List them: larder training-set list`,
    );
  const set = trainingSet(row);
  return { ...set, statistics: set.manifest === null ? null : (row.statistics as TrainingSetStatistics) };
}

interface Row {
  training_set_id: string;
  model: string | null;
  model_version: number | null;
  status: TrainingSet['status'];
  manifest: unknown;
  host: string;
  folder: string;
  actor: string;
  created_at: Date;
  finished_at: Date | null;
  error_code: string | null;
  error_reason: string | null;
}

function trainingSet(row: Row): TrainingSet {
  return {
    trainingSetId: row.training_set_id,
    model: row.model,
    modelVersion: row.model_version,
    status: row.status,
    manifest: row.status === 'complete' ? (row.manifest as TrainingSetManifest) : null,
    host: row.host,
    folder: row.folder,
    actor: row.actor,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    error: row.error_code === null ? null : { code: row.error_code, reason: row.error_reason ?? '' },
  };
}

/** As the command line and the API show it. */
export function trainingSetJson(set: TrainingSet): Record<string, unknown> {
  return {
    training_set_id: set.trainingSetId,
    model: set.model === null ? null : { name: set.model, version: set.modelVersion },
    status: set.status,
    host: set.host,
    folder: set.folder,
    actor: set.actor,
    created_at: set.createdAt.toISOString(),
    finished_at: set.finishedAt?.toISOString() ?? null,
    error: set.error,
    manifest: set.manifest,
  };
}
