import { LarderError } from '@larder/core';
import {
  CHAMPION,
  openFunctions,
  readModelContent,
  readServing,
  withLivePolicies,
  type ServableModel,
} from '@larder/registry';
import { compilePlan, type CompiledPlan } from '@larder/serving';
import type { Session } from '../session.ts';

const plans = new WeakMap<Session, Map<string, Promise<CompiledPlan>>>();

/** A model, and which of its versions: as `options.version` of the HTTP API names it. */
export interface AskedModel {
  readonly model: string;
  /** A number, or an alias. @default champion */
  readonly version?: string | undefined;
}

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
async function compileServed(session: Session, asked: AskedModel): Promise<CompiledPlan> {
  const project = await session.projectName();
  const store = await session.offlineStore();
  const { applied, models } = await readServing(store, project);
  const record = models.get(asked.model);
  if (applied === null || record === undefined || !Object.hasOwn(applied.manifest.models, asked.model)) {
    const known = Object.keys(applied?.manifest.models ?? {}).join(', ') || 'none';
    throw new LarderError(
      'MODEL_NOT_FOUND',
      `No model '${asked.model}' is applied; there are: ${known}. To apply what is defined: larder apply`,
    );
  }
  const version = versionOf(record, asked);
  const content = await readModelContent(store, { project, model: asked.model, version });
  if (content === null)
    throw new LarderError(
      'MODEL_NOT_READY',
      `Version ${version} of ${asked.model} was registered by an earlier release of Larder, without its content. To publish it: larder apply`,
    );
  return compilePlan({
    manifest: withLivePolicies(content.manifest, applied.manifest),
    functionOf: await openFunctions(await session.artifacts(), content),
    model: asked.model,
    version,
    onlineStore: await session.onlineStore(),
  });
}

function versionOf({ versions, aliases }: ServableModel, { model, version = CHAMPION }: AskedModel): number {
  const number = /^\d+$/.test(version)
    ? Number(version)
    : aliases.find(({ alias }) => alias === version)?.version;
  if (number !== undefined && versions.get(number)?.collectedAt === null) return number;
  const names = aliases.map((each) => `${each.alias} (${each.version})`).join(', ') || 'none';
  throw new LarderError(
    'MODEL_VERSION_NOT_FOUND',
    `${model} has no version or alias '${version}', or its content was removed; aliases: ${names}. To list all: larder models ${model}`,
  );
}
