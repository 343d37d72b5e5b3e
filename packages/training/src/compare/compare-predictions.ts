import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckdb, quotedName, scanFile } from '@larder/archive';
import { LarderError } from '@larder/core';
import { createSession, rowsFeed, type ArtifactRow } from '@larder/model-runtime';
import { sql } from 'kysely';
import { runtimeScores } from '../seal/model-scores.ts';
import { artifactRow } from '../seal/row-values.ts';
import type { PickedInputs } from '../seal/pick-rows.ts';
import { setInputs, typeInputs } from '../seal/set-inputs.ts';
import {
  buildTrainingSet,
  type BuildProgress,
  type TrainingSetDeps,
} from '../training-set/build-training-set.ts';
import type { TrainingSetManifest } from '../training-set/training-set-manifest.ts';
import type { ComparableViews } from './comparable-views.ts';
import { replaceView } from './replace-view.ts';

export interface ComparedModel {
  readonly name: string;
  readonly version: number;
  /** Folder of the version's artifact. */
  readonly folder: string;
}

export interface ComparePredictionsOptions {
  readonly model: ComparedModel;
  /** The newest logged predictions, so many at most. */
  readonly limit: number;
  /** A prediction that moves by more counts as beyond. */
  readonly tolerance: number;
  readonly signal?: AbortSignal | undefined;
  onProgress?(progress: BuildProgress): void;
}

/** What the later view version does to the first output of the model over logged requests. */
export interface ComparedPredictions {
  readonly model: string;
  readonly version: number;
  readonly output: string;
  readonly predictions: number;
  readonly from: string;
  readonly to: string;
  readonly mean_before: number;
  readonly mean_after: number;
  /** Of the absolute difference. */
  readonly mean_difference: number;
  readonly max_difference: number;
  readonly quantiles: Readonly<Record<'p50' | 'p90' | 'p99', number>>;
  readonly tolerance: number;
  /** Share of the predictions that move by more than the tolerance. */
  readonly beyond: number;
}

const BATCH_ROWS = 500;

/**
 * Scores the requests of logged predictions twice by the model's own artifact, with the features as they were known at
 * the time of each: once as the version reads them, once with the later version of the view.
 * @throws REQUEST_INVALID without logged predictions, or when the model cannot read the later version
 */
