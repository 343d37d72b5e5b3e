import { resolve } from 'node:path';
import { LarderError } from '@larder/core';
import type { TensorType } from '@larder/model-runtime';
import { readRows, type ReadOptions } from './read-rows.ts';
import { readTrainingSet } from './read-training-set.ts';
import { setInputs, statedFeatures, typeInputs } from './set-inputs.ts';

/** What the values of a named input are in a row. */
interface TypedValues {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int64: BigInt64Array;
  /** 0 and 1. */
  readonly bool: Uint8Array;
  readonly string: readonly string[];
}

type TensorTypes = Readonly<Record<string, TensorType>>;

export interface ReadTensorsOptions<Types extends TensorTypes> extends ReadOptions {
  /** Element type of each input, as the ONNX file will have it. */
  readonly types: Types;
  /** The features of each input, in order. @default those of the model that the set was built for */
  readonly inputs?: Readonly<Record<keyof Types & string, readonly string[]>>;
}

/** Rows in the order of their file. */
export interface TrainingTensors<Types extends TensorTypes> {
  /** `view:feature` in the order of each input. */
  readonly features: Readonly<Record<keyof Types, readonly string[]>>;
  /** What the model gets when it answers, by the names of its inputs. */
  readonly rows: readonly { readonly [Name in keyof Types]: TypedValues[Types[Name]] }[];
  /** Values of the columns that were asked for. */
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * Reads a part of a training set into memory, for a model that takes several inputs by name.
 * @param trainingSet its folder
 * @throws DATA_FILE_INVALID, REQUEST_INVALID for a column that it lacks, MODEL_SIGNATURE_MISMATCH for a feature that it
 * lacks or that does not go into its input
 */
export async function readTensors<const Types extends TensorTypes>(
  trainingSet: string,
  { types, inputs: names, missing = Number.NaN, ...options }: ReadTensorsOptions<Types>,
): Promise<TrainingTensors<Types>> {
  const set = await readTrainingSet(resolve(trainingSet), options.part);
  const known = names ?? set.manifest.model?.inputs;
  if (known === undefined)
    throw mismatch(
      `${set.folder} was not built for a model that takes several inputs; name the features of each: inputs: { ${Object.keys(types).join(': […], ')}: […] }.`,
    );
  const wanted = setInputs(set.manifest, { inputs: known });
  const specs = wanted.map(({ name, features }) => {
    const width = features.reduce((sum, feature) => sum + feature.width, 0);
    return { name: name ?? '', type: types[name ?? ''] ?? 'of no type', shape: [null, width] };
  });
  const unknown = Object.keys(types).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined)
    throw mismatch(`types has ${unknown}; the inputs are ${Object.keys(known).join(', ')}.`);
  const inputs = typeInputs(wanted, { inputs: specs, path: set.folder }, missing);
  const { rows, columns } = await readRows(set, { ...options, inputs, named: true, missing });
  return {
    features: statedFeatures(wanted),
    rows,
    columns,
  } as unknown as TrainingTensors<Types>;
}

function mismatch(message: string): LarderError {
  return new LarderError('MODEL_SIGNATURE_MISMATCH', message);
}
