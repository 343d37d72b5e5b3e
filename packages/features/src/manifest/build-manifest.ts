import { fingerprint32 } from './canonical-json.ts';
import type { CodeUnit } from '../code/code-unit.ts';
import type { Artifact } from '../artifact/artifact.ts';
import type { ComputeDescriptor } from '../computation/computation.ts';
import { labelManifest } from '../definition/model-label.ts';
import type { Entity } from '../definition/entity.ts';
import type { FeatureView, WhenGone } from '../definition/feature-view.ts';
import type {
  ArtifactManifest,
  BudgetManifest,
  ComputeManifest,
  EntityManifest,
  FeatureViewManifest,
  Manifest,
  ModelManifest,
  OnDemandFeatureViewManifest,
  WhenGoneManifest,
} from './manifest.ts';
import { fieldManifests } from './field-manifest.ts';
import { inputManifest } from './input-manifest.ts';
import { DEFAULT_GONE_AT_MOST, viewRef } from './manifest.ts';
import { partialPushManifest } from './partial-push-manifest.ts';
import { viewFingerprint } from './view-fingerprint.ts';
import type { Model, ModelBudget } from '../definition/model.ts';
import type { OnDemandFeatureView } from '../on-demand/on-demand-feature-view.ts';
import type { PostProcess } from '../post-process/post-process.ts';
import type { Project } from '../definition/project.ts';
import { scheduleManifest } from '../schedule/schedule.ts';
import type { Definitions } from '../project/collect-definitions.ts';
import { eventSourceManifest } from '../windowed/event-source-manifest.ts';
import { windowedManifest } from '../windowed/windowed-manifest.ts';

/** What the definitions refer to, by its content. */
export interface Hashes {
  /** SHA-256 by path as the definition wrote it. */
  readonly artifacts: ReadonlyMap<string, string>;
  readonly code: {
    /** By the name of the on-demand view. */
    readonly onDemand: ReadonlyMap<string, Pick<CodeUnit, 'identity'>>;
    /** By the reference of the view. */
    readonly computations: ReadonlyMap<string, Pick<CodeUnit, 'identity'>>;
  };
}

/** The manifest of valid definitions; maps are sorted by key, so that equal definitions give equal bytes. */
export function buildManifest(project: Project, definitions: Definitions, hashes: Hashes): Manifest {
  return {
    format: 1,
    project: project.name,
    connections: [...(project.connections ?? usedConnections(definitions))].sort(),
    allowed_hosts: [...project.allowedHosts].sort(),
    event_horizon_ms: project.eventHorizonMs,
    entities: byKey(definitions.entities, (entity) => entity.name, entityManifest),
    ...(definitions.eventSources.length > 0 && {
      event_sources: byKey(definitions.eventSources, nameOf, eventSourceManifest),
    }),
    feature_views: byKey(definitions.featureViews, viewRef, (view) => featureViewManifest(view, hashes)),
    on_demand_feature_views: byKey(
      [...definitions.onDemandFeatureViews, ...definitions.postProcesses],
      nameOf,
      (view) => onDemandManifest(view, hashes),
    ),
    models: byKey(definitions.models, nameOf, (model) => modelManifest(model, hashes)),
  };
}

function byKey<D, M>(
  definitions: readonly D[],
  key: (definition: D) => string,
  build: (definition: D) => M,
): Record<string, M> {
  const entries = definitions.map((definition) => [key(definition), build(definition)] as const);
  return sortedRecord(entries);
}

function sortedRecord<M>(entries: readonly (readonly [string, M])[]): Record<string, M> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function nameOf(definition: { readonly name: string }): string {
  return definition.name;
}

function usedConnections(definitions: Definitions): string[] {
  const sources = [
    ...definitions.featureViews.map(({ source }) => source),
    ...definitions.eventSources.map(({ backfill }) => backfill),
  ];
  return [...new Set(sources.flatMap((source) => source?.connection ?? []))];
}

/** An entity without join keys has one that is the same everywhere, so that stores and joins know no exception. */
function entityManifest(entity: Entity): EntityManifest {
  if (Object.keys(entity.joinKeys).length === 0) {
    const { name } = entity;
    return { name, join_keys: [{ name, type: 'string', constant: name }] };
  }
  return { name: entity.name, join_keys: fieldManifests(entity.joinKeys) };
}

