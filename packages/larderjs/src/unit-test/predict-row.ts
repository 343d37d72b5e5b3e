import { resolve } from 'node:path';
import { LarderError } from '@larder/core';
import type { FeatureInput, Field, Model } from '@larder/features';
import {
  loadModel,
  type InputFeature,
  type ModelInput,
  type TensorData,
  type TensorType,
} from '@larder/model-runtime';
import { computePostProcess } from './compute-post-process.ts';

/** By view name, then feature name. */
export type FeatureValues = Readonly<
  Record<
    string,
    Readonly<Record<string, number | bigint | boolean | string | Float32Array | readonly number[] | null>>
  >
>;

export interface PredictRowOptions {
  /** Folder that artifact paths are relative to. @default the working folder */
  readonly root?: string;
  /** Request fields of the model's post-processing. */
  readonly request?: Readonly<Record<string, unknown>>;
}

interface Column {
  readonly view: string;
  readonly feature: string;
  readonly field: Field;
}

/**
 * Predicts one row from these features. Loads the artifact of the model's definition first, with every check of the
 * service: signature, feature order, golden rows.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH, REQUEST_INVALID for a missing feature
 */
export async function predictRow<Output>(
  model: Model<string, unknown, Output>,
  features: FeatureValues,
  { root = process.cwd(), request = {} }: PredictRowOptions = {},
): Promise<Output> {
  const columns = model.inputs.flatMap(columnsOf);
  const named =
    model.tensors === null
      ? undefined
      : Object.entries(model.tensors).map(([name, inputs]) => ({ name, columns: inputs.flatMap(columnsOf) }));
  const missing = model.missing === 'nan' ? Number.NaN : model.missing;
  const outputs = Object.keys(model.output);
  const runner = await loadModel({
    artifactPath: resolve(root, model.artifact.path),
    expectedFeatures: columns.map(({ view, feature }) => `${view}:${feature}`),
    width: columns.reduce((width, { field }) => width + widthOf(field), 0),
    inputs: named?.map(({ name, columns: own }) => ({ name, features: own.map(inputFeature) })),
    outputs,
    missing,
    placement: 'inline',
  });
  try {
    const valueOf = (column: Column): unknown => features[column.view]?.[column.feature];
    const numbers = (of: readonly Column[]) =>
      of.flatMap((column) => numbersOf(column, valueOf(column), missing));
    const feed =
      named === undefined
        ? Float32Array.from(numbers(columns))
        : named.map(({ columns: own }, i) =>
            typedData(own, { type: (runner.inputs[i] as ModelInput).type, valueOf, numbers }),
          );
    const scores = await runner.run(feed, 1);
    const raw = Object.fromEntries(outputs.map((name) => [name, scores[name]?.[0]]));
    const { postprocess } = model;
    return (
      postprocess === null ? raw : computePostProcess(postprocess, { outputs: raw, request })
    ) as Output;
  } finally {
    await runner.close();
  }
}

function inputFeature({ view, feature, field }: Column): InputFeature {
  return {
    ref: `${view}:${feature}`,
    type: field.type,
    width: widthOf(field),
    hasDefault: field.defaultValue !== undefined,
  };
}

interface TypedInput {
  readonly type: TensorType;
  readonly valueOf: (column: Column) => unknown;
  readonly numbers: (columns: readonly Column[]) => readonly number[];
}

/** One row of a named input. */
function typedData(columns: readonly Column[], { type, valueOf, numbers }: TypedInput): TensorData {
  switch (type) {
    case 'string':
      return columns.map((column) => {
        const value = valueOf(column) ?? column.field.defaultValue;
        return typeof value === 'string' ? value : '';
      });
    case 'int64':
      return BigInt64Array.from(columns, (column) => {
        const value = valueOf(column) ?? column.field.defaultValue ?? null;
        return typeof value === 'bigint' ? value : BigInt(numbers([column])[0] ?? 0);
      });
    case 'bool':
      return Uint8Array.from(numbers(columns));
    case 'float64':
      return Float64Array.from(numbers(columns));
    case 'float32':
      return Float32Array.from(numbers(columns));
  }
}

function columnsOf(input: FeatureInput): Column[] {
  const view = input.kind === 'pick' ? input.view : input;
  const names = input.kind === 'pick' ? input.features : Object.keys(view.schema);
  return names.map((feature) => ({ view: view.name, feature, field: view.schema[feature] as Field }));
}

function widthOf({ type, length = 1 }: Field): number {
  return type === 'vector' ? length : 1;
}

function numbersOf({ view, feature, field }: Column, given: unknown, missing: number): number[] {
  if (given === undefined)
    throw new LarderError('REQUEST_INVALID', `No value is given for ${view}:${feature}.`);
  const value = given ?? field.defaultValue ?? null;
  const width = widthOf(field);
  if (value === null) return Array<number>(width).fill(missing);
  const numbers = typeof value === 'object' ? Array.from(value as readonly number[]) : [Number(value)];
  if (numbers.length !== width)
    throw new LarderError(
      'REQUEST_INVALID',
      `${view}:${feature} takes ${width} numbers, not ${numbers.length}.`,
    );
  return numbers;
}
