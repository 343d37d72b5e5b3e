import type { ModelAnswer } from '@larder/contracts';
import { isLarderError } from '@larder/core';
import type { ModelManifest } from '@larder/features';
import type { ModelCatalog } from '../models/model-catalog.ts';
import type { ServedModel } from '../models/served-model.ts';
import { fieldsJson, inputsJson } from './view-json.ts';

/** The applied definition of a model and the version that this process serves. */
export function modelJson(
  model: ModelManifest,
  catalog: Pick<ModelCatalog, 'find' | 'unavailable'>,
): ModelAnswer {
  const served = findServed(model.name, catalog);
  const unavailable = catalog.unavailable().get(model.name);
  const plan = served?.predictor.plan;
  return {
    model: model.name,
    version: served?.version ?? null,
    problem: unavailable === undefined ? null : { code: unavailable.error.code, reason: unavailable.detail },
    inputs: inputsJson(model.inputs),
    join_keys: plan === undefined ? null : fieldsJson(plan.joinKeys.map(({ field }) => field)),
    request: plan === undefined ? null : fieldsJson(plan.requestFields.map(({ field }) => field)),
    outputs: fieldsJson(model.outputs),
    artifact: { path: model.artifact.path, sha256: model.artifact.sha256 },
    placement: served?.runner.model.placement ?? null,
    missing: model.missing,
    when_store_unavailable: model.when_store_unavailable,
    deadline_ms: model.deadline_ms,
    owner: model.owner,
    tags: { ...model.tags },
  };
}

function findServed(name: string, catalog: Pick<ModelCatalog, 'find'>): ServedModel | undefined {
  try {
    return catalog.find(name);
  } catch (error) {
    if (isLarderError(error)) return undefined;
    throw error;
  }
}
