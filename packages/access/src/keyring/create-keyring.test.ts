import { newId } from '@larder/core';
import { announceProcess, createOfflineStore, type OfflineStore } from '@larder/offline-store';
import { startPostgresProxy } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { createKeyring, revokeKey, rotateKey, type Keyring, type KeyringOptions } from '../index.ts';
import { hashSecret } from '../key/hash-secret.ts';
import { newKeyText } from '../key/key-format.ts';
import { ADA, makeKey, silent, test } from '../testing/access-test.ts';

const HOUR_MS = 3_600_000;

function openRing(store: OfflineStore, project: string, options: Partial<KeyringOptions> = {}): Keyring {
  const ring = createKeyring({
    store,
    project,
    logger: silent,
    offlineMs: HOUR_MS,
    pollMs: 20,
    sleepMs: HOUR_MS,
    ...options,
  });
  onTestFinished(() => ring.close());
  return ring;
}

/** Counts the statements of a store. */
function counted(store: OfflineStore): { store: OfflineStore; count(): number } {
  let statements = 0;
  const { db } = store;
  const counting = db.withPlugin({
    transformQuery: ({ node }) => ((statements += 1), node),
    transformResult: async ({ result }) => result,
  });
  return { store: { ...store, db: counting }, count: () => statements };
}

/** What `find` throws; undefined: nothing. */
async function problemOf(ring: Keyring, text: string): Promise<unknown> {
  try {
    await ring.find(text);
    return undefined;
  } catch (error) {
    return error;
  }
}

test('a known key is found at once; one of a wrong secret, another project or no form is not', async ({
  store,
}) => {
  const project = newId();
  const { key, text } = await makeKey(store, project, { scopes: ['inspect'] });
  const other = await makeKey(store, newId());
  const ring = openRing(store, project);
  await ring.ready;
  const found = ring.find(text);
  expect(found).toMatchObject({ keyId: key.keyId, name: 'shop' });
  expect(ring.find(text)).toBe(found);
  expect(ring.find('lrd_live_x')).toBe(null);
  expect(await ring.find(other.text)).toBe(null);
  expect(await ring.find(newKeyText('live', key.keyId).text)).toBe(null);
});

test('a new key works with its first request, and a revoked one stops', async ({ store }) => {
  const project = newId();
  const ring = openRing(store, project);
  await ring.ready;
  const { key, text } = await makeKey(store, project);
  expect(await ring.find(text)).toMatchObject({ keyId: key.keyId });
  await revokeKey(store, { project, keyId: key.keyId, actor: 'ada' });
  await expect.poll(() => ring.find(text)).toBe(null);
});

test('keys that a recovery of PostgreSQL put in the place of others are noticed, though their numbers are the same', async ({
  store,
}) => {
  const [project, recovered] = [newId(), newId()];
  const lost = await makeKey(store, project);
  const later = await makeKey(store, recovered);
  const ring = openRing(store, project);
  await ring.ready;
  expect(await ring.find(lost.text)).toMatchObject({ keyId: lost.key.keyId });
  // Between two looks of the process: as many keys, of the same revisions.
  await store.pool.query(
    `update larder.api_keys set project = case project when $1 then $2 else $1 end where project in ($1, $2)`,
    [project, recovered],
  );
  await expect.poll(() => ring.find(lost.text), { timeout: 10_000 }).toBe(null);
  expect(await ring.find(later.text)).toMatchObject({ keyId: later.key.keyId });

  // A rotation that was lost, and another one.
  const { text } = await rotateKey(store, { project, keyId: later.key.keyId, overlapMs: 0, by: ADA });
  expect(await ring.find(text)).toMatchObject({ keyId: later.key.keyId });
  const other = newKeyText('live', later.key.keyId);
  await store.pool.query(
    `update larder.api_key_secrets set secret_sha256 = $1, created_at = clock_timestamp() where key_id = $2`,
    [hashSecret(other.secret), later.key.keyId],
  );
  await expect.poll(() => ring.find(text), { timeout: 10_000 }).toBe(null);
  expect(await ring.find(other.text)).toMatchObject({ keyId: later.key.keyId });
});

test('a process that slept asks the database before it accepts a key again', async ({ store }) => {
  const project = newId();
  const { key, text } = await makeKey(store, project);
  const other = await makeKey(store, project, { name: 'other' });
  const ring = openRing(store, project, { pollMs: HOUR_MS, sleepMs: 100 });
  await ring.ready;
  await revokeKey(store, { project, keyId: key.keyId, actor: 'ada' });
  // As SIGSTOP does: nothing of this process runs.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  const found = [text, other.text].map(async (each) => ring.find(each));
  expect(await Promise.all(found)).toEqual([null, expect.objectContaining({ keyId: other.key.keyId })]);
});

test('streams of a key end with it', async ({ store }) => {
  const project = newId();
  const { key, text } = await makeKey(store, project);
  const ring = openRing(store, project);
  const found = await ring.find(text);
  let ended = false;
  found?.streams.add({ destroy: () => (ended = true) });
  await revokeKey(store, { project, keyId: key.keyId, actor: 'ada' });
  await expect.poll(() => ended).toBe(true);
});

