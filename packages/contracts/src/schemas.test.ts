import type { z } from 'zod';
import { describe, expect, test } from 'vitest';
import {
  backfillRequestSchema,
  entityAnswerSchema,
  predictAnswerSchema,
  predictBatchRequestSchema,
  predictRequestSchema,
  problemSchema,
  readyAnswerSchema,
  runSchema,
  runsQuerySchema,
} from './index.ts';

const ID = '01934567-89ab-7cde-8f01-23456789abcd';
const INSTANT = '2026-11-20T09:30:00Z';

const GOOD: readonly (readonly [string, z.ZodType, Record<string, unknown>])[] = [
  [
    'predict',
    predictRequestSchema,
    {
      entities: { ad_id: 'ad-42' },
      request: { requested_at: INSTANT },
      options: { version: 3, deadline_ms: 100, features: true, explain: false, mode: 'live' },
    },
  ],
  [
    'predict-batch',
    predictBatchRequestSchema,
    { rows: [{ entities: { ad_id: 'ad-1' } }], shared: { request: { requested_at: INSTANT } } },
  ],
  [
    'answer',
    predictAnswerSchema,
    {
      prediction_id: ID,
      model: 'ad_ctr',
      version: 3,
      outputs: { ctr: 0.031 },
      degraded: false,
      degraded_reasons: [],
    },
  ],
  [
    'backfill',
    backfillRequestSchema,
    {
      view: 'ad_image',
      scope: { event_time: { from: '2026-01-01T00:00:00+01:00', to: INSTANT } },
      priority: 10,
    },
  ],
  ['runs query', runsQuerySchema, { view: 'ad_image', status: 'partial', limit: '20' }],
  [
    'run',
    runSchema,
    {
      run_id: ID,
      view: 'ad_image',
      version: 1,
      trigger: 'backfill',
      revision: 12,
      status: 'running',
      rows: { total: 200, done: 3, failed: 0, skipped_unchanged: 0 },
      rows_per_second: 1.5,
      eta_seconds: 131,
      error: null,
      waiting_for: null,
      waiting_detail: null,
      created_at: INSTANT,
      started_at: INSTANT,
      finished_at: null,
    },
  ],
  [
    'entity',
    entityAnswerSchema,
    {
      entity: 'ad',
      key: 'ad-42',
      join_keys: { ad_id: 'ad-42' },
      redis_key: 'larder:ads:{ad:ad-42}',
      memory_bytes: 400,
      expires_at: null,
      history_available: true,
      views: [],
      missing: [],
    },
  ],
  [
    'readiness',
    readyAnswerSchema,
    {
      status: 'not_ready',
      degraded: true,
      checks: [{ name: 'process', ready: false, degraded: true, detail: 'is shutting down' }],
    },
  ],
  [
    'problem',
    problemSchema,
    {
      type: 'urn:larder:error:REQUEST_INVALID',
      title: 't',
      status: 422,
      detail: 'd',
      code: 'REQUEST_INVALID',
      retryable: false,
      request_id: 'r',
      errors: [{ pointer: '/a', detail: 'd' }],
    },
  ],
];

describe.for(GOOD)('%s', ([, schema, good]) => {
  test('as the contract shows it is accepted', () => {
    expect(schema.safeParse(good).error).toBeUndefined();
  });

  test('an unknown member is refused', () => {
    expect(schema.safeParse({ ...good, surprise: 1 }).success).toBe(false);
  });
});

test.for([
  { view: 'ad_image', scope: { all: true, missing: true } },
  { view: 'ad_image', scope: { entities: [] } },
  { view: 'ad_image', scope: { event_time: { from: INSTANT, to: INSTANT } } },
  { view: 'ad_image', scope: { event_time: { from: '2026-01-01', to: INSTANT } } },
  { view: 'ad_image@0', scope: { all: true } },
])('backfill %j is refused', (body) => {
  expect(backfillRequestSchema.safeParse(body).success).toBe(false);
});
