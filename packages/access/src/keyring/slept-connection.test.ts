import { newId } from '@larder/core';
import { createOfflineStore } from '@larder/offline-store';
import { startPostgresProxy } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { createKeyring, revokeKey } from '../index.ts';
import { makeKey, silent, test } from '../testing/access-test.ts';

const HOUR_MS = 3_600_000;

test('a process that slept, and lost its connection meanwhile, asks by another one before it accepts a key', async ({
  store,
  database,
}) => {
  const project = newId();
  const { key, text } = await makeKey(store, project);
  const other = await makeKey(store, project, { name: 'other' });
  const proxy = await startPostgresProxy(database.url);
  const own = createOfflineStore({
    databaseUrl: proxy.url,
    maxConnections: 1,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 500,
    logger: silent,
  });
  const ring = createKeyring({
    store: own,
    project,
    logger: silent,
    offlineMs: HOUR_MS,
    pollMs: HOUR_MS,
    sleepMs: 100,
  });
  onTestFinished(async () => {
    await ring.close();
    await own.close();
    await proxy.cut();
  });
  await ring.ready;
  await revokeKey(store, { project, keyId: key.keyId, actor: 'ada' });
  proxy.loseConnections();
  // As SIGSTOP does: nothing of this process runs.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  const found = [text, other.text].map(async (each) => ring.find(each));
  expect(await Promise.all(found)).toEqual([null, expect.objectContaining({ keyId: other.key.keyId })]);
});
