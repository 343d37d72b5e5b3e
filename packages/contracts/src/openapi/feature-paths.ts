import type { ErrorCode } from '@larder/core';
import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import {
  aliasHeadersSchema,
  aliasMoveSchema,
  aliasParamsSchema,
  aliasSchema,
  aliasesAnswerSchema,
  dropAliasQuerySchema,
  putAliasAnswerSchema,
  putAliasRequestSchema,
} from '../aliases.ts';
import { applyAnswerSchema, applyRequestSchema, planAnswerSchema, planRequestSchema } from '../apply.ts';
import { eventsAnswerSchema, eventsRequestSchema } from '../events.ts';
import { idempotencyKeySchema } from '../backfills.ts';
import { entityKeysAnswerSchema, entityKeysQuerySchema } from '../entity-keys.ts';
import { modelVersionsAnswerSchema } from '../model-versions.ts';
import { modelSchema, modelsAnswerSchema } from '../models.ts';
import { onlineFeaturesAnswerSchema, onlineFeaturesRequestSchema } from '../online-features.ts';
import { operation } from './operation.ts';
import { pushAnswerSchema, pushRequestSchema } from '../push.ts';
import { nameSchema, viewNameSchema } from '../scalars.ts';
import { entitiesAnswerSchema, viewSchema, viewsAnswerSchema } from '../views.ts';

const DATABASE_CODES = [
  'DATABASE_UNAVAILABLE',
  'DATABASE_NOT_MIGRATED',
] as const satisfies readonly ErrorCode[];

