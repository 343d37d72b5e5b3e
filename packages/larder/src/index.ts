// Definitions
export {
  artifact,
  entity,
  f,
  featureView,
  folderSource,
  model,
  onDemandFeatureView,
  project,
  sqlSource,
} from '@larder/features';
export type {
  Artifact,
  Entity,
  FeatureInput,
  FeatureView,
  Field,
  FieldValue,
  FolderSource,
  JsonValue,
  Model,
  OnDemandFeatureView,
  PickedFeatures,
  PredictInput,
  PredictOutput,
  Project,
  Source,
  SqlSource,
} from '@larder/features';
// Computations
export { computeWith, defineComputation } from '@larder/features';
export type {
  Computation,
  ComputationContext,
  ComputationModule,
  ComputeDescriptor,
  ComputeRows,
  RowFailure,
  RowOutcome,
  SourceRow,
} from '@larder/features';
export { imageFeatures, textInPictures } from '@larder/extractors';
export type { ImageFeaturesOptions, TextInPicturesOptions } from '@larder/extractors';
// Errors
export { LarderError, isLarderError } from '@larder/core';
export type { Duration, ErrorCode } from '@larder/core';
