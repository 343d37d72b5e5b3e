import { listOperations } from '@larder/contracts';
import { expect, test } from 'vitest';
import { createRouteTable, type FoundRoute } from './route-table.ts';

const table = createRouteTable(listOperations());
const found = (method: string, url: string) => {
  const route = table.find(method, url) as FoundRoute | undefined;
  return route === undefined ? undefined : [route.route.path, route.name];
};

test('finds the operation, and the name that a scope may be bound to', () => {
  expect(found('POST', '/v1/models/ad_ctr/predict')).toEqual(['/v1/models/{model}/predict', 'ad_ctr']);
  expect(found('POST', '/v1/models/ad_ctr/predict/?x=/')).toEqual(['/v1/models/{model}/predict', 'ad_ctr']);
  expect(found('POST', '/v1/views/ad%5Fstats@2/push')).toEqual(['/v1/views/{view}/push', 'ad_stats']);
  expect(found('POST', '/v1/events/%E0%A4%A/')).toEqual(['/v1/events/{source}', '']);
  expect(found('HEAD', '/v1/runs')).toEqual(['/v1/runs', undefined]);
  expect(found('GET', '/v1/entities/ad/a%2Fb')).toEqual(['/v1/entities/{entity}/{key}', undefined]);
  expect(found('GET', '/docs/swagger-ui.css')).toEqual(['/docs', undefined]);
});

test.for([
  '/',
  '',
  '/v1',
  '/V1/runs',
  '//v1/runs',
  '/v1//runs',
  '/v1/runs//',
  '/v1/runs/x/y',
  '/v1/entities//',
])('there is no route %s', (url) => {
  expect(table.find('GET', url)).toBe(undefined);
});

test('a path without this method names those that it has', () => {
  expect(table.find('PATCH', '/v1/labels')).toEqual(['POST', 'GET']);
});

test('an address is found again as it was found first, also after more addresses than are remembered', () => {
  const first = () => table.find('POST', '/v1/models/ad_ctr/predict');
  expect(first()).toMatchObject({ name: 'ad_ctr', boundScope: 'predict:ad_ctr' });
  expect(first()).toBe(first());
  for (let model = 0; model < 1_500; model++) {
    const url = `/v1/models/model_${model}/predict`;
    for (let again = 0; again < 2; again++)
      expect(table.find('POST', url)).toMatchObject({ boundScope: `predict:model_${model}` });
    expect(table.find('GET', url)).toEqual(['POST']);
  }
  expect(first()).toMatchObject({ name: 'ad_ctr', boundScope: 'predict:ad_ctr' });
});
