import { problemSchema } from '@larder/contracts';
import { expect } from 'vitest';
import { test } from '../testing/inference-test.ts';

test.for([
  '/v1/entities',
  '/v1/entities/ad',
  '/v1/entities/ad/ad-1',
  '/v1/views',
  '/v1/views/ad_image',
  '/v1/models',
  '/v1/models/ad_ctr',
  '/v1/runs',
  '/v1/runs/01934567-89ab-7cde-8f01-23456789abcd',
  '/v1/runs/01934567-89ab-7cde-8f01-23456789abcd/failures',
  '/v1/runs/01934567-89ab-7cde-8f01-23456789abcd/events',
  '/health/live',
  '/health/ready',
  '/metrics',
  '/openapi.json',
])('GET %s refuses unknown parameters', async (path, { service }) => {
  const answer = await service.http.get(`${path}?colour=red&a%2Fb=`);
  const { code, errors } = problemSchema.parse(answer.body);
  expect([answer.status, code, errors]).toEqual([
    422,
    'REQUEST_INVALID',
    [
      { pointer: '/colour', detail: 'is unknown' },
      { pointer: '/a~1b', detail: 'is unknown' },
    ],
  ]);
});

test.for(['/v1/backfills', '/v1/features/online', '/v1/views/ad_stats/push', '/v1/models/ad_ctr/predict'])(
  'POST %s takes no query in addition to its body',
  async (path, { service }) => {
    const answer = await service.http.post(`${path}?colour=red`, {});
    const { code, errors } = problemSchema.parse(answer.body);
    expect([code, errors]).toEqual(['REQUEST_INVALID', [{ pointer: '/query', detail: 'must be empty' }]]);
  },
);
