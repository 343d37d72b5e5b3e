import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hashArtifact } from '@larder/features';
import { expect } from 'vitest';
import { createArtifactStore } from '../index.ts';
import { silent, test as base } from '../testing/registry.ts';

const SCRIPT = join(import.meta.dirname, '../fixtures/store-object-process.ts');

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'larder-large-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});

test('an upload that is killed in the middle leaves nothing, and the next one need not wait', async ({
  store,
  database,
  folder,
}) => {
  const bytes = Buffer.alloc(8 * 2 ** 20);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const child = spawn(process.execPath, [SCRIPT, database.url, 'half', sha256, String(bytes.length)]);
  await once(child.stdout, 'data');
  const artifacts = createArtifactStore({
    store,
    url: null,
    cacheFolder: join(folder, 'cache'),
    logger: silent,
  });
  expect(await artifacts.has([sha256])).toEqual(new Set());
  await expect(artifacts.get(sha256)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  // Another uploader waits for the first, and takes over when it dies.
  const waiting = artifacts.put(bytes);
  child.kill('SIGKILL');
  expect(await waiting).toBe(sha256);
  expect((await artifacts.get(sha256)).equals(bytes)).toBe(true);
});

test('memory does not grow with the size of a file', async ({ database, store, folder }) => {
  expect((await store.pool.query('select 1')).rowCount).toBe(1);
  const artifact = join(folder, 'model');
  await mkdir(artifact);
  const file = await open(join(artifact, 'model.onnx'), 'w');
  const sizeBytes = 160 * 2 ** 20;
  await file.truncate(sizeBytes);
  await file.close();
  const { stdout } = await promisify(execFile)(process.execPath, [
    SCRIPT,
    database.url,
    'folder',
    artifact,
    join(folder, 'cache'),
  ]);
  const { sha256, grewBytes } = JSON.parse(stdout) as { sha256: string; grewBytes: number };
  expect(sha256).toBe(await hashArtifact(artifact));
  // About 85 MB whatever the size: buffers of the driver, and the pace of the collector.
  expect(grewBytes).toBeLessThan(0.8 * sizeBytes);
});
