import { namedTensors, shownShape, type Session } from '../session/create-session.ts';
import type { ModelInput, TensorType } from '../session/feed.ts';

/** The features of one named input of a model, in the order of its columns. */
export interface NamedInput {
  readonly name: string;
  readonly features: readonly InputFeature[];
}

export interface InputFeature {
  /** `view:feature` */
  readonly ref: string;
  readonly type: string;
  /** Columns: a vector of n takes n. */
  readonly width: number;
  /** A declared default takes the place of a missing value. */
  readonly hasDefault: boolean;
}

/** Types of features that go into an input of this type. */
const FITS: Readonly<Record<TensorType, readonly string[]>> = {
  float32: ['float32', 'float64', 'int64', 'bool', 'vector'],
  float64: ['float32', 'float64', 'int64', 'bool', 'vector'],
  int64: ['int64', 'bool'],
  bool: ['bool'],
  string: ['string'],
};

/**
 * The inputs of a file for the named inputs of a definition, in the definition's order. The file decides the types.
 * @returns what is wrong, as text
 */
export function checkNamedInputs(
  { inputs, metadata }: Pick<Session, 'inputs' | 'metadata'>,
  definition: readonly NamedInput[],
  missing: number,
): readonly ModelInput[] | string {
  const names = definition.map(({ name }) => name);
  if (
    !sameNames(
      names,
      inputs.map(({ name }) => name),
    )
  )
    return `the definition's inputs are ${definition.map(shownInput).join(', ')}; the file has ${namedTensors(inputs)}.`;
  const trained = trainedOn(metadata['larder.features']);
  const expected = Object.fromEntries(
    definition.map(({ name, features }) => [name, features.map(({ ref }) => ref)]),
  );
  if (trained === null)
    return (
      "the metadata 'larder.features' must be a JSON object with the features of each input that the model was trained on, " +
      `in order. If it was trained on those of the definition, write '${JSON.stringify(expected)}' there.`
    );
  for (const name of names)
    if (JSON.stringify(trained[name]) !== JSON.stringify(expected[name]))
      return (
        `the model was trained on other features for the input '${name}' than its definition lists: ` +
        `${(trained[name] ?? []).join(', ') || 'none'}; the definition: ${expected[name]?.join(', ')}.`
      );
  const found: ModelInput[] = [];
  for (const { name, features } of definition) {
    const { type, shape } = inputs.find((input) => input.name === name) as Session['inputs'][number];
    const width = features.reduce((sum, feature) => sum + feature.width, 0);
    if (!isTensorType(type) || shape.length !== 2 || shape[0] !== null || (shape[1] ?? width) !== width)
      return `the input '${name}' must be float32, float64, int64, bool or string [N, ${width}], not ${type} ${shownShape(shape)}.`;
    const strange = features.find((feature) => !FITS[type].includes(feature.type));
    if (strange !== undefined)
      return `the input '${name}' is ${type}, which cannot hold ${strange.ref} (${strange.type}).`;
    const mayLack = features.find(({ hasDefault }) => !hasDefault);
    if (mayLack !== undefined && Number.isNaN(missing) && (type === 'int64' || type === 'bool'))
      return `the input '${name}' is ${type}, which has no NaN for a missing ${mayLack.ref}: declare a default for it, or 'missing' as a number.`;
    found.push({ name, type, width });
  }
  return found;
}

function shownInput({ name, features }: NamedInput): string {
  return `${name} (${features.map(({ ref, type }) => `${ref} ${type}`).join(', ')})`;
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

function trainedOn(json: string | undefined): Readonly<Record<string, readonly string[]>> | null {
  try {
    const value: unknown = JSON.parse(json ?? 'null');
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, readonly string[]>)
      : null;
  } catch {
    return null;
  }
}

function isTensorType(type: string): type is TensorType {
  return Object.hasOwn(FITS, type);
}
