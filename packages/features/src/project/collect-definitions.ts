import type { Artifact } from '../artifact/artifact.ts';
import { isBranded } from '../definition/brand.ts';
import type { Entity } from '../definition/entity.ts';
import type { FeatureView } from '../definition/feature-view.ts';
import type { Model } from '../definition/model.ts';
import type { OnDemandFeatureView } from '../on-demand/on-demand-feature-view.ts';
import type { FeatureInput } from '../definition/pick.ts';
import type { EventSource } from '../windowed/event-source.ts';
import type { PostProcess } from '../post-process/post-process.ts';
import type { Project } from '../definition/project.ts';

/** Every definition that a module exports, by itself, in an array or in an object, or that its exports reach; each value once. */
export interface Definitions {
  readonly projects: readonly Project[];
  readonly entities: readonly Entity[];
  readonly eventSources: readonly EventSource[];
  readonly featureViews: readonly FeatureView[];
  readonly onDemandFeatureViews: readonly OnDemandFeatureView[];
  readonly postProcesses: readonly PostProcess[];
  readonly models: readonly Model[];
}

/** Artifacts of computations and models; a folder may be listed several times. */
export function usedArtifacts({ featureViews, models }: Definitions): Artifact[] {
  const computes = featureViews.flatMap((view) => view.compute ?? []);
  return [
    ...computes.flatMap((compute) => Object.values(compute.artifacts)),
    ...models.map((model) => model.artifact),
  ];
}

type Definition =
  | Project
  | Entity
  | EventSource
  | FeatureView
  | OnDemandFeatureView
  | PostProcess
  | Model
  | FeatureInput;

export function collectDefinitions(exports: Readonly<Record<string, unknown>>): Definitions {
  const found = new Set<Definition>();
  const visit = (value: unknown): void => {
    if (!isBranded(value) || found.has(value as Definition)) return;
    const definition = value as Definition;
    found.add(definition);
    for (const inner of reachable(definition)) visit(inner);
  };
  for (const value of heldIn(exports)) visit(value);

  const ofKind = <K extends Definition['kind']>(kind: K) =>
    [...found].filter(
      (definition): definition is Extract<Definition, { kind: K }> => definition.kind === kind,
    );
  return {
    projects: ofKind('project'),
    entities: ofKind('entity'),
    eventSources: ofKind('event_source'),
    featureViews: ofKind('feature_view'),
    onDemandFeatureViews: ofKind('on_demand_feature_view'),
    postProcesses: ofKind('post_process'),
    models: ofKind('model'),
  };
}

/** What is in arrays, objects and namespaces of modules, in order; not in instances of classes. */
function* heldIn(exports: Readonly<Record<string, unknown>>): Generator {
  const seen = new Set<unknown>();
  const pending = Object.values(exports).reverse();
  while (pending.length > 0) {
    const value = pending.pop();
    yield value;
    if (seen.has(value) || !isHolder(value)) continue;
    seen.add(value);
    for (const inner of valuesOf(value).toReversed()) pending.push(inner);
  }
}

function isHolder(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || isBranded(value)) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** A getter of an object is code of the project, which nobody asked to run; exports of modules may be getters. */
function valuesOf(holder: object): readonly unknown[] {
  if (Array.isArray(holder) || Object.getPrototypeOf(holder) === null) return Object.values(holder);
  return Object.keys(holder).map((name) => Object.getOwnPropertyDescriptor(holder, name)?.value as unknown);
}

function reachable(definition: Definition): readonly unknown[] {
  if (definition.kind === 'feature_view') {
    const views: unknown = definition.source?.views;
    const read: readonly unknown[] = Array.isArray(views) ? views : [];
    return [definition.entity, definition.windowed?.eventSource, definition.predicts?.model, ...read];
  }
  if (definition.kind === 'pick') return [definition.view];
  const inputs: readonly unknown[] =
    'inputs' in definition && Array.isArray(definition.inputs) ? definition.inputs : [];
  return definition.kind === 'model' ? [...inputs, definition.postprocess] : inputs;
}
