import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashArtifact } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { expect } from 'vitest';
import { createArtifactStore, keepArtifactsIn } from '../index.ts';
import { silent, test as base } from '../testing/registry.ts';
import { createPostgresqlObjects } from './postgresql-objects.ts';

/** A folder of the test's own. */
const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'larder-store-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});

const open = (store: OfflineStore, cacheFolder: string) =>
  createArtifactStore({ store, url: null, cacheFolder, logger: silent });

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** An artifact of several parts, an empty file and a folder in it; its bytes differ from every other one's. */
async function writeArtifact(folder: string): Promise<string> {
  const artifact = join(folder, 'model');
  await mkdir(join(artifact, 'words'), { recursive: true });
  await writeFile(join(artifact, 'model.onnx'), randomBytes(2.5 * 2 ** 20));
  await writeFile(join(artifact, 'words', 'exact.bin'), randomBytes(2 ** 20));
  await writeFile(join(artifact, 'empty'), '');
  await writeFile(join(artifact, '.DS_Store'), 'left behind');
  return artifact;
}

test('bytes come back by their hash', async ({ store, folder }) => {
  const artifacts = open(store, join(folder, 'cache'));
  for (const size of [0, 1, 2 ** 20, 2 ** 20 + 1]) {
    const bytes = randomBytes(size);
    const sha256 = await artifacts.put(bytes);
    expect(sha256).toBe(sha256Of(bytes));
    expect(await artifacts.put(bytes)).toBe(sha256);
    expect((await artifacts.get(sha256)).equals(bytes)).toBe(true);
    expect((await open(store, join(folder, `other-${size}`)).get(sha256)).equals(bytes)).toBe(true);
  }
  const unknown = sha256Of(Buffer.from('nobody stored this'));
  await expect(artifacts.get(unknown)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
});

test('a folder comes back on another machine, whatever became of the original', async ({ store, folder }) => {
  const artifact = await writeArtifact(folder);
  const hash = await hashArtifact(artifact);
  const artifacts = open(store, join(folder, 'cache'));
  await expect(artifacts.folder(hash)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  expect(await artifacts.putFolder(artifact)).toBe(hash);
  const model = await readFile(join(artifact, 'model.onnx'));
  await rm(artifact, { recursive: true });

  const local = await open(store, join(folder, 'cache of another')).folder(hash);
  expect(await hashArtifact(local)).toBe(hash);
  expect((await readFile(join(local, 'model.onnx'))).equals(model)).toBe(true);
  expect(await readdir(local)).toEqual(['empty', 'model.onnx', 'words']);
  const object = sha256Of(model);
  expect(await artifacts.has([hash, object, sha256Of(Buffer.from('x'))])).toEqual(new Set([hash, object]));
});

test('storing what is known only renews its time of use', async ({ store, folder }) => {
  const artifacts = open(store, join(folder, 'cache'));
  const hash = await artifacts.putFolder(await writeArtifact(folder));
  await store.pool.query(
    `update larder.objects set touched_at = '2020-01-01'; update larder.artifacts set touched_at = '2020-01-01'`,
  );
  await artifacts.putFolder(join(folder, 'model'));
  const { rows } = await store.pool.query(
    `select o.touched_at, o.created_at > now() - interval '1 minute' as young from larder.objects o
     where sha256 in (select f ->> 'sha256' from larder.artifacts a, json_array_elements(a.files) f where a.sha256 = $1)
     union all select touched_at, true from larder.artifacts where sha256 = $1`,
    [hash],
  );
  expect(rows).toHaveLength(4);
  for (const row of rows) expect(row.touched_at.getTime()).toBeGreaterThan(Date.parse('2026-01-01'));
});

test('uploaders of one folder at once store it once', async ({ store, folder }) => {
  const artifact = await writeArtifact(folder);
  const stores = Array.from({ length: 4 }, (_, at) => open(store, join(folder, `cache-${at}`)));
  const hashes = await Promise.all(stores.map((artifacts) => artifacts.putFolder(artifact)));
  expect(new Set(hashes).size).toBe(1);
  const folders = await Promise.all(stores.map((artifacts) => artifacts.folder(hashes[0] ?? '')));
  for (const local of folders) expect(await hashArtifact(local)).toBe(hashes[0]);
});

async function* chunkOf(sizeBytes: number): AsyncGenerator<Uint8Array> {
  yield randomBytes(sizeBytes);
}

test('bytes that are not those of the hash leave nothing behind', async ({ store }) => {
  const objects = createPostgresqlObjects(store);
  const sizeBytes = 3 * 2 ** 20;
  const sha256 = sha256Of(randomBytes(sizeBytes));
  for (const stored of [sizeBytes, sizeBytes - 1, sizeBytes + 2 ** 20]) {
    await expect(objects.write({ sha256, sizeBytes, open: () => chunkOf(stored) })).rejects.toMatchObject({
      code: 'ARTIFACT_INVALID',
      message: expect.stringContaining('changed while it was being stored'),
    });
    const { rows } = await store.pool.query(
      'select 1 from larder.objects where sha256 = $1 union all select 1 from larder.object_parts where sha256 = $1',
      [sha256],
    );
    expect(rows).toEqual([]);
  }
});

test('bytes that were changed in the database are not served', async ({ store, folder }) => {
  const artifacts = open(store, join(folder, 'cache'));
  const hash = await artifacts.putFolder(await writeArtifact(folder));
  await store.pool.query(
    `update larder.object_parts set bytes = overlay(bytes placing '\\x00112233' from 1)`,
  );
  await expect(artifacts.folder(hash)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  const sha256 = await artifacts.put(randomBytes(10));
  await store.pool.query('update larder.object_parts set bytes = $2 where sha256 = $1', [
    sha256,
    randomBytes(10),
  ]);
  await expect(artifacts.get(sha256)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  await store.pool.query('delete from larder.object_parts');
  await expect(artifacts.get(sha256)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  await store.pool.query('truncate larder.objects, larder.object_parts, larder.artifacts');
});

test('a path that leaves the folder is refused', async ({ store, folder }) => {
  const artifacts = open(store, join(folder, 'cache'));
  const object = await artifacts.put(Buffer.from('malicious'));
  for (const path of ['../../outside', '/outside', 'a/../../outside', 'a\\b', '.hidden']) {
    const hash = sha256Of(Buffer.from(path));
    await store.pool.query('insert into larder.artifacts (sha256, files) values ($1, $2)', [
      hash,
      JSON.stringify([{ path, size_bytes: 9, sha256: object }]),
    ]);
    await expect(artifacts.folder(hash)).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
  }
  expect(await readdir(folder)).toEqual(['cache']);
});

test('a reference is committed only to what is there', async ({ store, folder }) => {
  const artifacts = open(store, join(folder, 'cache'));
  const artifact = await artifacts.putFolder(await writeArtifact(folder));
  const object = await artifacts.put(randomBytes(10));
  const keep = (kept: Parameters<typeof keepArtifactsIn>[1]) =>
    store.transaction((tx) => keepArtifactsIn(tx, kept));
  await keep({ artifacts: [artifact, artifact], objects: [object] });
  const gone = sha256Of(Buffer.from('gone'));
  await expect(keep({ objects: [object, gone] })).rejects.toMatchObject({
    code: 'ARTIFACT_NOT_FOUND',
    message: expect.stringContaining(gone),
  });
  await store.pool.query(
    `delete from larder.objects where sha256 in
       (select f ->> 'sha256' from larder.artifacts a, json_array_elements(a.files) f where a.sha256 = $1) and size_bytes = 0`,
    [artifact],
  );
  await expect(keep({ artifacts: [artifact] })).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  expect(await artifacts.putFolder(join(folder, 'model'))).toBe(artifact);
  await keep({ artifacts: [artifact] });
});
