import { resolve } from 'node:path';
import { LarderError } from '@larder/core';
import type { FeatureInput, Field, Model } from '@larder/features';
import { loadModel } from '@larder/model-runtime';
import { computePostProcess } from './compute-post-process.ts';

/** By view name, then feature name. */
export type FeatureValues = Readonly<
  Record<
    string,
    Readonly<Record<string, number | bigint | boolean | Float32Array | readonly number[] | null>>
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
  const missing = model.missing === 'nan' ? Number.NaN : model.missing;
  const outputs = Object.keys(model.output);
  const runner = await loadModel({
    artifactPath: resolve(root, model.artifact.path),
    expectedFeatures: columns.map(({ view, feature }) => `${view}:${feature}`),
    width: columns.reduce((width, { field }) => width + widthOf(field), 0),
    outputs,
    missing,
    placement: 'inline',
  });
  try {
    const tensor = columns.flatMap((column) =>
      numbersOf(column, features[column.view]?.[column.feature], missing),
    );
    const scores = await runner.run(Float32Array.from(tensor), 1);
    const raw = Object.fromEntries(outputs.map((name) => [name, scores[name]?.[0]]));
    const { postprocess } = model;
    return (
      postprocess === null ? raw : computePostProcess(postprocess, { outputs: raw, request })
    ) as Output;
  } finally {
    await runner.close();
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
