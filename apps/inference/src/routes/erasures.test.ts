import { problemSchema, receiptSchema } from '@larder/contracts';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { putRows } from '@larder/serving/testing';
import { expect, onTestFinished } from 'vitest';
import { startInference } from '../start-inference.ts';
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

test('a service keeps receipts apart from PostgreSQL, and erases nothing while it cannot', async ({
  service: { config, offlineStore, project },
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-receipts-'));
  const logger = createLogger('test', { level: 'silent' });
  const inference = await startInference({ ...config, receiptsUrl: join(folder, 'mount') }, logger);
  onTestFinished(async () => {
    await inference.close();
    rmSync(folder, { recursive: true });
  });
  const erase = () => fetch(`${inference.url}/v1/entities/ad/ad-kept`, { method: 'DELETE' });
  const count = async () => (await offlineStore.pool.query('select from larder.erasures')).rowCount;
  const before = await count();
  const refused = await erase();
  expect([refused.status, problemSchema.parse(await refused.json())]).toMatchObject([
    503,
    { code: 'RECEIPTS_UNAVAILABLE', retryable: true },
  ]);
  expect(await count()).toBe(before);
  mkdirSync(join(folder, 'mount'));
  expect((await erase()).status).toBe(200);
  expect(readdirSync(join(folder, 'mount', project.name))).toHaveLength(1);
});
