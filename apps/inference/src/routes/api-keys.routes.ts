import {
  apiKeyJson,
  createKey,
  listKeys,
  parseRate,
  revokeKey,
  rotateKey,
  type Grantor,
  type KeyWithText,
} from '@larder/access';
import {
  apiKeyParamsSchema,
  apiKeysQuerySchema,
  createApiKeySchema,
  rotateApiKeySchema,
  type ApiKeyAnswer,
  type ApiKeysAnswer,
  type NewApiKeyAnswer,
} from '@larder/contracts';
import { LarderError } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { Router, type Request, type RequestHandler } from 'express';
import { callerKey, callerOf } from '../access/caller.ts';
import { allow } from '../http/allow.ts';
import { emptyBody, jsonBody } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';

export interface ApiKeysDeps {
  readonly offlineStore: OfflineStore;
  readonly project: string;
}

/** API keys: listing, creating, rotating and revoking them. */
export function apiKeysRoutes({ offlineStore, project }: ApiKeysDeps): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/api-keys')
    .get(withKey, async (request, response) => {
      const { all } = validate(apiKeysQuerySchema, request.query);
      const keys = await listKeys(offlineStore, project, { all: all === 'true' });
      response.json({ api_keys: keys.map(apiKeyJson) } satisfies ApiKeysAnswer);
    })
    .post(withKey, noQuery, jsonBody, async (request, response) => {
      const {
        name,
        environment,
        role = null,
        scopes,
        rate,
        lifetime_ms: lifetimeMs,
      } = validate(createApiKeySchema, request.body);
      const made = await createKey(offlineStore, {
        project,
        name,
        environment,
        role,
        scopes,
        rate: rate === undefined ? null : parseRate(rate),
        lifetimeMs,
        by: grantorOf(request),
      });
      response.status(201).set('cache-control', 'no-store').json(newKeyJson(made));
    })
    .all(allow('GET', 'POST'));
  routes
    .route('/v1/api-keys/:id/rotate')
    .post(withKey, noQuery, jsonBody, async (request, response) => {
      const { id: keyId } = validate(apiKeyParamsSchema, request.params);
      const { overlap_ms: overlapMs, lifetime_ms: lifetimeMs } = validate(rotateApiKeySchema, request.body);
      const by = grantorOf(request);
      const made = await rotateKey(offlineStore, { project, keyId, overlapMs, lifetimeMs, by });
      response.set('cache-control', 'no-store').json(newKeyJson(made));
    })
    .all(allow('POST'));
  routes
    .route('/v1/api-keys/:id/revoke')
    .post(withKey, noQuery, emptyBody, async (request, response) => {
      const { id: keyId } = validate(apiKeyParamsSchema, request.params);
      const { actor } = callerOf(request);
      response.json(
        apiKeyJson(await revokeKey(offlineStore, { project, keyId, actor })) satisfies ApiKeyAnswer,
      );
    })
    .all(allow('POST'));
  return routes;
}

/** While nobody needs a key, anybody could make one that still opens the door once it is locked. */
const withKey: RequestHandler = (request, _response, next) => {
  if (callerKey(request) !== undefined) return next();
  throw new LarderError(
    'KEY_REQUIRED',
    'API keys are managed with an API key, where LARDER_AUTH=keys asks for them, or on the command line with the database: larder api-keys',
  );
};

function grantorOf(request: Request): Grantor {
  return { actor: callerOf(request).actor, granted: callerKey(request)?.granted ?? new Set() };
}

function newKeyJson({ key, text }: KeyWithText): NewApiKeyAnswer {
  return { ...apiKeyJson(key), key: text };
}
