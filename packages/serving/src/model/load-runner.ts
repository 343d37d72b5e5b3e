import type { ModelManifest } from '@larder/features';
import { loadModel, type ModelRunner, type NamedInput } from '@larder/model-runtime';

export interface RunnerOptions {
  /** Folder of the model's artifact; its content is not checked against the hash of the definition. */
  readonly folder: string;
  readonly model: Pick<ModelManifest, 'name' | 'inputs' | 'outputs' | 'missing'>;
  /** Columns of the model's tensor. */
  readonly width: number;
  /** Of a model that takes several: `CompiledPlan.tensors`. */
  readonly tensors: readonly NamedInput[] | null;
  /** `inline` starts no threads, for short-lived processes. @default auto */
  readonly placement?: 'auto' | 'inline';
}

/**
 * Loads a model as its definition describes it: signature and golden rows are checked, and it is warm.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export function loadRunner({
  folder,
  model,
  width,
  tensors,
  placement = 'auto',
}: RunnerOptions): Promise<ModelRunner> {
  const { name, inputs, outputs, missing } = model;
  return loadModel({
    name,
    artifactPath: folder,
    expectedFeatures: inputs.flatMap(({ view, features }) => features.map((feature) => `${view}:${feature}`)),
    width,
    ...(tensors !== null && {
      inputs: tensors.map(({ name: input, features }) => ({ name: input, features })),
    }),
    outputs: outputs.map((output) => output.name),
    missing: missing === 'nan' ? Number.NaN : missing,
    placement,
  });
}
