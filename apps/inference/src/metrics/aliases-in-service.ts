import type { ModelInService } from '../models/model-in-service.ts';

/** The version that answers for each alias of each model. */
export function* aliasesInService(
  models: Iterable<ModelInService>,
): Iterable<{ readonly model: string; readonly alias: string; readonly version: number | null }> {
  for (const model of models)
    for (const { state, route } of model.aliases())
      yield { model: model.name, alias: state.alias, version: route?.served.version ?? null };
}
