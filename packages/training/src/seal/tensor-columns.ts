import { LarderError } from '@larder/core';
import type { ManifestFeature, TrainingSetManifest } from '../training-set/training-set-manifest.ts';

/** A feature and its columns in the tensor. */
export interface TensorFeature {
  readonly name: string;
  /** Floats of a vector; 1 for anything else. */
  readonly width: number;
  readonly isVector: boolean;
  /** The training set has rows without a value. */
  readonly hasNulls: boolean;
}

const TYPES: ReadonlySet<ManifestFeature['type']> = new Set(['float32', 'float64', 'bool', 'vector']);

/**
 * The features in the order of the tensor.
 * @param names some of the training set's, in the model's order. Default: all
 * @throws MODEL_SIGNATURE_MISMATCH when one is not in the training set, or does not go into a tensor
 */
export function tensorFeatures(
  { features }: TrainingSetManifest,
  names: readonly string[] = features.map(({ name }) => name),
): TensorFeature[] {
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  return names.map((name) => {
    const feature = byName.get(name);
    if (feature === undefined)
      throw mismatch(`The training set has no feature ${name}; it has ${[...byName.keys()].join(', ')}.`);
    if (!TYPES.has(feature.type))
      throw mismatch(
        `${name} is ${feature.type}, which does not go into a tensor. Name the features of the model, or encode it in an on-demand view.`,
      );
    return {
      name,
      width: feature.length ?? 1,
      isVector: feature.type === 'vector',
      hasNulls: feature.nulls > 0,
    };
  });
}

/** A row of the tensor; null where the value is missing. */
export function tensorRow(
  features: readonly TensorFeature[],
  values: Readonly<Record<string, unknown>>,
): (number | null)[] {
  return features.flatMap(({ name, width, isVector }) => {
    const value = values[name];
    if (value === null || value === undefined) return Array.from({ length: width }, () => null);
    if (isVector) return Array.from(value as ArrayLike<number>, float32);
    return [float32(Number(value))];
  });
}

/** What the tensor holds; NaN is a missing value there. */
function float32(value: number): number | null {
  const rounded = Math.fround(value);
  return Number.isNaN(rounded) ? null : rounded;
}

function mismatch(message: string): LarderError {
  return new LarderError('MODEL_SIGNATURE_MISMATCH', message);
}
