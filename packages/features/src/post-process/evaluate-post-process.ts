/*
 * Budget: the cost of the project's own function, plus about 0.3 µs for its arguments. Predictions, unit tests and parity
 * all use this.
 */
import type { LarderError } from '@larder/core';
import type { FieldValue } from '../definition/field.ts';
import { fieldManifests } from '../manifest/field-manifest.ts';
import type { FieldManifest, Manifest, OnDemandFeatureViewManifest } from '../manifest/manifest.ts';
import { checkedResult, type FunctionWords, type OnDemandResult } from '../on-demand/evaluate.ts';
import type { OnDemandFeature, OnDemandFunction } from '../on-demand/on-demand-views.ts';
import type { PostProcess } from './post-process.ts';
import { declaredDefault } from '../values/declared-default.ts';

export interface PostProcessArguments {
  readonly outputs: Readonly<Record<string, FieldValue>>;
  readonly request: Readonly<Record<string, FieldValue>>;
}

/** The post-processing of a model, ready to run. */
export interface CompiledPostProcess {
  readonly name: string;
  readonly compute: (given: PostProcessArguments) => unknown;
  /** Outputs of the model that the function gets. */
  readonly outputs: readonly FieldManifest[];
  readonly request: readonly FieldManifest[];
  /** Outputs that the function must return. */
  readonly features: readonly OnDemandFeature[];
}

/** Null: the model has none. */
export function compilePostProcess(
  manifest: Pick<Manifest, 'on_demand_feature_views'>,
  name: string | undefined,
  functionOf: (definition: OnDemandFeatureViewManifest) => OnDemandFunction,
): CompiledPostProcess | null {
  if (name === undefined) return null;
  const definition = manifest.on_demand_feature_views[name];
  if (definition === undefined) throw new Error(`The manifest has no post-processing ${name}.`);
  const { outputs = [], request, schema } = definition;
  return {
    name,
    compute: functionOf(definition).compute as unknown as CompiledPostProcess['compute'],
    outputs,
    request,
    features: schema.map((field) => ({ name: field.name, field, defaultValue: declaredDefault(field) })),
  };
}

/** A definition that is not part of a manifest: for unit tests. */
export function compilePostProcessAlone(post: PostProcess): CompiledPostProcess {
  const definition = {
    name: post.name,
    outputs: fieldManifests(post.outputs),
    request: fieldManifests(post.request),
    inputs: [],
    schema: fieldManifests(post.schema),
    code_sha256: '',
  };
  const manifest = { on_demand_feature_views: { [post.name]: definition } };
  const compute = post.compute as unknown as OnDemandFunction['compute'];
  return compilePostProcess(manifest, post.name, () => ({ compute })) as CompiledPostProcess;
}

const POST_PROCESS: FunctionWords = {
  definition: 'post-processing',
  value: 'output',
  values: 'outputs',
};

/**
 * Runs the function for one row.
 * @returns ON_DEMAND_FAILED when it throws or returns values that do not fit its schema
 */
export function evaluatePostProcess(
  post: CompiledPostProcess,
  given: PostProcessArguments,
): OnDemandResult | LarderError {
  return checkedResult(post, given, POST_PROCESS);
}
