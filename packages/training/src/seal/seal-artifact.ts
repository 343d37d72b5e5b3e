import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openDuckdb } from '@larder/archive';
import { LarderError } from '@larder/core';
import {
  createSession,
  definitionOf,
  loadModel,
  readBackground,
  rowsFeed,
  withMetadata,
} from '@larder/model-runtime';
import { readTraining } from '@larder/model-runtime/read-training';
import { manifestSha256 } from './manifest-sha256.ts';
import { floatOutputs, jsonScores, runtimeScores, type Scores } from './model-scores.ts';
import { pickBackgroundRows, pickGoldenRows, type PickedInputs, type PickedRows } from './pick-rows.ts';
import { readTrainingSet, type TrainingSetFolder } from './read-training-set.ts';
import { replaceFiles } from './replace-files.ts';
import {
  namedInput,
  setInputs,
  statedFeatures,
  typeInputs,
  type SetInput,
  type WantedInputs,
} from './set-inputs.ts';
import { trainingRow, type TypedRow } from './training-row.ts';

export interface SealOptions<Row extends Float32Array | TypedRow = Float32Array> extends WantedInputs {
  /**
   * The trainer's own scores of rows of the tensor, or of the named inputs, missing values filled. Without it the scores
   * come from ONNX Runtime, and golden.json does not verify the conversion.
   * @param positions of the rows in the file of the training part, from 0
   */
  readonly score?:
    | ((rows: readonly Row[], positions: readonly number[]) => Scores | Promise<Scores>)
    | undefined;
  /** Output fields of the model's definition. @default the float32 outputs [N] and [N, 1] of the file */
  readonly outputs?: readonly string[] | undefined;
  /** `missing` of the model's definition. @default NaN */
  readonly missing?: number | undefined;
  /** Further members of training.json: metrics, parameters, commit. */
  readonly training?: Readonly<Record<string, unknown>> | undefined;
  /** Up to 200. @default 100 */
  readonly backgroundRows?: number | undefined;
  /** @default 1e-5 */
  readonly tolerance?: number | undefined;
}

export interface SealedArtifact {
  readonly features: readonly string[];
  /** Of a model that takes several inputs: the features of each. */
  readonly inputs: Readonly<Record<string, readonly string[]>> | null;
  readonly outputs: readonly string[];
  readonly goldenRows: number;
  readonly backgroundRows: number;
  /** The scores are the trainer's own. */
  readonly verified: boolean;
}

const METADATA = 'larder.features';
const BACKGROUND_ROWS = { default: 100, max: 200 };

/**
 * Completes the folder of a trained model: writes `larder.features` into `model.onnx`, and `golden.json`,
 * `background.json` and `training.json` beside it. Everything is checked first as `larder apply` does; the folder changes
 * only when all checks pass.
 * @param trainingSet folder of the training set
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH, DATA_FILE_INVALID
 */
export async function sealArtifact<Row extends Float32Array | TypedRow = Float32Array>(
  folder: string,
  trainingSet: string,
  options: SealOptions<Row> = {},
): Promise<SealedArtifact> {
  const { missing = Number.NaN, tolerance = 1e-5, training } = options;
  const set = await readTrainingSet(resolve(trainingSet));
  const wanted = setInputs(set.manifest, options);
  const stated = statedFeatures(wanted);
  const modelPath = join(resolve(folder), 'model.onnx');
  const { inputs, named, outputs, golden, background, scores } = await scoreSet(modelPath, {
    set,
    wanted,
    stated,
    options,
  });
  const features = inputs.flatMap((input) => input.features.map(({ name }) => name));

  await replaceFiles(resolve(folder), async (candidate) => {
    const write = (file: string, content: object): Promise<void> =>
      writeFile(join(candidate, file), `${JSON.stringify(content)}\n`);
    const head = { format: 1, features: stated };
    await write('golden.json', { ...head, rows: golden.rows, outputs: jsonScores(scores), tolerance });
    await write('background.json', { ...head, rows: background.rows });
    await write('training.json', { training_set: statementOf(set), ...training });
    const sealed = { key: METADATA, value: JSON.stringify(stated) };
    await writeFile(
      join(candidate, 'model.onnx'),
      withMetadata(await readFile(modelPath), sealed, modelPath),
    );
    await readTraining(candidate);
    const model = {
      name: modelPath,
      artifactPath: candidate,
      expectedFeatures: features,
      width: inputs.reduce((sum, { width }) => sum + width, 0),
      inputs: named ? inputs.map(namedInput) : undefined,
      outputs,
      missing,
    };
    const checked = await loadModel({ ...model, placement: 'inline' });
    await readBackground(candidate, definitionOf(model), checked);
    await checked.close();
  });
  return {
    features,
    inputs: named ? (stated as Record<string, readonly string[]>) : null,
    outputs,
    goldenRows: golden.rows.length,
    backgroundRows: background.rows.length,
    verified: options.score !== undefined,
  };
}

