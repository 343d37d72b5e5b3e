import { problemSchema, receiptSchema } from '@larder/contracts';
import { putRows } from '@larder/serving/testing';
import { expect } from 'vitest';
import { test } from '../testing/inference-test.ts';

test('DELETE erases an entity and answers with a receipt, which stays readable', async ({ service }) => {
  const { http, onlineStore, project } = service;
  const values = { embedding: Float32Array.of(1, 2, 3, 4), brightness: 0.61, note: null };
  await putRows(onlineStore, project, [{ ref: 'ad_image@1', keys: { ad_id: 'ad-to-erase' }, values }]);
  const erase = (path: string) => fetch(`${service.inference.url}${path}`, { method: 'DELETE' });
  const answer = await erase('/v1/entities/ad/ad-to-erase?reason=asked');
  expect(answer.status).toBe(200);
  const receipt = receiptSchema.parse(await answer.json());
  expect(receipt).toMatchObject({
    status: 'complete',
    entity: 'ad',
    reason: 'asked',
    removed: { online: 1 },
    still_held: [],
    error: null,
  });
  expect(JSON.stringify(receipt)).not.toContain('ad-to-erase');
  expect(receipt.actor).toMatch(/^http from /);
  const location = answer.headers.get('location') ?? '';
  expect((await http.get(location)).body).toEqual(receipt);
  expect(problemSchema.parse((await http.get('/v1/entities/ad/ad-to-erase')).body).detail).toContain(
    'erased',
  );

  const allow = () => http.send('/v1/entities/ad/ad-to-erase/allow-again?reason=back', { method: 'POST' });
  expect(await allow()).toMatchObject({ status: 503, body: { code: 'ERASURE_UNFINISHED' } });
  await service.offlineStore.pool.query(
    `update larder.erasures set completed_at = completed_at - interval '2 hours'`,
  );
  expect(await allow()).toMatchObject({
    status: 200,
    body: { ...receipt, completed_at: expect.any(String), allowed_again: { reason: 'back' } },
  });

  const unknown = await erase('/v1/entities/nothing/x');
  expect([unknown.status, problemSchema.parse(await unknown.json()).code]).toEqual([404, 'ENTITY_NOT_FOUND']);
  const missing = await http.get('/v1/erasures/01934567-89ab-7cde-8f01-23456789abcd');
  expect([missing.status, problemSchema.parse(missing.body).code]).toEqual([404, 'ERASURE_NOT_FOUND']);
  expect((await erase('/v1/entities/ad/x?why=asked')).status).toBe(422);
});
