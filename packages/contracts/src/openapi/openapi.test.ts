import { describe, expect, test } from 'vitest';
import { KEY_SCOPES } from '../key-scopes.ts';
import { createOpenApiDocument } from './openapi.ts';

type Json = { readonly [key: string]: Json } & { readonly $ref?: string };

const MODELS = [
  {
    name: 'ad_ctr',
    joinKeys: [{ name: 'ad_id', type: 'string' as const }],
    request: [
      { name: 'requested_at', type: 'timestamp' as const },
      { name: 'taste', type: 'vector' as const, length: 3 },
    ],
  },
];

const document = createOpenApiDocument({ models: MODELS }) as unknown as Json;

describe('the OpenAPI document', () => {
  test('has every route of the contract', () => {
    const operations = Object.entries(document['paths'] ?? {}).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(operations).toEqual([
      'POST /v1/models/{model}/predict',
      'POST /v1/models/{model}/predict-batch',
      'GET /v1/models/{model}/inputs',
      'GET /v1/predictions',
      'GET /v1/predictions/{prediction_id}',
      'POST /v1/labels',
      'GET /v1/labels',
      'GET /v1/entities/{entity}/{key}',
      'DELETE /v1/entities/{entity}/{key}',
      'POST /v1/entities/{entity}/{key}/allow-again',
      'GET /v1/erasures/{receipt_id}',
      'POST /v1/backfills',
      'GET /v1/runs',
      'GET /v1/runs/{id}',
      'GET /v1/runs/{id}/events',
      'GET /v1/runs/{id}/failures',
      'GET /v1/runs/{id}/graph',
      'POST /v1/runs/{id}/pause',
      'POST /v1/runs/{id}/resume',
      'POST /v1/runs/{id}/cancel',
      'POST /v1/runs/{id}/retry-failed',
      'GET /v1/audit',
      'GET /v1/queue/pressure',
      'GET /v1/status',
      'GET /v1/processes',
      'GET /health/live',
      'GET /health/ready',
      'GET /metrics',
      'GET /openapi.json',
      'GET /docs',
      'POST /v1/features/online',
      'POST /v1/views/{view}/push',
      'POST /v1/events/{source}',
      'GET /v1/entities',
      'GET /v1/entities/{entity}',
      'GET /v1/views',
      'GET /v1/views/{view}',
      'GET /v1/models',
      'GET /v1/models/{model}',
      'GET /v1/models/{model}/versions',
      'GET /v1/models/{model}/aliases',
      'GET /v1/models/{model}/aliases/{alias}',
      'PUT /v1/models/{model}/aliases/{alias}',
      'DELETE /v1/models/{model}/aliases/{alias}',
      'POST /v1/plan',
      'POST /v1/apply',
      'GET /v1/manifest',
      'GET /v1/model-records',
      'POST /v1/models/{model}/versions/{version}/mark',
      'POST /v1/models/{model}/aliases/{alias}/rollback',
      'GET /v1/models/{model}/aliases/{alias}/moves/{move_id}',
      'GET /v1/erasures',
      'POST /v1/training-sets',
      'GET /v1/training-sets',
      'GET /v1/training-sets/{id}',
      'DELETE /v1/training-sets/{id}',
      'GET /v1/training-sets/{id}/rows',
      'GET /v1/models/{model}/parity',
      'GET /v1/comparison',
      'GET /v1/api-keys',
      'POST /v1/api-keys',
      'POST /v1/api-keys/{id}/rotate',
      'POST /v1/api-keys/{id}/revoke',
      'POST /v1/models/ad_ctr/predict',
      'POST /v1/models/ad_ctr/predict-batch',
    ]);
  });

  test('refers only to what it defines', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      (match) => match[1],
    );
    const defined = Object.keys(document['components']?.['schemas'] ?? {});
    expect(refs.length).toBeGreaterThan(10);
    expect(defined).toEqual(expect.arrayContaining([...new Set(refs)]));
  });

  test('a model has its own typed body', () => {
    const operation = document['paths']?.['/v1/models/ad_ctr/predict']?.['post'];
    const schema = operation?.['requestBody']?.['content']?.['application/json']?.['schema'];
    expect(schema).toMatchObject({
      required: ['entities', 'request'],
      additionalProperties: false,
      properties: {
        entities: {
          properties: { ad_id: { type: 'string' } },
          required: ['ad_id'],
          additionalProperties: false,
        },
        request: { properties: { taste: { type: 'array', minItems: 3, maxItems: 3 } } },
      },
    });
  });

  test('every operation lists its problems by code', () => {
    const responses = document['paths']?.['/v1/models/{model}/predict']?.['post']?.['responses'];
    expect(responses?.['404']).toMatchObject({ description: '`MODEL_NOT_FOUND`, `MODEL_VERSION_NOT_FOUND`' });
    const { '200': _answer, ...typed } =
      document['paths']?.['/v1/models/ad_ctr/predict']?.['post']?.['responses'] ?? {};
    expect(responses).toMatchObject(typed);
    expect(responses?.['504']?.['content']).toHaveProperty(['application/problem+json']);
  });

  test('every operation names its scope, and how a key is sent', () => {
    const operations = Object.entries(document['paths'] ?? {}).flatMap(([path, item]) =>
      Object.entries(item as Json).map(([method, operation]) => ({
        path,
        method,
        operation: operation as Json,
      })),
    );
    for (const { path, method, operation } of operations) {
      const scope = operation['x-larder-scope'] as unknown as string;
      const open = path.startsWith('/health/');
      const known: readonly string[] = open ? ['none'] : KEY_SCOPES;
      expect({ path, method, scope, known: known.includes(scope) }).toEqual({
        path,
        method,
        scope,
        known: true,
      });
      expect(operation['security']).toEqual(open ? [] : [{ bearer: [scope] }, { apiKey: [scope] }]);
      const answers = ['401', '403', '429'].map((status) => JSON.stringify(operation['responses']?.[status]));
      const codes = ['KEY_REQUIRED', 'SCOPE_MISSING', 'RATE_LIMITED'].filter((code, at) =>
        answers[at]?.includes(code),
      );
      expect({ path, method, codes: codes.length }).toEqual({ path, method, codes: open ? 0 : 3 });
    }
    expect(document['components']?.['securitySchemes']).toMatchObject({ bearer: { scheme: 'bearer' } });
  });

  test('a scope of a model, view or source may be bound to its name', () => {
    const paths = document['paths'] ?? {};
    expect([
      paths['/v1/models/ad_ctr/predict']?.['post']?.['x-larder-bound-by'],
      paths['/v1/views/{view}/push']?.['post']?.['x-larder-bound-by'],
      paths['/v1/events/{source}']?.['post']?.['x-larder-bound-by'],
    ]).toEqual(['model', 'view', 'source']);
  });
});
