import { LarderError } from '@larder/core';
import type { ModelInput } from '../session/feed.ts';
import { checkNamedInputs, type NamedInput } from './named-inputs.ts';
import { namedTensors, shownShape, type Session } from '../session/create-session.ts';

/** What the definition of a model says about its file. */
export interface ModelDefinition {
  /** `view:feature`, in the order of the tensor. */
  readonly features: readonly string[];
  /** Columns of the tensor: a vector of n takes n. */
  readonly width: number;
  /** Names of the output fields, one float each. */
  readonly outputs: readonly string[];
  /** The inputs of a model that takes several by name; without it there is one float32 tensor [N, width]. */
  readonly inputs?: readonly NamedInput[] | undefined;
  /** Value in the tensors for a missing feature without a default. */
  readonly missing: number;
}

/** Position of one output field in the tensors that a run returns. */
interface OutputColumn {
  readonly field: string;
  readonly tensor: string;
  readonly column: number;
}

export interface ModelSignature {
  /** In the order of a feed. */
  readonly inputs: readonly ModelInput[];
  readonly outputTensors: readonly string[];
  readonly columns: readonly OutputColumn[];
}

/**
 * Checks a model file against its definition: one float32 input [N, F] or the inputs by name, the ordered features of its
 * metadata, and the output fields, by name or, from a single output [N, K], by position.
 * @throws MODEL_SIGNATURE_MISMATCH with both lists side by side.
 */
export function checkSignature(
  session: Session,
  definition: ModelDefinition,
  modelPath: string,
): ModelSignature {
  const refuse = (problem: string): never => {
    throw new LarderError('MODEL_SIGNATURE_MISMATCH', `${modelPath}: ${problem}`);
  };
  const inputs =
    definition.inputs === undefined
      ? [oneInput(session, definition, refuse)]
      : checkNamedInputs(session, definition.inputs, definition.missing);
  if (typeof inputs === 'string') return refuse(inputs);
  const columns = outputColumns(session, definition.outputs);
  if (columns === null) {
    return refuse(
      `the definition's outputs are ${definition.outputs.join(', ')}; the file has ${namedTensors(session.outputs)}. ` +
        'Name float32 outputs [N] or [N, 1] after the fields, or use one float32 output [N, K] with a column for each.',
    );
  }
  return { inputs, outputTensors: [...new Set(columns.map(({ tensor }) => tensor))], columns };
}

function oneInput(
  session: Session,
  definition: ModelDefinition,
  refuse: (problem: string) => never,
): ModelInput {
  const [input, ...others] = session.inputs;
  if (input === undefined || others.length > 0) {
    return refuse(
      `the model must have one input, not ${namedTensors(session.inputs)}. Export it with one tensor [N, F], or define the model with inputs: { name: […] } instead of features.`,
    );
  }
  const inFile = readFeatures(session.metadata['larder.features']);
  if (inFile === null) {
    return refuse(
      "the metadata 'larder.features' must be the JSON array of the features that the model was trained on, " +
        'in order. If it was trained on those of the definition, write it in Python with ' +
        `onnx.helper.set_model_props(model, {"larder.features": '${JSON.stringify(definition.features)}'}).`,
    );
  }
  if (!equalLists(definition.features, inFile)) {
    refuse(
      `the model was trained on other features than its definition lists.\n${sideBySide(definition.features, inFile)}`,
    );
  }
  if (input.type !== 'float32' || input.shape.length !== 2 || input.shape[0] !== null) {
    refuse(
      `the input '${input.name}' must be float32 [N, ${definition.width}], not ${input.type} ${shownShape(input.shape)}.`,
    );
  }
  if (input.shape[1] !== definition.width && input.shape[1] !== null) {
    refuse(
      `the input '${input.name}' has ${input.shape[1]} columns; the features of the definition take ${definition.width}.`,
    );
  }
  return { name: input.name, type: 'float32', width: definition.width };
}

function outputColumns(session: Session, fields: readonly string[]): OutputColumn[] | null {
  const single = (shape: readonly (number | null)[]): boolean =>
    shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  const named = fields.map((field) => session.outputs.find((output) => output.name === field));
  if (named.every((output) => output?.type === 'float32' && single(output.shape))) {
    return fields.map((field) => ({ field, tensor: field, column: 0 }));
  }
  const [only, ...others] = session.outputs;
  if (only === undefined || others.length > 0 || only.type !== 'float32') return null;
  const width = only.shape.length === 1 ? 1 : only.shape.length === 2 ? only.shape[1] : null;
  return width === fields.length
    ? fields.map((field, column) => ({ field, tensor: only.name, column }))
    : null;
}

function readFeatures(json: string | undefined): readonly string[] | null {
  if (json === undefined) return null;
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
  } catch {
    return null;
  }
}

export function equalLists(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

/** Two ordered lists as a table, with `≠` before the rows that differ. */
export function sideBySide(definition: readonly string[], file: readonly string[]): string {
  const width = Math.max('definition'.length, ...definition.map((item) => item.length));
  const row = (mark: string, left: string, right: string): string =>
    `  ${mark} ${left.padEnd(width)}  ${right}`.trimEnd();
  const rows = Array.from({ length: Math.max(definition.length, file.length) }, (_, index) => {
    const [left, right] = [definition[index] ?? '—', file[index] ?? '—'];
    return row(left === right ? ' ' : '≠', left, right);
  });
  return [row(' ', 'definition', 'model.onnx'), ...rows].join('\n');
}
