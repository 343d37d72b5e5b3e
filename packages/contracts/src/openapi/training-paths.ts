import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import {
  trainingSetAcceptedSchema,
  trainingSetParamsSchema,
  trainingSetRequestSchema,
  trainingSetRowsQuerySchema,
  trainingSetSchema,
  trainingSetUploadQuerySchema,
  trainingSetsAnswerSchema,
  trainingSetsQuerySchema,
} from '../training-sets.ts';
import { operation } from './operation.ts';

const PARQUET = 'application/vnd.apache.parquet';
const ARROW = 'application/vnd.apache.arrow.stream';

/** Training sets: building them, and their rows. */
export function trainingPaths(): ZodOpenApiPathsObject {
  const tag = 'training';
  const params = trainingSetParamsSchema;
  return {
    '/v1/training-sets': {
      post: operation({
        scope: 'training:write',
        tag,
        summary: 'Build a training set, of rows in the body or of rows that the service finds itself',
        query: trainingSetUploadQuerySchema,
        body: trainingSetRequestSchema,
        files: [PARQUET, ARROW, 'text/csv'],
        answers: { 202: trainingSetAcceptedSchema },
        codes: [
          'MODEL_NOT_FOUND',
          'TRAINING_SET_NOT_FOUND',
          'TRAINING_SET_NOT_COMPLETE',
          'OPTION_NOT_SUPPORTED',
          'TRAINING_SET_QUEUE_FULL',
          'DISK_FULL',
          'DEFINITION_NOT_LOADED',
        ],
      }),
      get: operation({
        scope: 'training:read',
        tag,
        summary: 'Training sets, newest first',
        query: trainingSetsQuerySchema,
        answers: { 200: trainingSetsAnswerSchema },
      }),
    },
    '/v1/training-sets/{id}': {
      get: operation({
        scope: 'training:read',
        tag,
        summary: 'One training set: status, progress and manifest',
        params,
        answers: { 200: trainingSetSchema },
        codes: ['TRAINING_SET_NOT_FOUND'],
      }),
      delete: operation({
        scope: 'training:write',
        tag,
        summary: 'Cancel its build, or delete its files; the record stays',
        params,
        emptyBody: true,
        answers: { 200: trainingSetSchema },
        codes: ['TRAINING_SET_NOT_FOUND', 'TRAINING_SET_ELSEWHERE'],
      }),
    },
    '/v1/training-sets/{id}/rows': {
      get: operation({
        scope: 'training:read',
        tag,
        summary: 'Its rows as a stream',
        params,
        query: trainingSetRowsQuerySchema,
        answers: { 200: z.string() },
        mediaTypes: [PARQUET, 'text/csv', ARROW],
        codes: [
          'TRAINING_SET_NOT_FOUND',
          'TRAINING_SET_NOT_COMPLETE',
          'TRAINING_SET_ELSEWHERE',
          'TRAINING_SET_FILES_GONE',
        ],
      }),
    },
  };
}
