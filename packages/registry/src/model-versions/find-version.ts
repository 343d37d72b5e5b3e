import { LarderError } from '@larder/core';
import type { ModelVersion } from './read-model-versions.ts';

/** @throws MODEL_VERSION_NOT_FOUND that names what there is */
export function findVersion<V extends Pick<ModelVersion, 'version'>>(
  versions: readonly V[],
  { model, version }: { readonly model: string; readonly version: number },
): V {
  const found = versions.find((each) => each.version === version);
  if (found !== undefined) return found;
  const newest = versions.at(-1)?.version;
  throw new LarderError(
    'MODEL_VERSION_NOT_FOUND',
    `${model} has no version ${version}; the newest is ${newest}. List them: larder models ${model}`,
  );
}

export function modelNotFound(model: string): LarderError {
  return new LarderError(
    'MODEL_NOT_FOUND',
    `No version of a model ${model} is on record. List the models: larder models`,
  );
}
