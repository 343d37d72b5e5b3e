import { CHAMPION, openModelDefinitions } from '@larder/registry';
import { compilePlan, precomputedOf, type CompiledPlan } from '@larder/serving';
import type { Session } from '../../session.ts';
import type { AskedModel } from '../control.ts';

const plans = new WeakMap<Session, Map<string, Promise<CompiledPlan>>>();

/** `compileServed`, once per command. */
export function servedPlan(session: Session, asked: AskedModel): Promise<CompiledPlan> {
  const known = plans.get(session) ?? new Map<string, Promise<CompiledPlan>>();
  plans.set(session, known);
  const key = `${asked.model}@${asked.version ?? CHAMPION}`;
  const plan = known.get(key) ?? compileServed(session, asked);
  known.set(key, plan);
  return plan;
}

/**
 * The compiled plan of a model version as in the service: from its content in the registry, whatever code is loaded.
 * @throws MODEL_NOT_FOUND with the known ones, MODEL_VERSION_NOT_FOUND, MODEL_NOT_READY, ARTIFACT_NOT_FOUND
 */
async function compileServed(session: Session, { model, version }: AskedModel): Promise<CompiledPlan> {
  const project = await session.projectName();
  const deps = { store: await session.offlineStore(), artifacts: await session.artifacts() };
  const definitions = await openModelDefinitions(deps, { project, model, version });
  const precomputed = precomputedOf(definitions.applied, model);
  return compilePlan({ ...definitions, model, precomputed, onlineStore: await session.onlineStore() });
}