function featureViewManifest(view: FeatureView, hashes: Hashes): FeatureViewManifest {
  const schema = fieldManifests(view.schema);
  const source = view.source.manifest;
  const windowed = view.windowed === null ? {} : { windowed: windowedManifest(view.windowed) };
  const partialPush = partialPushManifest(view);
  const compute = view.compute === null ? null : computeManifest(viewRef(view), view.compute, hashes);
  return {
    name: view.name,
    version: view.version,
    entity: view.entity.name,
    ttl_ms: view.ttlMs,
    schedule: view.schedule === null ? null : scheduleManifest(view.schedule),
    available_after_ms: view.availableAfterMs,
    chunk_rows: view.chunkRows,
    ...(view.whenGone !== 'keep' && { when_gone: whenGoneManifest(view.whenGone) }),
    ...(view.retentionMs !== 'forever' && { retention_ms: view.retentionMs }),
    ...(view.freshnessMs !== null && { freshness_objective_ms: view.freshnessMs }),
    ...(partialPush !== null && { partial_push: partialPush }),
    source,
    schema,
    compute,
    ...windowed,
    owner: view.owner,
    tags: sortedRecord(Object.entries(view.tags)),
    fingerprint: viewFingerprint(entityManifest(view.entity), { source, schema, compute, ...windowed }),
    schema_fingerprint: fingerprint32(schema.map(({ name, type, length }) => ({ name, type, length }))),
  };
}

function computeManifest(ref: string, compute: ComputeDescriptor, hashes: Hashes): ComputeManifest {
  const artifacts = Object.entries(compute.artifacts);
  return {
    kind: compute.kind,
    options: sortedRecord(Object.entries(compute.options)),
    artifacts: sortedRecord(artifacts.map(([name, artifact]) => [name, artifactManifest(artifact, hashes)])),
    code_sha256: compute.codeUrl === undefined ? null : of(hashes.code.computations, ref).identity,
  };
}

function whenGoneManifest(whenGone: Exclude<WhenGone, 'keep'>): WhenGoneManifest {
  return { at_most: whenGone === 'expire' ? DEFAULT_GONE_AT_MOST : whenGone.expire.atMost };
}

function artifactManifest(artifact: Artifact, hashes: Hashes): ArtifactManifest {
  return { path: artifact.path, sha256: of(hashes.artifacts, artifact.path) };
}

function onDemandManifest(
  view: OnDemandFeatureView | PostProcess,
  hashes: Hashes,
): OnDemandFeatureViewManifest {
  return {
    name: view.name,
    ...(view.kind === 'post_process' && { outputs: fieldManifests(view.outputs) }),
    request: fieldManifests(view.request),
    inputs: view.kind === 'post_process' ? [] : view.inputs.map(inputManifest),
    schema: fieldManifests(view.schema),
    code_sha256: of(hashes.code.onDemand, view.name).identity,
  };
}

function modelManifest(model: Model, hashes: Hashes): ModelManifest {
  return {
    name: model.name,
    inputs:
      model.tensors === null
        ? model.inputs.map(inputManifest)
        : Object.entries(model.tensors).flatMap(([tensor, inputs]) =>
            inputs.map((input) => ({ ...inputManifest(input), tensor })),
          ),
    outputs: fieldManifests(model.output),
    ...(model.postprocess !== null && { postprocess: model.postprocess.name }),
    artifact: artifactManifest(model.artifact, hashes),
    missing: model.missing,
    when_store_unavailable: model.whenStoreUnavailable,
    deadline_ms: model.deadlineMs,
    ...(model.mode !== 'live' && { mode: model.mode }),
    ...(model.budget !== null && { budget: budgetManifest(model.budget) }),
    ...(model.coverage !== null && { coverage: model.coverage }),
    ...(model.label !== null && { label: labelManifest(model.label) }),
    owner: model.owner,
    tags: sortedRecord(Object.entries(model.tags)),
  };
}

function budgetManifest({ maxLatencyMs, maxMemoryMb }: ModelBudget): BudgetManifest {
  return {
    ...(maxLatencyMs !== undefined && { max_latency_ms: maxLatencyMs }),
    ...(maxMemoryMb !== undefined && { max_memory_mb: maxMemoryMb }),
  };
}

function of<H>(hashes: ReadonlyMap<string, H>, key: string): H {
  const hash = hashes.get(key);
  if (hash === undefined) throw new Error(`'${key}' was not hashed before the manifest was built.`);
  return hash;
}
