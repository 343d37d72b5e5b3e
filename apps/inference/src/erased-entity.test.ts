import { problemSchema } from '@larder/contracts';
import { putRows } from '@larder/serving/testing';
import { expect } from 'vitest';
import { test } from './testing/inference-test.ts';

test('an erased entity is not found, not listed, and distinct from one that never existed', async ({
  service,
}) => {
  const { http, onlineStore, project } = service;
  const values = { embedding: Float32Array.of(1, 2, 3, 4), brightness: 0.61, note: null };
  await putRows(onlineStore, project, [{ ref: 'ad_image@1', keys: { ad_id: 'ad-erased' }, values }]);
  const read = { features: ['ad_image:brightness'], entities: [{ ad_id: 'ad-erased' }] };
  const rows = async () => ((await http.post('/v1/features/online', read)).body as { rows: unknown[] }).rows;
  expect(await rows()).toMatchObject([{ values: [0.61], views: [{ status: 'PRESENT' }] }]);

  await onlineStore.erase('ad', 'ad-erased');
  expect(await rows()).toEqual([{ values: [null], views: [{ status: 'NOT_FOUND', event_timestamp: null }] }]);
  const inspected = await http.get('/v1/entities/ad/ad-erased');
  expect([inspected.status, problemSchema.parse(inspected.body).detail]).toEqual([
    404,
    'This ad was erased and no longer accepts rows.',
  ]);
  const { keys } = (await http.get('/v1/entities/ad')).body as { keys: string[] };
  expect(keys).toContain('ad-1');
  expect(keys).not.toContain('ad-erased');
});
