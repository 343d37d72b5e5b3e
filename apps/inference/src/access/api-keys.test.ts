import { KEY_SCOPES, newApiKeySchema } from '@larder/contracts';
import { readAudit } from '@larder/offline-store';
import { expect, onTestFinished } from 'vitest';
import { createHttp } from '../testing/http.ts';
import { test } from '../testing/inference-test.ts';
import { bearer, keyWith, startLocked } from '../testing/locked.ts';

test('keys are created, listed, rotated and revoked over HTTP, and nobody gets more than they have', async ({
  service,
}) => {
  const admin = bearer((await keyWith(service, ['keys:admin', 'registry:read', 'runs:read'])).text);
  const { inference } = await startLocked(service);
  onTestFinished(() => inference.close());
  const http = createHttp(inference.url);
  const runs = async (text: string) => (await http.get('/v1/runs', bearer(text))).status;

  const wanted = { name: 'shop', scopes: ['runs:read'], rate: '60/m', lifetime_ms: 3_600_000 };
  const created = await http.post('/v1/api-keys', wanted, admin);
  expect([created.status, created.headers.get('cache-control')]).toEqual([201, 'no-store']);
  const { id, key } = newApiKeySchema.parse(created.body);
  expect(created.body).toMatchObject({ name: 'shop', rate: '60/m', role: null, created_by: 'api key test' });
  expect(await runs(key)).toBe(200);

  const beyond = await http.post('/v1/api-keys', { name: 'more', role: 'admin' }, admin);
  expect([beyond.status, beyond.body]).toEqual([403, expect.objectContaining({ code: 'SCOPE_MISSING' })]);
  const wrong = await http.post('/v1/api-keys', { name: 'x', role: 'queen', rate: '1' }, admin);
  expect(wrong.body).toMatchObject({ code: 'REQUEST_INVALID', errors: [{ pointer: '/rate' }] });

  const rotated = newApiKeySchema.parse(
    (await http.post(`/v1/api-keys/${id}/rotate`, { overlap_ms: 0 }, admin)).body,
  );
  expect(await runs(rotated.key)).toBe(200);
  expect(await runs(key)).toBe(401);

  const { keyId: strong } = await keyWith(service, KEY_SCOPES);
  expect((await http.post(`/v1/api-keys/${strong}/rotate`, {}, admin)).status).toBe(403);

  expect((await http.post(`/v1/api-keys/${id}/revoke`, {}, admin)).body).toMatchObject({ status: 'revoked' });
  await expect.poll(() => runs(rotated.key)).toBe(401);
  const listed = async (query: string) =>
    JSON.stringify((await http.get(`/v1/api-keys${query}`, admin)).body);
  expect(await listed('')).not.toContain(id);
  expect(await listed('?all=true')).toContain(id);
  expect(await listed('?all=true')).not.toContain('lrd_');
  expect((await http.post('/v1/api-keys/aaaaaaaaaa/revoke', {}, admin)).status).toBe(404);
});

test('where nobody needs a key, nobody makes one that opens the door later', async ({ service }) => {
  const { http } = service;
  const made = await http.post('/v1/api-keys', { name: 'mallory', role: 'admin' });
  expect([made.status, made.body]).toEqual([401, expect.objectContaining({ code: 'KEY_REQUIRED' })]);
});

test('an apply that promotes or queues runs takes the scopes of that, too', async ({ service }) => {
  const { inference } = await startLocked(service);
  onTestFinished(() => inference.close());
  const http = createHttp(inference.url);
  const apply = async (scopes: readonly string[], body: object) => {
    const { text } = await keyWith(service, ['registry:apply', ...scopes]);
    const { status, body: answer } = await http.post('/v1/apply', body, bearer(text));
    return [status, (answer as { detail?: string }).detail];
  };
  const promotion = { promote_when_complete: true, reason: 'mine' };
  expect(await apply([], promotion)).toEqual([
    403,
    'promote_when_complete takes the scope models:promote, which the key lacks.',
  ]);
  expect(await apply(['models:promote'], { backfill: true })).toEqual([
    403,
    'backfill takes the scope runs:write, which the key lacks.',
  ]);
  expect(await apply([], {})).toEqual([200, undefined]);
  expect(await apply(['models:promote', 'runs:write'], { ...promotion, backfill: true })).toEqual([
    200,
    undefined,
  ]);
});

test('who asks for more than their key has is in the audit', async ({ service }) => {
  const { inference } = await startLocked(service);
  const http = createHttp(inference.url);
  const { text, keyId } = await keyWith(service, ['keys:admin'], { name: 'climber' });
  expect((await http.post('/v1/api-keys', { name: 'more', role: 'admin' }, bearer(text))).status).toBe(403);
  await inference.close();
  const { entries } = await readAudit(
    service.offlineStore,
    { project: service.project.name, keyId },
    { limit: 5 },
  );
  expect(entries).toMatchObject([
    { action: 'call.refused', subject: 'POST /v1/api-keys', code: 'SCOPE_MISSING', actor: 'api key climber' },
  ]);
});

test('a key that changes the project again and again is slowed down there, and nowhere else', async ({
  service,
}) => {
  const { inference } = await startLocked(service);
  onTestFinished(() => inference.close());
  const http = createHttp(inference.url);
  const { text } = await keyWith(service, ['keys:admin', 'runs:read']);
  const change = () => http.post('/v1/api-keys', { name: '' }, bearer(text));
  let last = await change();
  let taken = 0;
  for (; last.status === 422 && taken < 100; taken++) last = await change();
  expect([last.status, last.body]).toEqual([429, expect.objectContaining({ code: 'RATE_LIMITED' })]);
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await http.get('/v1/api-keys', bearer(text))).status).toBe(200);
  expect((await http.get('/v1/runs', bearer(text))).status).toBe(200);
  const another = await keyWith(service, ['keys:admin']);
  expect((await http.post('/v1/api-keys', { name: '' }, bearer(another.text))).status).toBe(422);
});
