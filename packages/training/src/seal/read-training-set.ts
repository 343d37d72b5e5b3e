import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LarderError, shellWord } from '@larder/core';
import { trainingSetManifest, type TrainingSetManifest } from '../training-set/training-set-manifest.ts';

/** The folder of a finished training set. */
export interface TrainingSetFolder {
  readonly folder: string;
  readonly manifest: TrainingSetManifest;
  /** Of the part that was asked for. */
  readonly rowsPath: string;
  readonly rows: number;
}

/**
 * @param part by default the part that a model is trained on: `train`, or `all` of a set without a split
 * @throws DATA_FILE_INVALID when the folder has no manifest or no such part, or its rows are not Parquet
 */
export async function readTrainingSet(folder: string, part?: string): Promise<TrainingSetFolder> {
  const path = join(folder, 'manifest.json');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw invalid(
      `${shellWord(folder)} is not a training set: ${shellWord(path)} cannot be read. Build one with larder training-set build.`,
      cause,
    );
  });
  const manifest = parse(path, text);
  const wanted = part === undefined ? ['train', 'all'] : [part];
  const file = manifest.files.find((each) => wanted.includes(each.part));
  if (file === undefined) {
    const parts = manifest.files.map((each) => each.part).join(', ') || 'none';
    throw invalid(`${shellWord(path)} has no part ${wanted.join(' or ')}; its parts are: ${parts}.`);
  }
  if (file.format !== 'parquet')
    throw invalid(`${shellWord(folder)} has its rows as CSV; build it again with --format parquet.`);
  return { folder, manifest, rowsPath: join(folder, file.path), rows: file.rows };
}

function parse(path: string, text: string): TrainingSetManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid(`${shellWord(path)} is not JSON.`, cause);
  }
  const parsed = trainingSetManifest.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`${shellWord(path)}: ${issue?.path.join('.') ?? ''}: ${issue?.message}.`);
}

function invalid(message: string, cause?: unknown): LarderError {
  return new LarderError('DATA_FILE_INVALID', message, { cause });
}
