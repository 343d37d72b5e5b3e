import type { AliasInForce, LoadedModel } from '@larder/offline-store';
import type { AliasInService, ModelInService } from './model-in-service.ts';

/** The versions of a model that are in memory here, each with the aliases that it answers for. */
export function loadedModels(model: ModelInService): LoadedModel[] {
  const aliases = model.aliases();
  const entry = (version: number | null, reads: readonly string[]): LoadedModel => {
    const own = aliases.filter(({ route }) => (route?.served.version ?? null) === version).map(inForce);
    const ready = version !== null && own.every(({ problem }) => problem === null);
    return { model: model.name, version, ready, reads, aliases: own };
  };
  const opened = Array.from(model.opened(), ({ version, predictor }) =>
    entry(
      version,
      predictor.plan.views.map(({ ref }) => ref),
    ),
  );
  const unanswered = aliases.some(({ route }) => route === undefined);
  return unanswered || opened.length === 0 ? [...opened, entry(null, [])] : opened;
}

function inForce({ state, route, failure }: AliasInService): AliasInForce {
  return {
    alias: state.alias,
    move_id: route?.alias?.moveId ?? null,
    problem:
      failure === null
        ? null
        : { move_id: state.move?.moveId ?? null, version: state.version, reason: failure.detail },
  };
}
