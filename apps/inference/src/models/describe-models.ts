import type { FieldDescription, ModelDescription } from '@larder/contracts';
import type { ModelInService } from './model-in-service.ts';

/** What callers send to each model, from its champion. */
export function describeModels(models: Iterable<ModelInService>): ModelDescription[] {
  return [...models].flatMap((model) => {
    const plan = model.champion()?.predictor.plan;
    if (plan === undefined) return [];
    const { joinKeys, requestFields } = plan;
    return {
      name: model.name,
      joinKeys: joinKeys.map(({ field }) => field as FieldDescription),
      request: requestFields.map(({ field }) => field as FieldDescription),
    };
  });
}
