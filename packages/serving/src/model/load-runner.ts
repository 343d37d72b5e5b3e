import { resolve } from 'node:path';
import { LarderError } from '@larder/core';
import { hashArtifact, type ModelManifest } from '@larder/features';
import { loadModel, type ModelRunner } from '@larder/model-runtime';

export interface RunnerOptions {
  /** Base folder of artifact paths. */
  readonly root: string;
  readonly model: ModelManifest;
  /** Columns of the model's tensor. */
  readonly width: number;
  /** `inline` starts no threads, for short-lived processes. @default auto */
  readonly placement?: 'auto' | 'inline';
}

/**
 * Loads the applied artifact of a model: its content, signature and golden rows are checked.
 * @throws MODEL_NOT_READY, ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export async function loadRunner(options: RunnerOptions): Promise<ModelRunner> {
  const { root, model, width, placement = 'auto' } = options;
  const { artifact, inputs, outputs, missing } = model;
  const artifactPath = resolve(root, artifact.path);
  await checkContent(artifactPath, model);
  return loadModel({
    name: model.name,
    artifactPath,
    expectedFeatures: inputs.flatMap(({ view, features }) => features.map((feature) => `${view}:${feature}`)),
    width,
    outputs: outputs.map(({ name }) => name),
    missing: missing === 'nan' ? Number.NaN : missing,
    placement,
  });
}

/** Checks that the folder holds the artifact that was applied. @throws MODEL_NOT_READY */
async function checkContent(artifactPath: string, model: ModelManifest): Promise<void> {
  const sha256 = await hashArtifact(artifactPath).catch((cause: unknown) => {
    throw new LarderError(
      'MODEL_NOT_READY',
      `The artifact of ${model.name} cannot be read at ${model.artifact.path}; copy the artifact folder to this path.`,
      {
        cause,
        retryAfterSeconds: 5,
      },
    );
  });
  if (sha256 === model.artifact.sha256) return;
  throw new LarderError(
    'MODEL_NOT_READY',
    `The artifact of ${model.name} at ${model.artifact.path} is not the one that was applied; apply it with 'larder apply', or restore the applied one.`,
    { retryAfterSeconds: 5 },
  );
}
