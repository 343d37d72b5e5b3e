// Definitions
export { artifact, artifactFolder, packageArtifact } from './artifact.ts';
export type { Artifact } from './artifact.ts';
export { entity } from './entity.ts';
export type { Entity, JoinKeys } from './entity.ts';
export { featureView } from './feature-view.ts';
export type { FeatureView, FeatureViewOptions } from './feature-view.ts';
export { f } from './field.ts';
export type {
  Computed,
  Field,
  Fields,
  FieldSpec,
  FieldType,
  FieldValue,
  Given,
  Int64Field,
  JsonValue,
  Served,
  T,
  VectorField,
} from './field.ts';
export { model } from './model.ts';
export type { FeaturesOf, Model, ModelOptions, PredictInput, PredictOutput } from './model.ts';
export { onDemandFeatureView } from './on-demand-feature-view.ts';
export type { OnDemandFeatureView, OnDemandFeatureViewOptions } from './on-demand-feature-view.ts';
export type { FeatureInput, PickedFeatures } from './pick.ts';
export { project } from './project.ts';
export type { LoadedDefinitions, LoadedProject, Project, ProjectOptions } from './project.ts';
export type { Agreeing, GivesOf, KeysOf, Merge, Provider, RequestOf } from './provider.ts';
export { folderSource, sqlSource } from './source.ts';
export type { FolderSource, FolderSourceOptions, Source, SqlSource, SqlSourceOptions } from './source.ts';
// Computations
export { computeWith, defineComputation } from './compute-with.ts';
export type { ComputeRows, ComputeWithOptions } from './compute-with.ts';
export type {
  Computation,
  ComputationContext,
  ComputationModule,
  ComputeDescriptor,
  RowFailure,
  RowOutcome,
  SourceRow,
} from './compute.ts';
export { computeOnce } from './compute-once.ts';
export type { ComputeOnceOptions } from './compute-once.ts';
// Loading
export { loadDefinitions, loadProject } from './load-project.ts';
export type { LoadOptions } from './load-project.ts';
export { projectFiles } from './project-files.ts';
export { hashArtifact } from './hash-artifact.ts';
// Manifest
export { fingerprint } from './canonical-json.ts';
export { parseManifest } from './parse-manifest.ts';
export { findFeatureView } from './find-feature-view.ts';
export { viewRef } from './manifest.ts';
export type {
  ArtifactManifest,
  ComputeManifest,
  EntityManifest,
  FeatureViewManifest,
  FieldManifest,
  InputManifest,
  Manifest,
  ModelManifest,
  OnDemandFeatureViewManifest,
  FolderSourceManifest,
  SourceManifest,
  SqlSourceManifest,
} from './manifest.ts';
// Values over JSON
export { decodeJsonValue } from './values/decode-json-value.ts';
export type { DecodedValue } from './values/decode-json-value.ts';
export { encodeJsonValue } from './values/encode-json-value.ts';
export { valueProblem } from './values/value-problem.ts';
export type { ValueSpec } from './values/value-spec.ts';
