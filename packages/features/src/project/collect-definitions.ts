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

/** Every definition that a module exports, by itself or in an array, or that its exports reach; each value once. */
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
  for (const value of Object.values(exports)) {
    if (Array.isArray(value)) value.forEach(visit);
    else visit(value);
  }

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