/** Features without a model, and the applied manifest to read. */
export function featurePaths(): ZodOpenApiPathsObject {
  return {
    '/v1/features/online': {
      post: operation({
        scope: 'features:read',
        tag: 'features',
        summary: 'Features of many entities, in one round trip to the online store',
        body: onlineFeaturesRequestSchema,
        answers: { 200: onlineFeaturesAnswerSchema },
        codes: ['DEFINITION_NOT_LOADED', 'ONLINE_STORE_UNAVAILABLE'],
      }),
    },
    '/v1/views/{view}/push': {
      post: operation({
        scope: 'push',
        boundBy: 'view',
        tag: 'features',
        summary: 'Land rows of a view without compute; 202: the online store follows',
        params: z.strictObject({ view: viewNameSchema }),
        headers: z.object({ 'idempotency-key': idempotencyKeySchema.optional() }),
        body: pushRequestSchema,
        answers: { 200: pushAnswerSchema, 202: pushAnswerSchema },
        codes: [
          'VIEW_NOT_FOUND',
          'PUSH_NOT_SUPPORTED',
          'IDEMPOTENCY_KEY_REUSED',
          'DEFINITION_NOT_LOADED',
          'DATABASE_UNAVAILABLE',
          'DATABASE_NOT_MIGRATED',
        ],
      }),
    },
    '/v1/events/{source}': {
      post: operation({
        scope: 'push',
        boundBy: 'source',
        tag: 'features',
        summary: 'Land events; windowed views have them at once. 202: the online store follows',
        params: z.strictObject({ source: nameSchema }),
        headers: z.object({ 'idempotency-key': idempotencyKeySchema.optional() }),
        body: eventsRequestSchema,
        answers: { 200: eventsAnswerSchema, 202: eventsAnswerSchema },
        codes: [
          'EVENT_SOURCE_NOT_FOUND',
          'IDEMPOTENCY_KEY_REUSED',
          'DEFINITION_NOT_LOADED',
          'DATABASE_UNAVAILABLE',
          'DATABASE_NOT_MIGRATED',
        ],
      }),
    },
    '/v1/entities': {
      get: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'Applied entities',
        answers: { 200: entitiesAnswerSchema },
        codes: ['REQUEST_INVALID', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/entities/{entity}': {
      get: operation({
        scope: 'inspect',
        tag: 'features',
        summary: 'A page of the keys that the online store holds',
        params: z.strictObject({ entity: nameSchema }),
        query: entityKeysQuerySchema,
        answers: { 200: entityKeysAnswerSchema },
        codes: ['ENTITY_NOT_FOUND', 'VIEW_NOT_FOUND', 'ONLINE_STORE_UNAVAILABLE', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/views': {
      get: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'Applied views, each version, and on-demand views',
        answers: { 200: viewsAnswerSchema },
        codes: ['REQUEST_INVALID', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/views/{view}': {
      get: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'One view: `ad_image` (its newest version), `ad_image@1` or an on-demand view',
        params: z.strictObject({ view: viewNameSchema }),
        answers: { 200: viewSchema },
        codes: ['VIEW_NOT_FOUND', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/models': {
      get: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'Applied models and what of them this process serves',
        answers: { 200: modelsAnswerSchema },
        codes: ['REQUEST_INVALID', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/models/{model}': {
      get: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'One applied model',
        params: z.strictObject({ model: nameSchema }),
        answers: { 200: modelSchema },
        codes: ['MODEL_NOT_FOUND', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/models/{model}/versions': {
      get: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'Every version of a model on record',
        params: z.strictObject({ model: nameSchema }),
        answers: { 200: modelVersionsAnswerSchema },
        codes: ['MODEL_NOT_FOUND', ...DATABASE_CODES],
      }),
    },
    '/v1/models/{model}/aliases': {
      get: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'The aliases of a model, and their moves',
        params: z.strictObject({ model: nameSchema }),
        answers: { 200: aliasesAnswerSchema },
        codes: ['MODEL_NOT_FOUND', ...DATABASE_CODES],
      }),
    },
    '/v1/models/{model}/aliases/{alias}': {
      get: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'What an alias points to; its ETag changes with every move',
        params: aliasParamsSchema,
        answers: { 200: aliasSchema },
        codes: ['MODEL_NOT_FOUND', 'ALIAS_NOT_FOUND', ...DATABASE_CODES],
      }),
      put: operation({
        scope: 'models:promote',
        tag: 'registry',
        summary:
          'Move an alias; 200: every inference process answers with the version, 202: recorded, and some do not yet',
        params: aliasParamsSchema,
        headers: aliasHeadersSchema,
        body: putAliasRequestSchema,
        answers: { 200: putAliasAnswerSchema, 202: putAliasAnswerSchema },
        codes: [
          'MODEL_NOT_FOUND',
          'MODEL_VERSION_NOT_FOUND',
          'MODEL_VERSION_BAD',
          'MODEL_VERSION_INCOMPLETE',
          'MODEL_VERSION_COLLECTED',
          'ALIAS_MOVED',
          'PRECONDITION_REQUIRED',
          ...DATABASE_CODES,
        ],
      }),
      delete: operation({
        scope: 'models:promote',
        tag: 'registry',
        summary: 'Drop an alias; champion cannot be dropped',
        params: aliasParamsSchema,
        query: dropAliasQuerySchema,
        headers: aliasHeadersSchema,
        emptyBody: true,
        answers: { 200: aliasMoveSchema },
        codes: [
          'MODEL_NOT_FOUND',
          'ALIAS_NOT_FOUND',
          'ALIAS_MOVED',
          'PRECONDITION_REQUIRED',
          ...DATABASE_CODES,
        ],
      }),
    },
    '/v1/plan': {
      post: operation({
        scope: 'registry:read',
        tag: 'registry',
        summary: 'What applying the definitions of this process would change; writes nothing',
        body: planRequestSchema,
        answers: { 200: planAnswerSchema },
        codes: ['ARTIFACT_INVALID', ...DATABASE_CODES],
      }),
    },
    '/v1/apply': {
      post: operation({
        scope: 'registry:apply',
        tag: 'registry',
        summary: 'Apply the definitions that this process was started with',
        body: applyRequestSchema,
        answers: { 200: applyAnswerSchema },
        codes: [
          'VIEW_VERSION_IMMUTABLE',
          'EVENT_SOURCE_IMMUTABLE',
          'RETENTION_TOO_SHORT',
          'CODE_CHANGED',
          'VIEW_IN_USE',
          'DESTRUCTIVE_CHANGE',
          'CONFIG_OUTDATED',
          'APPLY_CONFLICT',
          'ARTIFACT_INVALID',
          'MODEL_SIGNATURE_MISMATCH',
          'MODEL_GOLDEN_MISMATCH',
          'BUDGET_EXCEEDED',
          'NATIVE_MODULE',
          'BUNDLE_IMPOSSIBLE',
          ...DATABASE_CODES,
        ],
      }),
    },
  };
}
