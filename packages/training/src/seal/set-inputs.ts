import { LarderError } from '@larder/core';
import { checkNamedInputs, type ModelInput, type NamedInput } from '@larder/model-runtime';
import type { ManifestFeature, TrainingSetManifest } from '../training-set/training-set-manifest.ts';

/** A feature and its columns in the tensor. */
export interface TensorFeature {
  readonly name: string;
  readonly type: ManifestFeature['type'];
  /** Floats of a vector; 1 for anything else. */
  readonly width: number;
  /** The training set has rows without a value. */
  readonly hasNulls: boolean;
}

/** Which features of a training set a model gets. Without both: what the model gets that the set was built for, or all features. */
export interface WantedInputs {
  /** Of a model that takes one float32 tensor: its features, in order. */
  readonly features?: readonly string[] | undefined;
  /** Of a model that takes several inputs: the features of each by its name, in order. */
  readonly inputs?: Readonly<Record<string, readonly string[]>> | undefined;
}

export interface SetInput {
  /** Null: the one float32 tensor of the model. */
  readonly name: string | null;
  readonly features: readonly TensorFeature[];
}

/** Features for an input whose element type is known. */
export interface TypedInput extends ModelInput {
  readonly features: readonly TensorFeature[];
}

const ONE_TENSOR: ReadonlySet<ManifestFeature['type']> = new Set(['float32', 'float64', 'bool', 'vector']);

/**
 * The inputs of a model among the features of a training set, in the order of the model.
 * @throws MODEL_SIGNATURE_MISMATCH when a feature is not in the training set, or does not go into the one tensor
 */
export function setInputs(manifest: TrainingSetManifest, wanted: WantedInputs): readonly SetInput[] {
  const inputs = wanted.inputs ?? (wanted.features === undefined ? manifest.model?.inputs : undefined);
  if (inputs !== undefined)
    return Object.entries(inputs).map(([name, features]) => ({
      name,
      features: tensorFeatures(manifest, features),
    }));
  const features = tensorFeatures(manifest, wanted.features);
  const other = features.find(({ type }) => !ONE_TENSOR.has(type));
  if (other === undefined) return [{ name: null, features }];
  throw mismatch(
    `${other.name} is ${other.type}, which does not go into a tensor of floats. Name the features of the model, encode it in an on-demand view, or name the inputs of a model that takes several.`,
  );
}

/** @param names some of the training set's, in the model's order. Default: all */
function tensorFeatures(
  { features }: TrainingSetManifest,
  names: readonly string[] = features.map(({ name }) => name),
): TensorFeature[] {
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  return names.map((name) => {
    const feature = byName.get(name);
    if (feature === undefined)
      throw mismatch(`The training set has no feature ${name}; it has ${[...byName.keys()].join(', ')}.`);
    return { name, type: feature.type, width: feature.length ?? 1, hasNulls: feature.nulls > 0 };
  });
}

/** Names of the features as `larder.features` of a model states them: a list, or a list for each input. */
export function statedFeatures(inputs: readonly SetInput[]): object {
  const lists = inputs.map(({ name, features }) => [name, features.map((feature) => feature.name)] as const);
  const [only] = lists;
  return only?.[0] === null ? only[1] : Object.fromEntries(lists);
}

/** The inputs of a file, with their types. */
export interface InputsOfFile {
  readonly inputs: readonly { name: string; type: string; shape: readonly (number | null)[] }[];
  readonly path: string;
}

/**
 * The inputs with the types that a model file, or whoever trains it, gives them.
 * @param missing value for what is missing; int64 and bool have no NaN
 * @throws MODEL_SIGNATURE_MISMATCH
 */
export function typeInputs(
  inputs: readonly SetInput[],
  { inputs: specs, path }: InputsOfFile,
  missing: number,
): readonly TypedInput[] {
  const [first] = inputs;
  if (first?.name === null) {
    const width = first.features.reduce((sum, feature) => sum + feature.width, 0);
    return [{ name: specs[0]?.name ?? '', type: 'float32', width, features: first.features }];
  }
  const named = inputs.map(({ name, features }) => namedInput({ name: name ?? '', features }));
  const metadata = { 'larder.features': JSON.stringify(statedFeatures(inputs)) };
  const checked = checkNamedInputs({ inputs: specs, metadata }, named, missing);
  if (typeof checked === 'string') throw mismatch(`${path}: ${checked}`);
  return checked.map(({ name, type, width }, i) => ({
    name,
    type,
    width,
    features: inputs[i]?.features ?? [],
  }));
}

/** A named input as loading a model checks it: in the training set, a feature without nulls never lacks a value. */
export function namedInput({ name, features }: Pick<TypedInput, 'name' | 'features'>): NamedInput {
  return {
    name,
    features: features.map(({ name: ref, type, width, hasNulls }) => ({
      ref,
      type,
      width,
      hasDefault: !hasNulls,
    })),
  };
}

function mismatch(message: string): LarderError {
  return new LarderError('MODEL_SIGNATURE_MISMATCH', message);
}
