import { KEY_ROLES } from '@larder/contracts';
import { newId } from '@larder/core';
import { readAudit } from '@larder/offline-store';
import { expect } from 'vitest';
import { createKey, getKey, listKeys, revokeKey, rotateKey } from '../index.ts';
import { hashSecret } from '../key/hash-secret.ts';
import { parseKey } from '../key/key-format.ts';
import { ADA, makeKey, test } from '../testing/access-test.ts';

const DAY_MS = 86_400_000;

test('a new key is on record with the hash of its secret, and the secret is nowhere', async ({ store }) => {
  const project = newId();
  const { key, text } = await makeKey(store, project, {
    scopes: ['inspect'],
    rate: { requests: 60, windowSeconds: 60 },
  });
  expect(key).toMatchObject({
    environment: 'live',
    name: 'shop',
    role: 'caller',
    scopes: ['inspect'],
    rate: { requests: 60, windowSeconds: 60 },
    status: 'in_force',
    createdBy: 'ada@laptop',
    secrets: [{ expiresAt: null }],
  });
  expect(Number(key.expiresAt) - Number(key.createdAt)).toBe(365 * DAY_MS);
  const secret = parseKey(text)?.secret ?? '';
  const { rows } = await store.pool.query(
    `select to_jsonb(k)::text || to_jsonb(s)::text as all, s.secret_sha256 as hash
     from larder.api_keys k join larder.api_key_secrets s using (key_id) where key_id = $1`,
    [key.keyId],
  );
  expect(rows).toEqual([{ all: expect.not.stringContaining(secret), hash: hashSecret(secret) }]);
});

test('wrong requests name each problem', async ({ store }) => {
  const project = newId();
  const wrong = { environment: 'L', role: 'queen', scopes: ['inspect', 'x'] };
  await expect(makeKey(store, project, wrong)).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
    errors: [{ pointer: '/environment' }, { pointer: '/role' }, { pointer: '/scopes/1' }],
  });
  await expect(makeKey(store, project, { role: null })).rejects.toMatchObject({
    errors: [{ pointer: '/role' }],
  });
  for (const name of [' ', 'x'.repeat(101), 'two\nlines', 'red\u001b[31m', '\ud800'])
    await expect(makeKey(store, project, { name })).rejects.toMatchObject({ errors: [{ pointer: '/name' }] });
  expect(await listKeys(store, project, { all: true })).toEqual([]);
});

test('a key creates and rotates only keys whose scopes it has', async ({ store }) => {
  const project = newId();
  const by = { actor: 'api-key x', granted: new Set(['keys:admin', 'predict']) };
  const request = { project, name: 'n', role: null, rate: null, by };
  await createKey(store, { ...request, scopes: ['predict:ad_ctr', 'keys:admin'] });
  const refused = { code: 'SCOPE_MISSING', message: expect.stringContaining('inspect') };
  await expect(createKey(store, { ...request, scopes: ['predict', 'inspect'] })).rejects.toMatchObject(
    refused,
  );
  await expect(createKey(store, { ...request, scopes: [], role: 'admin' })).rejects.toMatchObject(refused);
  const { key } = await makeKey(store, project, { role: 'admin' });
  await expect(rotateKey(store, { project, keyId: key.keyId, by })).rejects.toMatchObject(refused);
  expect(KEY_ROLES.caller).not.toContain('keys:admin');
});

test('a rotation keeps the old secret for the overlap, and never more than two', async ({ store }) => {
  const project = newId();
  const { key, text } = await makeKey(store, project, { lifetimeMs: 3_600_000 });
  const first = await rotateKey(store, { project, keyId: key.keyId, overlapMs: DAY_MS, by: ADA });
  expect(parseKey(first.text)?.keyId).toBe(parseKey(text)?.keyId);
  // The old one does not outlive what it was given.
  expect(first.key.secrets.map(({ expiresAt }) => Number(expiresAt))).toEqual([0, Number(key.expiresAt)]);
  expect(Number(first.key.expiresAt)).toBeGreaterThan(Number(key.expiresAt) + 364 * DAY_MS);
  const second = await rotateKey(store, { project, keyId: key.keyId, by: ADA });
  expect(second.key.secrets).toHaveLength(2);
  expect(second.key.secrets.map(({ createdAt }) => Number(createdAt))).toContain(
    Number(first.key.secrets[0]?.createdAt),
  );
  const third = await rotateKey(store, { project, keyId: key.keyId, overlapMs: 0, by: ADA });
  expect(third.key.secrets).toHaveLength(1);
  // 60 days are more milliseconds than an integer of PostgreSQL holds.
  const long = await rotateKey(store, { project, keyId: key.keyId, overlapMs: 60 * DAY_MS, by: ADA });
  expect(Number(long.key.secrets[1]?.expiresAt) - Date.now()).toBeGreaterThan(59 * DAY_MS);
});

test('rotations at once leave two secrets in force', async ({ store }) => {
  const project = newId();
  const { key } = await makeKey(store, project);
  await Promise.all([1, 2, 3, 4].map(() => rotateKey(store, { project, keyId: key.keyId, by: ADA })));
  expect((await getKey(store, project, key.keyId)).secrets).toHaveLength(2);
});

test('a revoked key stays on record, is revoked once, and cannot be rotated', async ({ store }) => {
  const project = newId();
  const { key } = await makeKey(store, project);
  const revoked = await revokeKey(store, { project, keyId: key.keyId, actor: 'bob' });
  expect(revoked).toMatchObject({ status: 'revoked', revokedBy: 'bob', secrets: [] });
  expect(await revokeKey(store, { project, keyId: key.keyId, actor: 'eve' })).toEqual(revoked);
  await expect(rotateKey(store, { project, keyId: key.keyId, by: ADA })).rejects.toMatchObject({
    code: 'API_KEY_NOT_IN_FORCE',
  });
  expect(await listKeys(store, project)).toEqual([]);
  expect(await listKeys(store, project, { all: true })).toEqual([revoked]);
});

test('keys of another project are not found', async ({ store }) => {
  const { key } = await makeKey(store, newId());
  const elsewhere = { project: newId(), keyId: key.keyId };
  const notFound = { code: 'API_KEY_NOT_FOUND' };
  await expect(rotateKey(store, { ...elsewhere, by: ADA })).rejects.toMatchObject(notFound);
  await expect(revokeKey(store, { ...elsewhere, actor: 'eve' })).rejects.toMatchObject(notFound);
});

test('the audit names who created, rotated and revoked a key, and what it may do', async ({ store }) => {
  const project = newId();
  const { key } = await makeKey(store, project, { scopes: ['inspect'] });
  const { keyId } = key;
  await rotateKey(store, { project, keyId, by: ADA });
  await revokeKey(store, { project, keyId, actor: 'ada' });
  await revokeKey(store, { project, keyId, actor: 'ada' });
  const { entries } = await readAudit(store, { project }, { limit: 10 });
  expect(entries.map(({ action, subject, after }) => ({ action, subject, after }))).toEqual([
    { action: 'api-key.revoke', subject: `api key ${keyId}`, after: null },
    { action: 'api-key.rotate', subject: `api key ${keyId}`, after: 'role caller, inspect' },
    { action: 'api-key.create', subject: `api key ${keyId}`, after: 'role caller, inspect' },
  ]);
});
