import { z } from 'zod';
import { createDocument, type ZodOpenApiPathsObject } from 'zod-openapi';
import { recordPaths } from './record-paths.ts';
import { auditAnswerSchema, auditQuerySchema } from '../audit.ts';
import { apiKeyPaths } from './api-key-paths.ts';
import { comparisonPaths } from './comparison-paths.ts';
import { trainingPaths } from './training-paths.ts';
import { featurePaths } from './feature-paths.ts';
import { modelInputsAnswerSchema, modelInputsQuerySchema } from '../models.ts';
import { PREDICT_CODES, modelPaths, type ModelDescription } from './model-paths.ts';
import { operation, SECURITY_SCHEMES, type OperationOptions } from './operation.ts';
import { backfillAnswerSchema, backfillRequestSchema, idempotencyKeySchema } from '../backfills.ts';
import { entityAnswerSchema } from '../entity.ts';
import { liveAnswerSchema, readyAnswerSchema } from '../health.ts';
import { erasureQuerySchema, receiptSchema } from '../erasures.ts';
import type { KeyScope } from '../key-scopes.ts';
import { labelsAnswerSchema, labelsQuerySchema, labelsRequestSchema, storedLabelsSchema } from '../labels.ts';
import {
  predictAnswerSchema,
  predictBatchAnswerSchema,
  predictBatchRequestSchema,
  predictRequestSchema,
} from '../predict.ts';
import {
  predictionDetailSchema,
  predictionParamsSchema,
  predictionsAnswerSchema,
  predictionsQuerySchema,
} from '../predictions.ts';
import { processesAnswerSchema } from '../processes.ts';
import { pressureAnswerSchema } from '../queue.ts';
import { statusAnswerSchema } from '../status.ts';
import {
  failuresAnswerSchema,
  failuresQuerySchema,
  runGraphAnswerSchema,
  runParamsSchema,
  runSchema,
  runsAnswerSchema,
  runsQuerySchema,
} from '../runs.ts';
import { idSchema, nameSchema } from '../scalars.ts';

export interface OpenApiOptions {
  /** Adds a path with its own typed bodies per model. */
  readonly models?: readonly ModelDescription[];
}

const modelParams = z.strictObject({ model: nameSchema });
const entityParams = z.strictObject({
  entity: nameSchema,
  key: z
    .string()
    .meta({ description: 'The join key; composite keys `a|b`, percent-encoded.', example: 'ad-42' }),
});

/** The OpenAPI 3.1 document of every route, generated from the schemas that the routes use. */
export function createOpenApiDocument(options: OpenApiOptions = {}): object {
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Larder',
      version: '1',
      description:
        'Features prepared ahead, merged with those of the request, and the model answers, in one call.',
    },
    tags: ['predict', 'features', 'training', 'precompute', 'registry', 'process'].map((name) => ({ name })),
    components: { securitySchemes: SECURITY_SCHEMES },
    paths: { ...sharedPaths(), ...modelPaths(options.models ?? []) },
  });
}

/** An operation, as far as who may call it is concerned. */
export interface OperationAccess {
  readonly method: string;
  /** As in the document: `/v1/runs/{id}`. */
  readonly path: string;
  readonly scope: KeyScope | 'none';
  readonly boundBy: string | null;
}

/** Every operation, without those that repeat one for a single model. */
export function listOperations(): OperationAccess[] {
  return Object.entries(sharedPaths()).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Record<string, string | undefined>>).map(([method, declared]) => ({
      method: method.toUpperCase(),
      path,
      scope: declared['x-larder-scope'] as KeyScope | 'none',
      boundBy: declared['x-larder-bound-by'] ?? null,
    })),
  );
}

function sharedPaths(): ZodOpenApiPathsObject {
  return {
    ...corePaths(),
    ...featurePaths(),
    ...recordPaths(),
    ...trainingPaths(),
    ...comparisonPaths(),
    ...apiKeyPaths(),
  };
}

