import { expect } from 'vitest';
import { body } from '../testing/ads.ts';
import { test } from '../testing/inference-test.ts';
import { DATA_HEADERS } from './security-headers.ts';

test('answers of node:http and of Express have the same headers', async ({ service }) => {
  const { http } = service;
  const answers = [
    await http.post('/v1/models/ad_ctr/predict', body('ad-1')),
    await http.post('/v1/models/ad_ctr/predict', '{'),
    await http.get('/v1/runs'),
    await http.get('/nowhere'),
  ];
  for (const { headers } of answers) {
    for (const [name, value] of Object.entries(DATA_HEADERS)) expect(headers.get(name)).toBe(value);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-request-id')).toBeTruthy();
  }
});