interface Scoring {
  readonly set: TrainingSetFolder;
  readonly wanted: readonly SetInput[];
  readonly stated: object;
  readonly options: SealOptions<never>;
}

interface ScoredSet extends PickedInputs {
  readonly outputs: readonly string[];
  readonly golden: PickedRows;
  readonly background: PickedRows;
  readonly scores: Scores;
}

async function scoreSet(modelPath: string, { set, wanted, stated, options }: Scoring): Promise<ScoredSet> {
  const { missing = Number.NaN, score } = options;
  const session = await createSession({ modelPath });
  try {
    refuseOtherFeatures(session.metadata[METADATA], stated, modelPath);
    const named = wanted[0]?.name !== null;
    const inputs = typeInputs(wanted, { inputs: session.inputs, path: modelPath }, missing);
    const outputs = options.outputs ?? floatOutputs(session, modelPath);
    const picked = await pickRows(set, { inputs, named }, options);
    const { rows, positions } = picked.golden;
    const scores =
      score === undefined
        ? await runtimeScores(
            { session, modelPath, inputs, outputs },
            rowsFeed(rows, inputs, { named, missing }),
            rows.length,
          )
        : await score(rows.map((row) => trainingRow(row, { inputs, named }, missing)) as never[], positions);
    return { inputs, named, outputs, scores, ...picked };
  } finally {
    await session.close();
  }
}

async function pickRows(
  set: TrainingSetFolder,
  wanted: PickedInputs,
  { backgroundRows = BACKGROUND_ROWS.default }: Pick<SealOptions, 'backgroundRows'>,
): Promise<{ readonly golden: PickedRows; readonly background: PickedRows }> {
  if (set.rows === 0)
    throw new LarderError('DATA_FILE_INVALID', `${set.rowsPath} has no rows; golden.json needs some.`);
  const duckdb = await openDuckdb({ folders: [set.folder] });
  try {
    const count = Math.min(BACKGROUND_ROWS.max, Math.max(1, backgroundRows));
    return {
      golden: await pickGoldenRows(duckdb, set, wanted),
      background: await pickBackgroundRows(duckdb, set, { ...wanted, count }),
    };
  } finally {
    await duckdb.close();
  }
}

/** A file that was sealed before must have been trained on the same features. */
function refuseOtherFeatures(before: string | undefined, stated: object, modelPath: string): void {
  if (before === undefined || sameJson(before, stated)) return;
  throw new LarderError(
    'MODEL_SIGNATURE_MISMATCH',
    `${modelPath} was trained on other features than this training set has.\n` +
      `  file          ${before}\n  training set  ${JSON.stringify(stated)}\nExport the model again from this training set.`,
  );
}

function sameJson(text: string, value: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value);
  } catch {
    return false;
  }
}

function statementOf({ manifest }: TrainingSetFolder): object {
  return {
    training_set_id: manifest.training_set_id,
    content_sha256: manifest.content_sha256,
    manifest_sha256: manifestSha256(manifest),
  };
}