test('both secrets of a rotation are found, and only the new one without an overlap', async ({ store }) => {
  const project = newId();
  const { key, text } = await makeKey(store, project);
  const ring = openRing(store, project);
  await ring.ready;
  const first = await rotateKey(store, { project, keyId: key.keyId, by: ADA });
  expect(await ring.find(first.text)).toBe(await ring.find(text));
  const second = await rotateKey(store, { project, keyId: key.keyId, overlapMs: 0, by: ADA });
  expect(await ring.find(second.text)).toMatchObject({ keyId: key.keyId });
  expect(await ring.find(text)).toBe(null);
  expect(await ring.find(first.text)).toBe(null);
});

test('a key is not found from the moment it expires', async ({ store }) => {
  const project = newId();
  const { text } = await makeKey(store, project, { lifetimeMs: 4_000 });
  const ring = openRing(store, project);
  await ring.ready;
  expect(ring.find(text)).toMatchObject({ name: 'shop' });
  await expect.poll(() => ring.find(text)).toBe(null);
});

test('a flood of unknown keys costs no query each', async ({ store }) => {
  const project = newId();
  const { store: counting, count } = counted(store);
  const ring = openRing(counting, project, { pollMs: 100 });
  await ring.ready;
  const flood = Array.from({ length: 2_000 }, () => newKeyText('live').text);
  const before = count();
  const found = await Promise.all(flood.map(async (text) => ring.find(text)));
  expect(found.every((key) => key === null)).toBe(true);
  expect(count() - before).toBeLessThan(20);
  // Those that were looked for are refused at once.
  expect(ring.find(flood[0] ?? '')).toBe(null);
});

test('the last use is recorded by the loop, not by the request', async ({ store }) => {
  const project = newId();
  const { key, text } = await makeKey(store, project);
  const ring = openRing(store, project, { recordUseMs: 50 });
  const found = await ring.find(text);
  if (found !== null) found.usedAtMs = Date.parse('2026-11-20T09:30:00Z');
  const lastUsed = async () => {
    const { rows } = await store.pool.query('select last_used_at from larder.api_keys where key_id = $1', [
      key.keyId,
    ]);
    return rows[0];
  };
  await expect.poll(lastUsed).toEqual({ last_used_at: new Date('2026-11-20T09:30:00Z') });
});

test('services share the rate of a key', async ({ store }) => {
  const project = newId();
  const { text } = await makeKey(store, project, { rate: { requests: 6, windowSeconds: 3_600 } });
  for (let service = 0; service < 3; service++) {
    const described = { processId: newId(), project, role: 'inference' as const, describe: () => ({}) };
    const announced = announceProcess(store, described, { logger: silent });
    onTestFinished(() => announced.close());
  }
  const ring = openRing(store, project);
  await expect.poll(async () => (await ring.find(text))?.limit?.remaining(performance.now())).toBe(2);
});

test('while PostgreSQL is away the keys known last go on for a while, and others are asked to come back', async ({
  database,
  store,
}) => {
  const project = newId();
  const { key, text } = await makeKey(store, project);
  const proxy = await startPostgresProxy(database.url);
  const over = createOfflineStore({ databaseUrl: proxy.url, logger: silent, connectTimeoutMs: 500 });
  onTestFinished(async () => {
    await over.close();
    await proxy.cut();
  });
  const ring = openRing(over, project);
  const strict = openRing(over, project, { offlineMs: 0 });
  const asleep = openRing(over, project, { sleepMs: 1 });
  await Promise.all([ring.ready, strict.ready, asleep.ready]);
  await proxy.cut();
  const cutAtMs = performance.now();
  const away = { code: 'DATABASE_UNAVAILABLE', retryAfterSeconds: expect.any(Number) };
  const unknown = newKeyText('live').text;
  await expect.poll(() => problemOf(ring, unknown)).toMatchObject(away);
  expect(ring.find(text)).toMatchObject({ keyId: key.keyId });
  expect(await asleep.find(text)).toMatchObject({ keyId: key.keyId });
  expect(() => strict.find(text)).toThrow(expect.objectContaining(away));
  // A key of the wrong form needs no database.
  expect(ring.find('lrd_live_x')).toBe(null);
  const unread = ring.ageMs();
  await expect.poll(() => ring.ageMs()).toBeGreaterThan(unread + 100);
  await proxy.restore();
  await expect.poll(() => problemOf(ring, unknown)).toBe(undefined);
  // What was read while it was away is older than all that.
  expect(ring.ageMs()).toBeLessThan(performance.now() - cutAtMs);
});

test('a process that starts without PostgreSQL knows no key, and says so', async ({ database, store }) => {
  const project = newId();
  const { text } = await makeKey(store, project);
  const proxy = await startPostgresProxy(database.url);
  await proxy.cut();
  const over = createOfflineStore({ databaseUrl: proxy.url, logger: silent, connectTimeoutMs: 500 });
  onTestFinished(async () => {
    await over.close();
    await proxy.cut();
  });
  const ring = openRing(over, project);
  await ring.ready;
  expect(await problemOf(ring, text)).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  await proxy.restore();
  await expect.poll(() => problemOf(ring, text)).toBe(undefined);
  expect(ring.find(text)).toMatchObject({ name: 'shop' });
});

test('services share what all keys together may change', async ({ store }) => {
  const project = newId();
  const ring = openRing(store, project);
  await ring.ready;
  expect(ring.changes.remaining(performance.now())).toBe(300);
  for (let service = 0; service < 3; service++) {
    const described = { processId: newId(), project, role: 'inference' as const, describe: () => ({}) };
    const announced = announceProcess(store, described, { logger: silent });
    onTestFinished(() => announced.close());
  }
  await expect.poll(() => ring.changes.remaining(performance.now())).toBe(100);
});
