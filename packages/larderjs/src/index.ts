// Definitions
export {
  approximateDistinct,
  artifact,
  count,
  entity,
  eventSource,
  f,
  featureView,
  last,
  max,
  mean,
  min,
  model,
  onDemandFeatureView,
  postProcess,
  precomputedPredictions,
  project,
  sum,
  runTime,
  windowedFeatureView,
} from '@larder/features';
export type {
  Aggregate,
  Artifact,
  Entity,
  EventSource,
  FeatureInput,
  FeatureView,
  Field,
  FieldValue,
  JsonValue,
  Model,
  ModelLabel,
  OnDemandFeatureView,
  PickedFeatures,
  PostProcess,
  Project,
  RowOf,
  Schedule,
  SourceDescriptor as Source,
} from '@larder/features';
export { folderSource, fromViews, pushSource, sqlSource } from '@larder/sources';
export type {
  FileRow,
  FolderSource,
  PushedRow,
  PushSource,
  SqlRow,
  SqlSource,
  ViewsRow,
  ViewsSource,
} from '@larder/sources';
// What callers send and get
export type {
  FeaturesOf,
  OnlineFeaturesInput,
  OnlineFeaturesOutput,
  PredictBatchInput,
  PredictBatchOutput,
  PredictInput,
  PredictOutput,
  Problem,
  PushInput,
  PushOutput,
  PushRow,
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
export { imageFeatures, sentiment, textEmbedding, textInPictures } from '@larder/extractors';
export type {
  ImageFeaturesOptions,
  SentimentOptions,
  TextEmbeddingOptions,
  TextInPicturesOptions,
} from '@larder/extractors';
// Errors
export { LarderError, isLarderError } from '@larder/core';
export type { Duration, ErrorCode } from '@larder/core';
