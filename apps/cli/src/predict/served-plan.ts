import { LarderError } from '@larder/core';
import { loadedFunctions } from '@larder/features';
import { appliedManifest, modelVersion, notLoaded } from '@larder/registry';
import { compilePlan, type CompiledPlan } from '@larder/serving';
import type { Session } from '../session.ts';

const plans = new WeakMap<Session, Map<string, Promise<CompiledPlan>>>();

/** `compileServed`, once per command. */
export function servedPlan(session: Session, name: string): Promise<CompiledPlan> {
  const known = plans.get(session) ?? new Map<string, Promise<CompiledPlan>>();
  plans.set(session, known);
  const plan = known.get(name) ?? compileServed(session, name);
  known.set(name, plan);
  return plan;
}

/**
 * The compiled plan of a model as in the service: from the applied manifest and the loaded functions.
 * @throws MODEL_NOT_FOUND with the known ones, DEFINITION_NOT_LOADED
 */
async function compileServed(session: Session, name: string): Promise<CompiledPlan> {
  const project = await session.project();
  const store = await session.offlineStore();
  const applied = await appliedManifest(store, project.name);
  if (applied === null)
    throw new LarderError(
      'DEFINITION_NOT_LOADED',
      `Nothing of project ${project.name} is applied; run: larder apply`,
    );
  const { manifest } = applied;
  if (!Object.hasOwn(manifest.models, name)) {
    const known = Object.keys(manifest.models).join(', ') || 'none';
    const unapplied = Object.hasOwn(project.manifest.models, name)
      ? ' It is defined, but not applied: larder apply'
      : '';
    throw new LarderError(
      'MODEL_NOT_FOUND',
      `No model '${name}' is applied; there are: ${known}.${unapplied}`,
    );
  }
  const differences = notLoaded(manifest, project.manifest);
  if (differences.length > 0)
    throw new LarderError(
      'DEFINITION_NOT_LOADED',
      `larder.config.ts differs from what is applied: ${differences.map(({ detail }) => detail).join(' ')} Run: larder plan`,
    );
  const version = await modelVersion(store, project.name, name);
  if (version === null) throw new Error(`The applied model ${name} has no version.`);
  return compilePlan({
    manifest,
    functionOf: loadedFunctions(project),
    model: name,
    version: version.version,
    onlineStore: await session.onlineStore(),
  });
}
