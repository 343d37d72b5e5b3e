import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openDuckdb } from '@larder/archive';
import { LarderError } from '@larder/core';
import { createSession, loadModel, withMetadata } from '@larder/model-runtime';
import { readTraining } from '@larder/model-runtime/read-training';
import { manifestSha256 } from './manifest-sha256.ts';
import { floatOutputs, jsonScores, runtimeScores, type Scores } from './model-scores.ts';
import { pickBackgroundRows, pickGoldenRows, type PickedRows } from './pick-rows.ts';
import { readTrainingSet, type TrainingSetFolder } from './read-training-set.ts';
import { replaceFiles } from './replace-files.ts';
import { tensorFeatures, type TensorFeature } from './tensor-columns.ts';

export interface SealOptions {
  /**
   * The trainer's own scores of rows of the tensor, missing values filled. Without it the scores come from ONNX Runtime,
   * and golden.json does not verify the conversion.
   * @param positions of the rows in the file of the training part, from 0
   */
  readonly score?:
    | ((rows: readonly Float32Array[], positions: readonly number[]) => Scores | Promise<Scores>)
    | undefined;
  /** Output fields of the model's definition. @default the float32 outputs [N] and [N, 1] of the file */
  readonly outputs?: readonly string[] | undefined;
  /** The model's features, when it was trained on some of the training set's. @default all */
  readonly features?: readonly string[] | undefined;
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
export async function sealArtifact(
  folder: string,
  trainingSet: string,
  options: SealOptions = {},
): Promise<SealedArtifact> {
  const { missing = Number.NaN, tolerance = 1e-5, training } = options;
  const set = await readTrainingSet(resolve(trainingSet));
  const features = tensorFeatures(set.manifest, options.features);
  const names = features.map(({ name }) => name);
  const { golden, background } = await pickRows(set, features, options);
  const modelPath = join(resolve(folder), 'model.onnx');
  const tensor = golden.rows.map((row) => Float32Array.from(row, (value) => value ?? missing));
  const { outputs, scores } = await scoreRows(modelPath, { ...options, names, tensor, golden });

  await replaceFiles(resolve(folder), async (candidate) => {
    const write = (file: string, content: object): Promise<void> =>
      writeFile(join(candidate, file), `${JSON.stringify(content)}\n`);
    const stated = { format: 1, features: names };
    await write('golden.json', { ...stated, rows: golden.rows, outputs: jsonScores(scores), tolerance });
    await write('background.json', { ...stated, rows: background.rows });
    await write('training.json', { training_set: statementOf(set), ...training });
    const sealed = { key: METADATA, value: JSON.stringify(names) };
    await writeFile(
      join(candidate, 'model.onnx'),
      withMetadata(await readFile(modelPath), sealed, modelPath),
    );
    await readTraining(candidate);
    const checked = await loadModel({
      name: modelPath,
      artifactPath: candidate,
      expectedFeatures: names,
      width: tensor[0]?.length ?? 0,
      outputs,
      missing,
      placement: 'inline',
    });
    await checked.close();
  });
  return {
    features: names,
    outputs,
    goldenRows: golden.rows.length,
    backgroundRows: background.rows.length,
    verified: options.score !== undefined,
  };
}

async function pickRows(
  set: TrainingSetFolder,
  features: readonly TensorFeature[],
  { backgroundRows = BACKGROUND_ROWS.default }: SealOptions,
): Promise<{ readonly golden: PickedRows; readonly background: PickedRows }> {
  if (set.rows === 0)
    throw new LarderError('DATA_FILE_INVALID', `${set.rowsPath} has no rows; golden.json needs some.`);
  const duckdb = await openDuckdb({ folders: [set.folder] });
  try {
    const count = Math.min(BACKGROUND_ROWS.max, Math.max(1, backgroundRows));
    return {
      golden: await pickGoldenRows(duckdb, set, features),
      background: await pickBackgroundRows(duckdb, set, { features, count }),
    };
  } finally {
    await duckdb.close();
  }
}

interface Scoring extends SealOptions {
  readonly names: readonly string[];
  readonly tensor: readonly Float32Array[];
  readonly golden: PickedRows;
}

async function scoreRows(
  modelPath: string,
  { score, outputs: fields, names, tensor, golden }: Scoring,
): Promise<{ readonly outputs: readonly string[]; readonly scores: Scores }> {
  const session = await createSession({ modelPath });
  try {
    refuseOtherFeatures(session.metadata[METADATA], names, modelPath);
    const outputs = fields ?? floatOutputs(session, modelPath);
    const scores =
      score === undefined
        ? await runtimeScores({ session, modelPath, outputs }, tensor)
        : await score(tensor, golden.positions);
    return { outputs, scores };
  } finally {
    await session.close();
  }
}

/** A file that was sealed before must have been trained on the same features. */
function refuseOtherFeatures(before: string | undefined, names: readonly string[], modelPath: string): void {
  if (before === undefined || sameJson(before, names)) return;
  throw new LarderError(
    'MODEL_SIGNATURE_MISMATCH',
    `${modelPath} was trained on other features than this training set has.\n` +
      `  file          ${before}\n  training set  ${JSON.stringify(names)}\nExport the model again from this training set.`,
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