export async function comparePredictions(
  deps: TrainingSetDeps,
  views: ComparableViews,
  options: ComparePredictionsOptions,
): Promise<ComparedPredictions> {
  const { model, signal } = options;
  const replaced = replaceView(deps.definitions, model.name, views);
  const range = await newestPredictions(deps, options);
  const folder = await mkdtemp(join(deps.temporaryFolder ?? tmpdir(), 'larder-compare-'));
  try {
    const build = (definitions: TrainingSetDeps['definitions'], name: string) =>
      buildTrainingSet(
        { ...deps, definitions },
        {
          features: { kind: 'model', model: model.name, version: model.version },
          spine: {
            kind: 'predictions',
            model: model.name,
            version: null,
            label: null,
            labelsAsOf: null,
            ...range,
          },
          folder: join(folder, name),
        },
        { recorded: false, signal, onProgress: options.onProgress?.bind(options) },
      );
    const before = await build(deps.definitions, 'before');
    const after = await build(replaced, 'after');
    const scores = await scorePairs({ deps, folder, options, before, after });
    return { ...summary(scores, options), ...range };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function newestPredictions(
  { store, definitions, clock }: TrainingSetDeps,
  { model, limit }: ComparePredictionsOptions,
): Promise<{ readonly from: string; readonly to: string }> {
  const to = new Date(clock.nowMs()).toISOString();
  const { rows } = await sql<{ first: Date | null }>`
    select min(predicted_at) as first from (
      select predicted_at from larder.predictions
      where project = ${definitions.manifest.project} and model = ${model.name} and predicted_at < ${to}
      order by predicted_at desc limit ${limit}
    ) newest`.execute(store.db);
  const first = rows[0]?.first ?? null;
  if (first !== null) return { from: first.toISOString(), to };
  throw new LarderError('REQUEST_INVALID', `No prediction of ${model.name} is logged to compare with.`);
}

interface Pairs {
  readonly output: string;
  readonly before: Float64Array;
  readonly after: Float64Array;
}

interface ScorePairs {
  readonly deps: TrainingSetDeps;
  readonly folder: string;
  readonly options: ComparePredictionsOptions;
  readonly before: TrainingSetManifest;
  readonly after: TrainingSetManifest;
}

async function scorePairs({ deps, folder, options, before, after }: ScorePairs): Promise<Pairs> {
  const definition = deps.definitions.manifest.models[options.model.name];
  const outputs = definition?.outputs.map(({ name }) => name) ?? [];
  const missing = definition?.missing === 'nan' ? Number.NaN : (definition?.missing ?? Number.NaN);
  const modelPath = join(options.model.folder, 'model.onnx');
  const session = await createSession({ modelPath });
  try {
    const scored = async (name: string, manifest: TrainingSetManifest): Promise<Map<string, number>> => {
      const scores = new Map<string, number>();
      const wanted = setInputs(manifest, {});
      const named = wanted[0]?.name !== null;
      const inputs = typeInputs(wanted, { inputs: session.inputs, path: modelPath }, missing);
      for await (const rows of setRows(join(folder, name), { inputs, named }, options.signal)) {
        const feed = rowsFeed(
          rows.map(({ values }) => values),
          inputs,
          { named, missing },
        );
        const answer = await runtimeScores({ session, modelPath, inputs, outputs }, feed, rows.length);
        for (const [i, { id }] of rows.entries()) scores.set(id, answer[outputs[0] ?? '']?.[i] ?? Number.NaN);
      }
      return scores;
    };
    const [was, now] = [await scored('before', before), await scored('after', after)];
    const ids = [...was.keys()].filter((id) => now.has(id));
    return {
      output: outputs[0] ?? '',
      before: Float64Array.from(ids, (id) => was.get(id) as number),
      after: Float64Array.from(ids, (id) => now.get(id) as number),
    };
  } finally {
    await session.close();
  }
}

interface SetRow {
  readonly id: string;
  readonly values: ArtifactRow;
}

async function* setRows(
  folder: string,
  { inputs, named }: PickedInputs,
  signal: AbortSignal | undefined,
): AsyncGenerator<SetRow[]> {
  const duckdb = await openDuckdb({ folders: [folder], ...(signal && { signal }) });
  try {
    const features = inputs.flatMap((input) => input.features);
    const names = features.map(({ name }) => quotedName(name));
    const relation = scanFile({ path: join(folder, 'rows.parquet'), format: 'parquet' });
    const query = `select ${['prediction_id::varchar as "larder id"', ...names].join(', ')} from ${relation}`;
    for await (const group of duckdb.rows<Record<string, unknown>>(query))
      for (let start = 0; start < group.length; start += BATCH_ROWS)
        yield group
          .slice(start, start + BATCH_ROWS)
          .map((row) => ({ id: String(row['larder id']), values: artifactRow(inputs, named, row) }));
  } finally {
    await duckdb.close();
  }
}

function summary(
  { output, before, after }: Pairs,
  { model, tolerance }: ComparePredictionsOptions,
): Omit<ComparedPredictions, 'from' | 'to'> {
  const differences = before.map((score, i) => Math.abs((after[i] as number) - score)).toSorted();
  const quantile = (share: number): number =>
    differences[Math.min(differences.length - 1, Math.floor(share * differences.length))] ?? Number.NaN;
  return {
    model: model.name,
    version: model.version,
    output,
    predictions: before.length,
    mean_before: mean(before),
    mean_after: mean(after),
    mean_difference: mean(differences),
    max_difference: differences.at(-1) ?? Number.NaN,
    quantiles: { p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99) },
    tolerance,
    beyond: differences.filter((each) => each > tolerance).length / Math.max(differences.length, 1),
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
