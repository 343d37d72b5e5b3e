import { expect, test } from 'vitest';
import { undocumented } from './undocumented.ts';

const predict = { method: 'POST', path: '/v1/models/ad_ctr/predict' };
const problem = (status: number, code: string) => ({ status, body: { code } });

test.for([
  [{ ...predict, status: 200, body: {} }, undefined],
  [{ ...predict, ...problem(404, 'MODEL_NOT_FOUND') }, undefined],
  [{ ...predict, ...problem(431, 'HEADERS_TOO_LARGE') }, undefined],
  [{ method: 'PUT', path: '/v1/runs', ...problem(405, 'METHOD_NOT_ALLOWED') }, undefined],
  [{ ...predict, status: 201, body: {} }, /answered 201/],
  [{ ...predict, ...problem(404, 'RUN_NOT_FOUND') }, /answered 404 RUN_NOT_FOUND/],
  [{ method: 'GET', path: '/v1/secrets?a=b', status: 200, body: {} }, /No route \/v1\/secrets/],
  [{ method: 'POST', path: '/v1/runs', status: 200, body: {} }, /POST \/v1\/runs is not documented/],
] as const)('%j', ([answered, said]) => {
  if (said === undefined) expect(undocumented(answered)).toBeUndefined();
  else expect(undocumented(answered)).toMatch(said);
});
