import { resolve } from 'node:path';
import { LarderError } from '@larder/core';
import { readRows, type ReadOptions } from './read-rows.ts';
import { readTrainingSet } from './read-training-set.ts';
import { setInputs, typeInputs } from './set-inputs.ts';

export interface ReadTensorOptions extends ReadOptions {
  /** Some of the training set's features, in the model's order. @default all */
  readonly features?: readonly string[];
}

/** Rows in the order of their file. */
export interface TrainingTensor {
  /** `view:feature` in the order of the tensor. */
  readonly features: readonly string[];
  /** What the model gets when it answers; a vector takes as many columns as it has floats. */
  readonly rows: readonly Float32Array[];
  /** Values of the columns that were asked for. */
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * Reads a part of a training set into memory, as rows of the model's tensor.
 * @param trainingSet its folder
 * @throws DATA_FILE_INVALID, REQUEST_INVALID for a column that it lacks, MODEL_SIGNATURE_MISMATCH for such a feature
 */
export async function readTensor(
  trainingSet: string,
  { features: names, missing = Number.NaN, ...options }: ReadTensorOptions = {},
): Promise<TrainingTensor> {
  const set = await readTrainingSet(resolve(trainingSet), options.part);
  const wanted = setInputs(set.manifest, { features: names });
  if (wanted[0]?.name !== null)
    throw new LarderError(
      'MODEL_SIGNATURE_MISMATCH',
      `${set.folder} was built for a model that takes several inputs (${wanted.map(({ name }) => name).join(', ')}); read it with readTensors, or name the features of one tensor.`,
    );
  const inputs = typeInputs(wanted, { inputs: [], path: set.folder }, missing);
  const { rows, columns } = await readRows(set, { ...options, inputs, named: false, missing });
  return { features: wanted[0].features.map(({ name }) => name), rows: rows as Float32Array[], columns };
}
