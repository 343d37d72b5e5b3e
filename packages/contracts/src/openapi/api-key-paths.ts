import type { ErrorCode } from '@larder/core';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import {
  apiKeyParamsSchema,
  apiKeySchema,
  apiKeysAnswerSchema,
  apiKeysQuerySchema,
  createApiKeySchema,
  newApiKeySchema,
  rotateApiKeySchema,
} from '../api-keys.ts';
import { operation } from './operation.ts';

const DATABASE_CODES = [
  'DATABASE_UNAVAILABLE',
  'DATABASE_NOT_MIGRATED',
] as const satisfies readonly ErrorCode[];

/** Who may call the service; with a key alone, also where nobody else needs one. */
export function apiKeyPaths(): ZodOpenApiPathsObject {
  const scope = 'keys:admin';
  const tag = 'process';
  const params = apiKeyParamsSchema;
  return {
    '/v1/api-keys': {
      get: operation({
        scope,
        tag,
        summary: 'API keys, newest first',
        query: apiKeysQuerySchema,
        answers: { 200: apiKeysAnswerSchema },
        codes: DATABASE_CODES,
      }),
      post: operation({
        scope,
        tag,
        summary: 'Create an API key, with no scope that the key of the request lacks',
        body: createApiKeySchema,
        answers: { 201: newApiKeySchema },
        codes: DATABASE_CODES,
      }),
    },
    '/v1/api-keys/{id}/rotate': {
      post: operation({
        scope,
        tag,
        summary: 'Give an API key a new secret; the old one stays in force for an overlap',
        params,
        body: rotateApiKeySchema,
        answers: { 200: newApiKeySchema },
        codes: ['API_KEY_NOT_FOUND', 'API_KEY_NOT_IN_FORCE', ...DATABASE_CODES],
      }),
    },
    '/v1/api-keys/{id}/revoke': {
      post: operation({
        scope,
        tag,
        summary: 'End an API key for good, in every process within two seconds',
        params,
        emptyBody: true,
        answers: { 200: apiKeySchema },
        codes: ['API_KEY_NOT_FOUND', ...DATABASE_CODES],
      }),
    },
  };
}
