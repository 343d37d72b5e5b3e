import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { idempotencyKeySchema } from '../backfills.ts';
import { entityKeysAnswerSchema, entityKeysQuerySchema } from '../entity-keys.ts';
import { modelSchema, modelsAnswerSchema } from '../models.ts';
import { onlineFeaturesAnswerSchema, onlineFeaturesRequestSchema } from '../online-features.ts';
import { operation } from './operation.ts';
import { pushAnswerSchema, pushRequestSchema } from '../push.ts';
import { nameSchema, viewNameSchema } from '../scalars.ts';
import { entitiesAnswerSchema, viewSchema, viewsAnswerSchema } from '../views.ts';

/** Features without a model, and the applied manifest to read. */
export function featurePaths(): ZodOpenApiPathsObject {
  return {
    '/v1/features/online': {
      post: operation({
        tag: 'features',
        summary: 'Features of many entities, in one round trip to the online store',
        body: onlineFeaturesRequestSchema,
        answers: { 200: onlineFeaturesAnswerSchema },
        codes: ['DEFINITION_NOT_LOADED', 'ONLINE_STORE_UNAVAILABLE'],
      }),
    },
    '/v1/views/{view}/push': {
      post: operation({
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
    '/v1/entities': {
      get: operation({
        tag: 'registry',
        summary: 'Applied entities',
        answers: { 200: entitiesAnswerSchema },
        codes: ['REQUEST_INVALID', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/entities/{entity}': {
      get: operation({
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
        tag: 'registry',
        summary: 'Applied views, each version, and on-demand views',
        answers: { 200: viewsAnswerSchema },
        codes: ['REQUEST_INVALID', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/views/{view}': {
      get: operation({
        tag: 'registry',
        summary: 'One view: `ad_image` (its newest version), `ad_image@1` or an on-demand view',
        params: z.strictObject({ view: viewNameSchema }),
        answers: { 200: viewSchema },
        codes: ['VIEW_NOT_FOUND', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/models': {
      get: operation({
        tag: 'registry',
        summary: 'Applied models and what of them this process serves',
        answers: { 200: modelsAnswerSchema },
        codes: ['REQUEST_INVALID', 'DEFINITION_NOT_LOADED'],
      }),
    },
    '/v1/models/{model}': {
      get: operation({
        tag: 'registry',
        summary: 'One applied model',
        params: z.strictObject({ model: nameSchema }),
        answers: { 200: modelSchema },
        codes: ['MODEL_NOT_FOUND', 'DEFINITION_NOT_LOADED'],
      }),
    },
  };
}
