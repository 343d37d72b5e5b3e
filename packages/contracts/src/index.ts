// Problems
export { problemSchema, errorDetailSchema } from './problem.ts';
export type { Problem } from './problem.ts';
// Keys
export {
  apiKeyParamsSchema,
  apiKeySchema,
  apiKeysAnswerSchema,
  apiKeysQuerySchema,
  createApiKeySchema,
  newApiKeySchema,
  rotateApiKeySchema,
} from './api-keys.ts';
export type {
  ApiKeyAnswer,
  ApiKeysAnswer,
  CreateApiKeyBody,
  NewApiKeyAnswer,
  RotateApiKeyBody,
} from './api-keys.ts';
export { KEY_ROLES, KEY_SCOPES } from './key-scopes.ts';
export type { KeyRole, KeyScope } from './key-scopes.ts';
// Predict
export {
  MAX_BATCH_ROWS,
  ALIAS_NAME,
  MAX_DEADLINE_MS,
  MAX_MODEL_VERSION,
  featureSchema,
  predictAnswerSchema,
  predictBatchAnswerSchema,
  predictBatchRequestSchema,
  predictOptionsSchema,
  predictRequestSchema,
  predictRowSchema,
} from './predict.ts';
export type {
  PredictAnswer,
  PredictBatchAnswer,
  PredictBatchRequest,
  PredictOptions,
  PredictRequest,
  PredictRow,
  ServedFeature,
} from './predict.ts';
// Erasures
export { erasureQuerySchema, receiptSchema, receiptsQuerySchema } from './erasures.ts';
export type { ErasureReceipt, ErasureReceipts } from './erasures.ts';
// Labels
export {
  MAX_LABELS,
  labelsAnswerSchema,
  labelsEnvelopeSchema,
  labelsQuerySchema,
  readLabel,
  storedLabelsSchema,
} from './labels.ts';
export type { LabelsAnswer, StoredLabels } from './labels.ts';
// Features
export {
  MAX_ONLINE_ENTITIES,
  onlineFeaturesAnswerSchema,
  onlineFeaturesRequestSchema,
} from './online-features.ts';
export type { OnlineFeaturesAnswer, OnlineFeaturesRequest } from './online-features.ts';
export { MAX_KEYS_PER_PAGE, entityKeysAnswerSchema, entityKeysQuerySchema } from './entity-keys.ts';
export type { EntityKeysAnswer } from './entity-keys.ts';
export { eventsAnswerSchema, eventsRequestSchema, MAX_EVENTS } from './events.ts';
export type { EventsAnswer } from './events.ts';
export { MAX_PUSH_ROWS, pushAnswerSchema, pushRequestSchema } from './push.ts';
export type { PushAnswer } from './push.ts';
export { entityAnswerSchema, entityViewSchema } from './entity.ts';
export type { EntityAnswer, EntityView } from './entity.ts';
// Training
export {
  trainingSetParamsSchema,
  trainingSetRequestSchema,
  trainingSetRowsQuerySchema,
  trainingSetSchema,
  trainingSetUploadQuerySchema,
  trainingSetsAnswerSchema,
  trainingSetsQuerySchema,
} from './training-sets.ts';
export type {
  TrainingSetAccepted,
  TrainingSetAnswer,
  TrainingSetRequestBody,
  TrainingSetsAnswer,
} from './training-sets.ts';
// Precompute
export { MAX_SCOPE_ENTITIES, backfillScopeSchema } from './scope.ts';
export type { BackfillScope } from './scope.ts';
export { backfillAnswerSchema, backfillRequestSchema, idempotencyKeySchema } from './backfills.ts';
export type { BackfillAnswer, BackfillRequest } from './backfills.ts';
export {
  FINAL_RUN_STATUSES,
  RUN_STATUSES,
  failuresAnswerSchema,
  failuresQuerySchema,
  rowFailureSchema,
  runParamsSchema,
  runSchema,
  runStatusSchema,
  runGraphAnswerSchema,
  runsAnswerSchema,
  runsQuerySchema,
} from './runs.ts';
export type {
  FailuresAnswer,
  Run,
  RunGraphAnswer,
  RunRowFailure,
  RunStatus,
  RunsAnswer,
  RunsQuery,
} from './runs.ts';
// Registry
export { applyAnswerSchema, applyRequestSchema, planAnswerSchema, planRequestSchema } from './apply.ts';
export type { ApplyAnswer, PlanAnswer } from './apply.ts';
export { entitiesAnswerSchema, fieldSchema, viewSchema, viewsAnswerSchema } from './views.ts';
export type {
  EntitiesAnswer,
  FeatureViewAnswer,
  OnDemandFeatureViewAnswer,
  ViewAnswer,
  ViewsAnswer,
} from './views.ts';
export {
  MAX_LISTED_MOVES,
  MAX_MOVE_WAIT_MS,
  aliasMoveParamsSchema,
  aliasSchema,
  aliasesAnswerSchema,
  dropAliasQuerySchema,
  putAliasAnswerSchema,
  putAliasRequestSchema,
  rollbackRequestSchema,
} from './aliases.ts';
export type {
  AliasAnswer,
  AliasMoveAnswer,
  AliasesAnswer,
  MoveStandingAnswer,
  PutAliasAnswer,
} from './aliases.ts';
export { markRequestSchema, modelVersionParamsSchema, modelVersionsAnswerSchema } from './model-versions.ts';
export type { ModelRecordsAnswer, ModelVersionAnswer, ModelVersionsAnswer } from './model-versions.ts';
export type { ManifestAnswer } from './manifest.ts';
export {
  compareQuerySchema,
  comparisonAnswerSchema,
  parityAnswerSchema,
  parityQuerySchema,
} from './comparisons.ts';
export type { ComparisonAnswer, ParityAnswer } from './comparisons.ts';
export {
  modelInputsAnswerSchema,
  modelInputsQuerySchema,
  modelSchema,
  modelsAnswerSchema,
} from './models.ts';
export type { ModelAnswer, ModelInputsAnswer, ModelsAnswer } from './models.ts';
// The audit
export { auditAnswerSchema, auditQuerySchema } from './audit.ts';
export type { AuditAnswer } from './audit.ts';
// Process
export { pressureAnswerSchema } from './queue.ts';
export type { PressureAnswer } from './queue.ts';
export { statusAnswerSchema } from './status.ts';
export type { StatusAnswer } from './status.ts';
export { processesAnswerSchema } from './processes.ts';
export type { ProcessesAnswer } from './processes.ts';
export { liveAnswerSchema, readyAnswerSchema } from './health.ts';
export type { ReadyAnswer } from './health.ts';
// Logged predictions
export {
  predictionDetailSchema,
  predictionParamsSchema,
  predictionsAnswerSchema,
  predictionsQuerySchema,
} from './predictions.ts';
export type { PredictionDetail, PredictionsAnswer } from './predictions.ts';
// The document
export { createOpenApiDocument, listOperations } from './openapi/openapi.ts';
export type { OpenApiOptions, OperationAccess } from './openapi/openapi.ts';
export type { FieldDescription, ModelDescription } from './openapi/model-paths.ts';
