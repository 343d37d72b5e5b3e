import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDuckdb, writeFile as writeRows } from '@larder/archive';
import { newId } from '@larder/core';
import type { ManifestFeature, TrainingSetManifest } from '../training-set/training-set-manifest.ts';

/** Writes a finished training set over the rows of a DuckDB query, whose columns are named after the features. */
export async function writeTrainingSet(
  folder: string,
  features: readonly Pick<ManifestFeature, 'name' | 'type' | 'length' | 'nulls'>[],
  query: string,
): Promise<TrainingSetManifest> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'rows.parquet');
  const duckdb = await openDuckdb({ folders: [folder], threads: 1 });
  const rows = await writeRows(duckdb, query, { path, format: 'parquet', orderBy: ['row'] });
  await duckdb.close();
  const content = await readFile(path);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const at = '2026-11-01T00:00:00.000Z';
  const manifest: TrainingSetManifest = {
    format: 1,
    training_set_id: newId(),
    again_of: null,
    project: 'shop',
    created_at: at,
    larder_version: '0.1.0',
    model: null,
    features: features.map((feature) => ({
      ...feature,
      view: feature.name.split(':')[0] ?? '',
      version: 1,
      source: 'history',
      defaults_used: 0,
      not_found: 0,
      outside_max_age: 0,
    })),
    views: [],
    on_demand: [],
    cut_off: 'created',
    history: { landed_before: at, revision: 1 },
    spine: {
      source: { kind: 'file', path: 'spine.csv', format: 'csv' },
      time_column: 'event_timestamp',
      sha256,
      rows,
      columns: [],
      from: at,
      to: at,
      utc_assumed: false,
    },
    split: null,
    engine: { name: 'postgresql', asked: 'auto', why: 'small' },
    files: [
      { part: 'all', path: 'rows.parquet', format: 'parquet', rows, size_bytes: content.length, sha256 },
    ],
    content_sha256: sha256,
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return manifest;
}
