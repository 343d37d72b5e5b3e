import type { ErrorCode } from '@larder/core';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import {
  aliasHeadersSchema,
  aliasMoveParamsSchema,
  aliasParamsSchema,
  moveStandingSchema,
  putAliasAnswerSchema,
  rollbackRequestSchema,
} from '../aliases.ts';
import { receiptsAnswerSchema, receiptsQuerySchema } from '../erasures.ts';
import { manifestAnswerSchema } from '../manifest.ts';
import {
  markRequestSchema,
  modelRecordsAnswerSchema,
  modelVersionParamsSchema,
  modelVersionSchema,
} from '../model-versions.ts';
import { operation } from './operation.ts';

const DATABASE_CODES = [
  'DATABASE_UNAVAILABLE',
  'DATABASE_NOT_MIGRATED',
] as const satisfies readonly ErrorCode[];

/** What is on record, and the moves that whoever is on call makes. */
export function recordPaths(): ZodOpenApiPathsObject {
  return {
    '/v1/manifest': {
      get: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'The applied definitions, and those that this process was started with',
        answers: { 200: manifestAnswerSchema },
        codes: DATABASE_CODES,
      }),
    },
    '/v1/model-records': {
      get: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'Every model that has versions on record, also those that are no longer applied',
        answers: { 200: modelRecordsAnswerSchema },
        codes: DATABASE_CODES,
      }),
    },
    '/v1/models/{model}/versions/{version}/mark': {
      post: operation({
        scope: 'models:promote',
        tag: 'registry',
        summary: 'Mark a version as bad, or as good again',
        params: modelVersionParamsSchema,
        body: markRequestSchema,
        answers: { 200: modelVersionSchema },
        codes: ['MODEL_NOT_FOUND', 'MODEL_VERSION_NOT_FOUND', ...DATABASE_CODES],
      }),
    },
    '/v1/models/{model}/aliases/{alias}/rollback': {
      post: operation({
        scope: 'models:promote',
        tag: 'registry',
        summary: 'Move an alias back to the version before, and mark the one that it leaves as bad',
        params: aliasParamsSchema,
        headers: aliasHeadersSchema,
        body: rollbackRequestSchema,
        answers: { 200: putAliasAnswerSchema, 202: putAliasAnswerSchema },
        codes: [
          'MODEL_NOT_FOUND',
          'ALIAS_NOT_FOUND',
          'ALIAS_MOVED',
          'PRECONDITION_REQUIRED',
          'ROLLBACK_IMPOSSIBLE',
          ...DATABASE_CODES,
        ],
      }),
    },
    '/v1/models/{model}/aliases/{alias}/moves/{move_id}': {
      get: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'A move of an alias, and in which inference processes it is in force now',
        params: aliasMoveParamsSchema,
        answers: { 200: moveStandingSchema },
        codes: ['MODEL_NOT_FOUND', 'ALIAS_NOT_FOUND', ...DATABASE_CODES],
      }),
    },
    '/v1/erasures': {
      get: operation({
        scope: 'forget',
        tag: 'features',
        summary: 'Receipts of erasures, newest first',
        query: receiptsQuerySchema,
        answers: { 200: receiptsAnswerSchema },
        codes: DATABASE_CODES,
      }),
    },
  };
}
