import { resolve } from 'node:path';
import { LarderError } from '@larder/core';
import { hashArtifact, type ModelManifest } from '@larder/features';
import { loadModel, type ModelRunner } from '@larder/model-runtime';

/** A loaded artifact with the count of those who need it; closed when the last one lets go. */
export interface SharedRunner {
  readonly model: ModelRunner;
  readonly key: string;
  hold(): void;
  release(): void;
}

export interface RunnerOptions {
  /** Folder that artifact paths are relative to. */
  readonly root: string;
  readonly model: ModelManifest;
  readonly width: number;
}

/** The runner of a model's applied artifact, held once: `before` when it is the same. */
export async function acquireRunner(
  options: RunnerOptions,
  before: SharedRunner | undefined,
): Promise<SharedRunner> {
  const { root, model, width } = options;
  const { artifact, inputs, outputs, missing } = model;
  const key = JSON.stringify([artifact.sha256, inputs, outputs, missing]);
  if (before?.key === key) {
    before.hold();
    return before;
  }
  const artifactPath = resolve(root, artifact.path);
  await checkContent(artifactPath, model);
  const loaded = await loadModel({
    artifactPath,
    expectedFeatures: inputs.flatMap(({ view, features }) => features.map((feature) => `${view}:${feature}`)),
    width,
    outputs: outputs.map(({ name }) => name),
    missing: missing === 'nan' ? Number.NaN : missing,
  });
  return shared(loaded, key);
}

function shared(model: ModelRunner, key: string): SharedRunner {
  let holders = 1;
  return {
    model,
    key,
    hold() {
      holders += 1;
    },
    release() {
      holders -= 1;
      if (holders === 0) void model.close();
    },
  };
}

/** What lies in the folder must be what was applied. @throws MODEL_NOT_READY */
async function checkContent(artifactPath: string, model: ModelManifest): Promise<void> {
  const sha256 = await hashArtifact(artifactPath).catch((cause: unknown) => {
    throw new LarderError(
      'MODEL_NOT_READY',
      `The artifact of ${model.name} cannot be read at ${model.artifact.path}; put the folder there.`,
      {
        cause,
        retryAfterSeconds: 5,
      },
    );
  });
  if (sha256 === model.artifact.sha256) return;
  throw new LarderError(
    'MODEL_NOT_READY',
    `The artifact of ${model.name} at ${model.artifact.path} is not the one that was applied; apply it, or put the applied one back.`,
    { retryAfterSeconds: 5 },
  );
}