function corePaths(): ZodOpenApiPathsObject {
  const runAction = (summary: string): OperationOptions => ({
    scope: 'runs:write',
    tag: 'precompute',
    summary,
    params: runParamsSchema,
    emptyBody: true,
    answers: { 200: runSchema },
    codes: ['RUN_NOT_FOUND', 'RUN_STATE_CONFLICT'],
  });
  return {
    '/v1/models/{model}/predict': {
      post: operation({
        scope: 'predict',
        boundBy: 'model',
        tag: 'predict',
        summary: 'Predict one row',
        params: modelParams,
        body: predictRequestSchema,
        answers: { 200: predictAnswerSchema },
        codes: PREDICT_CODES,
      }),
    },
    '/v1/models/{model}/predict-batch': {
      post: operation({
        scope: 'predict',
        boundBy: 'model',
        tag: 'predict',
        summary: 'Predict many rows; one bad row never spoils the others',
        params: modelParams,
        body: predictBatchRequestSchema,
        answers: { 200: predictBatchAnswerSchema },
        codes: PREDICT_CODES,
      }),
    },
    '/v1/models/{model}/inputs': {
      get: operation({
        scope: 'predict',
        boundBy: 'model',
        tag: 'predict',
        summary: 'What callers send to a version of a model',
        params: modelParams,
        query: modelInputsQuerySchema,
        answers: { 200: modelInputsAnswerSchema },
        codes: ['MODEL_NOT_FOUND', 'MODEL_VERSION_NOT_FOUND', 'MODEL_NOT_READY'],
      }),
    },
    '/v1/predictions': {
      get: operation({
        scope: 'predictions:read',
        tag: 'predict',
        summary: 'Logged predictions, newest first, with a histogram of their output on request',
        query: predictionsQuerySchema,
        answers: { 200: predictionsAnswerSchema },
        codes: [
          'ENTITY_NOT_FOUND',
          'ENTITY_KEY_INVALID',
          'QUERY_TOO_SLOW',
          'DEFINITION_NOT_LOADED',
          'DATABASE_UNAVAILABLE',
          'DATABASE_NOT_MIGRATED',
        ],
      }),
    },
    '/v1/predictions/{prediction_id}': {
      get: operation({
        scope: 'predictions:read',
        tag: 'predict',
        summary: 'One logged prediction: request, features with their provenance, outputs, timings',
        params: predictionParamsSchema,
        answers: { 200: predictionDetailSchema },
        codes: ['PREDICTION_NOT_FOUND', 'QUERY_TOO_SLOW', 'DATABASE_UNAVAILABLE', 'DATABASE_NOT_MIGRATED'],
      }),
    },
    '/v1/labels': {
      post: operation({
        scope: 'labels:write',
        tag: 'predict',
        summary: 'Outcomes of predictions, each stored once per event of its source',
        body: labelsRequestSchema,
        answers: { 200: labelsAnswerSchema },
        codes: ['DEFINITION_NOT_LOADED', 'DATABASE_UNAVAILABLE', 'DATABASE_NOT_MIGRATED'],
      }),
      get: operation({
        scope: 'predictions:read',
        tag: 'predict',
        summary: 'Labels of one prediction or entity, newest first',
        query: labelsQuerySchema,
        answers: { 200: storedLabelsSchema },
        codes: [
          'ENTITY_KEY_INVALID',
          'DEFINITION_NOT_LOADED',
          'DATABASE_UNAVAILABLE',
          'DATABASE_NOT_MIGRATED',
        ],
      }),
    },
    '/v1/entities/{entity}/{key}': {
      get: operation({
        scope: 'inspect',
        tag: 'features',
        summary: 'Everything the online store holds for one entity',
        params: entityParams,
        answers: { 200: entityAnswerSchema },
        codes: ['ENTITY_NOT_FOUND', 'ENTITY_KEY_INVALID', 'ONLINE_STORE_UNAVAILABLE'],
      }),
      delete: operation({
        scope: 'forget',
        tag: 'features',
        summary: 'Erase an entity everywhere, for ever; 202: a worker completes it',
        params: entityParams,
        query: erasureQuerySchema,
        answers: { 200: receiptSchema, 202: receiptSchema },
        codes: ['ENTITY_NOT_FOUND', 'ENTITY_KEY_INVALID', 'DATABASE_UNAVAILABLE', 'DATABASE_NOT_MIGRATED'],
      }),
    },
    '/v1/entities/{entity}/{key}/allow-again': {
      post: operation({
        scope: 'forget',
        tag: 'features',
        summary: 'Let rows of an erased entity land again; nothing that was erased returns',
        params: entityParams,
        query: erasureQuerySchema,
        emptyBody: true,
        answers: { 200: receiptSchema },
        codes: [
          'ENTITY_NOT_FOUND',
          'ENTITY_KEY_INVALID',
          'ERASURE_NOT_FOUND',
          'ERASURE_UNFINISHED',
          'ONLINE_STORE_UNAVAILABLE',
          'DATABASE_UNAVAILABLE',
          'DATABASE_NOT_MIGRATED',
        ],
      }),
    },
    '/v1/erasures/{receipt_id}': {
      get: operation({
        scope: 'forget',
        tag: 'features',
        summary: 'Receipt of an erasure: what was removed where, and what still holds the key',
        params: z.strictObject({ receipt_id: idSchema }),
        answers: { 200: receiptSchema },
        codes: ['ERASURE_NOT_FOUND', 'DATABASE_UNAVAILABLE', 'DATABASE_NOT_MIGRATED'],
      }),
    },
    '/v1/backfills': {
      post: operation({
        scope: 'runs:write',
        tag: 'precompute',
        summary: 'Materialize a chosen range',
        body: backfillRequestSchema,
        answers: { 202: backfillAnswerSchema },
        headers: z.object({ 'idempotency-key': idempotencyKeySchema.optional() }),
        codes: ['VIEW_NOT_FOUND', 'IDEMPOTENCY_KEY_REUSED', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/runs': {
      get: operation({
        scope: 'runs:read',
        tag: 'precompute',
        summary: 'Runs, newest first',
        query: runsQuerySchema,
        answers: { 200: runsAnswerSchema },
        codes: ['VIEW_NOT_FOUND', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/runs/{id}': {
      get: operation({
        scope: 'runs:read',
        tag: 'precompute',
        summary: 'One run',
        params: runParamsSchema,
        answers: { 200: runSchema },
        codes: ['RUN_NOT_FOUND'],
      }),
    },
    '/v1/runs/{id}/events': {
      get: operation({
        scope: 'runs:read',
        tag: 'precompute',
        summary: 'Server-sent events: `progress` at most every 250 ms, one `end`; data is a Run',
        params: runParamsSchema,
        answers: { 200: z.string() },
        mediaType: 'text/event-stream',
        codes: ['RUN_NOT_FOUND', 'TOO_MANY_STREAMS'],
      }),
    },
    '/v1/runs/{id}/failures': {
      get: operation({
        scope: 'runs:read',
        tag: 'precompute',
        summary: 'Each failed row with its reason',
        params: runParamsSchema,
        query: failuresQuerySchema,
        answers: { 200: failuresAnswerSchema },
        codes: ['RUN_NOT_FOUND'],
      }),
    },
    '/v1/runs/{id}/graph': {
      get: operation({
        scope: 'runs:read',
        tag: 'precompute',
        summary: 'The run with the runs that fed it and those that it fed',
        params: runParamsSchema,
        answers: { 200: runGraphAnswerSchema },
        codes: ['RUN_NOT_FOUND'],
      }),
    },
    '/v1/runs/{id}/pause': { post: operation(runAction('Give out no more chunks of this run')) },
    '/v1/runs/{id}/resume': { post: operation(runAction('Go on with a paused or held run')) },
    '/v1/runs/{id}/cancel': { post: operation(runAction('Stop for good; what landed stays')) },
    '/v1/runs/{id}/retry-failed': { post: operation(runAction('Compute the failed rows again')) },
    '/v1/audit': {
      get: operation({
        scope: 'audit:read',
        tag: 'process',
        summary: 'Who changed or inspected what, newest first',
        query: auditQuerySchema,
        answers: { 200: auditAnswerSchema },
        codes: ['ENTITY_NOT_FOUND', 'ENTITY_KEY_INVALID', 'DATABASE_UNAVAILABLE', 'DATABASE_NOT_MIGRATED'],
      }),
    },
    '/v1/queue/pressure': {
      get: operation({
        scope: 'metrics:read',
        tag: 'process',
        summary: 'How much work waits for workers, for autoscalers and alerts',
        answers: { 200: pressureAnswerSchema },
        codes: ['DATABASE_UNAVAILABLE', 'DATABASE_NOT_MIGRATED'],
      }),
    },
    '/v1/status': {
      get: operation({
        scope: 'registry:read',
        tag: 'process',
        summary: 'What is stale, late, held, failing or away, since when, and the next command for each',
        answers: { 200: statusAnswerSchema },
        codes: [],
      }),
    },
    '/v1/processes': {
      get: operation({
        scope: 'registry:read',
        tag: 'process',
        summary: 'Who runs: living workers and inference processes, with their code and models',
        answers: { 200: processesAnswerSchema },
        codes: ['DATABASE_UNAVAILABLE', 'DATABASE_NOT_MIGRATED'],
      }),
    },
    '/health/live': {
      get: operation({
        scope: 'none',
        tag: 'process',
        summary: 'The process runs',
        answers: { 200: liveAnswerSchema },
      }),
    },
    '/health/ready': {
      get: operation({
        scope: 'none',
        tag: 'process',
        summary:
          'The process can answer something and is not closing; every check, also those that only degrade',
        answers: { 200: readyAnswerSchema, 503: readyAnswerSchema },
      }),
    },
    '/metrics': {
      get: operation({
        scope: 'metrics:read',
        tag: 'process',
        summary: 'Prometheus text',
        answers: { 200: z.string() },
        mediaType: 'text/plain',
      }),
    },
    '/openapi.json': {
      get: operation({
        scope: 'docs:read',
        tag: 'process',
        summary: 'This document',
        answers: { 200: z.record(z.string(), z.unknown()) },
      }),
    },
    '/docs': {
      get: operation({
        scope: 'docs:read',
        tag: 'process',
        summary: 'A page to read this document and try it',
        answers: { 200: z.string() },
        mediaType: 'text/html',
      }),
    },
  };
}
