import { LarderError } from '@larder/core';
import {
  importBundle,
  type Manifest,
  type OnDemandFeatureViewManifest,
  type OnDemandFunction,
} from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { CHAMPION } from '../aliases/alias-state.ts';
import { appliedManifest } from '../applied/applied-manifest.ts';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { ModelContent } from '../model-versions/model-content.ts';
import { readModelContent } from '../model-versions/read-model-versions.ts';
import { openFunctions } from './open-functions.ts';
import { readServing, type ServableModel } from './read-serving.ts';
import { withLivePolicies } from './with-live-policies.ts';

export interface OpenDefinitionsDeps {
  readonly store: OfflineStore;
  readonly artifacts: Pick<ArtifactStore, 'get'>;
}

/** Definitions with the functions of their on-demand views. */
export interface OpenedDefinitions {
  readonly manifest: Manifest;
  readonly functionOf: (definition: OnDemandFeatureViewManifest) => OnDemandFunction;
}

/**
 * The content of a model version with the live policies, as a service serves it, whatever code is loaded.
 * @param version a number or an alias, champion by default
 * @throws MODEL_NOT_FOUND with the known ones, MODEL_VERSION_NOT_FOUND, MODEL_NOT_READY, ARTIFACT_NOT_FOUND
 */
export async function openModelDefinitions(
  { store, artifacts }: OpenDefinitionsDeps,
  asked: AskedVersion,
): Promise<OpenedDefinitions & Pick<OpenedContent, 'version' | 'applied'>> {
  const { content, ...opened } = await openModelContent(store, asked);
  return { ...opened, functionOf: await openFunctions(artifacts, content) };
}

interface AskedVersion {
  readonly project: string;
  readonly model: string;
  readonly version?: string | undefined;
}

export interface OpenedContent {
  readonly content: ModelContent;
  /** Of the content, with the live policies. */
  readonly manifest: Manifest;
  readonly version: number;
  readonly applied: Manifest;
}

/** The same without the functions: their bundles are in the content. @throws as `openModelDefinitions` */
export async function openModelContent(store: OfflineStore, asked: AskedVersion): Promise<OpenedContent> {
  const { project, model } = asked;
  const { applied, models } = await readServing(store, project);
  const record = models.get(model);
  if (applied === null || record === undefined || !Object.hasOwn(applied.manifest.models, model))
    throw modelNotFound(model, applied?.manifest);
  const version = versionOf(record, asked);
  const content = await readModelContent(store, { project, model, version });
  if (content === null)
    throw new LarderError(
      'MODEL_NOT_READY',
      `Version ${version} of ${model} was registered by an earlier release of Larder, without its content. To publish it: larder apply`,
    );
  return {
    content,
    manifest: withLivePolicies(content.manifest, applied.manifest),
    version,
    applied: applied.manifest,
  };
}

export function modelNotFound(model: string, applied: Manifest | undefined): LarderError {
  const known = Object.keys(applied?.models ?? {}).join(', ') || 'none';
  return new LarderError(
    'MODEL_NOT_FOUND',
    `No model '${model}' is applied; there are: ${known}. To apply what is defined: larder apply`,
  );
}

function versionOf(
  { versions, aliases }: ServableModel,
  { model, version = CHAMPION }: { readonly model: string; readonly version?: string | undefined },
): number {
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

/**
 * What is applied, with the functions of the on-demand views that any model version on record reads in the applied code.
 * `functionOf` @throws DEFINITION_NOT_LOADED for a view that no model reads, unless `loaded` has it
 * @throws DEFINITION_NOT_LOADED before the first apply, ARTIFACT_NOT_FOUND
 */
export async function openAppliedDefinitions(
  { store, artifacts }: OpenDefinitionsDeps,
  { project, loaded }: { readonly project: string; readonly loaded?: OpenedDefinitions | undefined },
): Promise<OpenedDefinitions> {
  const applied = await appliedManifest(store, project);
  if (applied === null)
    throw new LarderError(
      'DEFINITION_NOT_LOADED',
      `Nothing is applied for ${project}. To apply what is defined: larder apply`,
    );
  const { manifest } = applied;
  const functions = new Map<string, OnDemandFunction>();
  for (const [name, { code_sha256: code }] of Object.entries(manifest.on_demand_feature_views)) {
    const bundle = await bundleOf(store, { project, name, code });
    if (bundle === null) continue;
    functions.set(name, await importBundle((await artifacts.get(bundle)).toString(), name));
  }
  return {
    manifest,
    functionOf(definition) {
      const { name, code_sha256: code } = definition;
      const found = functions.get(name);
      if (found !== undefined) return found;
      if (loaded?.manifest.on_demand_feature_views[name]?.code_sha256 === code)
        return loaded.functionOf(definition);
      throw new LarderError(
        'DEFINITION_NOT_LOADED',
        `The applied code of the on-demand feature view ${name} is not kept, because no model reads it, and this process has other code. Run the command in the project that was applied.`,
      );
    },
  };
}

async function bundleOf(
  { db }: Pick<OfflineStore, 'db'>,
  { project, name, code }: { readonly project: string; readonly name: string; readonly code: string },
): Promise<string | null> {
  const { rows } = await sql<{ bundle: string }>`
    select content -> 'bundles' ->> ${name} as bundle from larder.model_versions
    where project = ${project} and collected_at is null
      and content -> 'manifest' -> 'on_demand_feature_views' -> ${name} ->> 'code_sha256' = ${code}
      and content -> 'bundles' ->> ${name} is not null
    order by created_at desc limit 1`.execute(db);
  return rows[0]?.bundle ?? null;
}
