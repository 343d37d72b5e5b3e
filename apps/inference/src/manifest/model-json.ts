import type { ModelAnswer } from '@larder/contracts';
import type { Manifest, ModelManifest } from '@larder/features';
import type { ModelInService } from '../models/model-in-service.ts';
import { modelProblem } from '../models/model-problem.ts';
import { fieldsJson, inputsJson } from './view-json.ts';

/** The applied definition of a model and the versions that this process serves. */
export function modelJson(
  manifest: Manifest,
  model: ModelManifest,
  inService: ModelInService | undefined,
): ModelAnswer {
  const post =
    model.postprocess === undefined ? undefined : manifest.on_demand_feature_views[model.postprocess];
  const champion = inService?.champion();
  const problem = inService && modelProblem(inService);
  const plan = champion?.predictor.plan;
  return {
    model: model.name,
    version: champion?.version ?? null,
    problem: problem === undefined ? null : { code: problem.error.code, reason: problem.detail },
    aliases: (inService?.aliases() ?? []).map(({ state, route }) => ({
      alias: state.alias,
      version: state.version,
      served: route?.served.version ?? null,
    })),
    versions_loaded: Array.from(inService?.opened() ?? [], ({ version }) => version).sort((a, b) => a - b),
    inputs: inputsJson(model.inputs),
    join_keys: plan === undefined ? null : fieldsJson(plan.joinKeys.map(({ field }) => field)),
    request: plan === undefined ? null : fieldsJson(plan.requestFields.map(({ field }) => field)),
    outputs: fieldsJson(post?.schema ?? model.outputs),
    postprocess:
      post === undefined
        ? null
        : {
            name: post.name,
            outputs: fieldsJson(post.outputs ?? []),
            request: fieldsJson(post.request),
          },
    artifact: { path: model.artifact.path, sha256: model.artifact.sha256 },
    placement: champion?.runner.model.placement ?? null,
    missing: model.missing,
    when_store_unavailable: model.when_store_unavailable,
    deadline_ms: model.deadline_ms,
    owner: model.owner,
    tags: { ...model.tags },
  };
}
