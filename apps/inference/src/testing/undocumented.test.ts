import { expect, test } from 'vitest';
import { undocumented } from './undocumented.ts';

const predict = { method: 'POST', path: '/v1/models/ad_ctr/predict' };
const problem = (status: number, code: string) => ({ status, body: { code } });

test.for([
  { ...predict, status: 200, body: {} },
  { ...predict, ...problem(404, 'MODEL_NOT_FOUND') },
  { ...predict, ...problem(431, 'HEADERS_TOO_LARGE') },
  { method: 'PUT', path: '/v1/runs', ...problem(405, 'METHOD_NOT_ALLOWED') },
])('%j is documented', (answered) => {
  expect(undocumented(answered)).toBeUndefined();
});

test.for([
  [{ ...predict, status: 201, body: {} }, /answered 201/],
  [{ ...predict, ...problem(404, 'RUN_NOT_FOUND') }, /answered 404 RUN_NOT_FOUND/],
  [{ method: 'GET', path: '/v1/secrets?a=b', status: 200, body: {} }, /No route \/v1\/secrets/],
  [{ method: 'POST', path: '/v1/runs', status: 200, body: {} }, /POST \/v1\/runs is not documented/],
] as const)('%j is not', ([answered, said]) => {
  expect(undocumented(answered)).toMatch(said);
});
