import type { AliasInService, ModelInService } from './model-in-service.ts';
import { beingLoaded, type Unavailable } from './unavailable.ts';

/** What keeps a model from answering as the registry says, over all its aliases; undefined: nothing. */
export function modelProblem(model: ModelInService): Unavailable | undefined {
  const problems = model.aliases().flatMap((alias) => {
    const problem = alias.failure ?? (alias.route === undefined ? missing(alias) : null);
    return problem === null
      ? []
      : { problem, text: `${alias.state.alias}: ${problem.detail} ${answering(alias)}` };
  });
  const first = problems[0]?.problem;
  return first && { ...first, detail: problems.map(({ text }) => text).join(' ') };
}

function missing({ state: { model, version } }: AliasInService): Unavailable {
  return beingLoaded({ model, version });
}

function answering({ route }: AliasInService): string {
  return route === undefined ? 'No version answers.' : `Version ${route.served.version} answers.`;
}
